"""`manage.py backup FILE`: everything that must not be lost, in one consistent file, while studyweb runs."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from studyweb.backup import BackupError, back_up


class Command(BaseCommand):
    help = "Write one consistent backup (.tar.gz) of database, files and kept secrets. It may run while people answer."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="where to write it, such as studyweb-2026-05-01.tar.gz")
        parser.add_argument("--force", action="store_true", help="replace the file if it exists")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = back_up(options["file"].absolute(), now=timezone.now(), overwrite=options["force"])
        except BackupError as error:
            raise CommandError(str(error)) from error
        total = sum(entry["bytes"] for entry in manifest["files"])
        self.stdout.write(f"{options['file']}: {len(manifest['files'])} files, {total:,} bytes before packing.")
