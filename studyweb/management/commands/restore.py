"""`manage.py restore FILE`: a backup's content, into a data folder that holds no data yet."""

import argparse
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from studyweb.backup import BackupError, restore
from studyweb.supervision.claims import Claimed, claim_folder


class Command(BaseCommand):
    help = "Restore a backup into an empty data folder (STUDYWEB_DATA_DIR). Every file is held against its SHA-256."
    # A check would open the database, and so make one, in the folder that has to be without.
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="what `manage.py backup` wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        os.umask(0o077)
        try:
            lock = claim_folder(settings.DATA_DIR)
            names = restore(options["file"].absolute())
        except (BackupError, Claimed) as error:
            raise CommandError(str(error)) from error
        os.close(lock)
        self.stdout.write(f"{settings.DATA_DIR}: {len(names)} files restored. Start it with `make run`.")
