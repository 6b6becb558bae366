"""`manage.py catalogues`: compile the interface's translations, and with --collect bring them up to the code."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from studyweb import catalogues


class Command(BaseCommand):
    help = "Compile the catalogues of translations that are out of date; --collect adds the code's new strings first."
    # It is what mends a catalogue that the checks complain of.
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--collect", action="store_true", help="add new strings to the .po files, drop old ones")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["collect"]:
                self._collect()
            compiled = catalogues.compile_stale()
        except catalogues.CatalogueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Compiled: {', '.join(compiled) or 'nothing, all are up to date'}.")

    def _collect(self) -> None:
        for language in catalogues.languages():
            catalogue = catalogues.update(language)
            missing = sum(not catalogues.is_translated(message) for message in catalogue if message.id)
            self.stdout.write(f"{language}: {len(catalogue)} strings, {missing} not translated.")
