"""`manage.py replay-allocation STUDY`: derives every assignment of a study again from its ledger."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from surveys.flow import ledger_differences, recount
from surveys.models import Study


class Command(BaseCommand):
    """Says 'identical' for each version of a study, or where its ledger is not what it leads to."""

    help = "Derive every assignment of a study again from its ledger, and say 'identical' or where it differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", metavar="STUDY", help="the study's key, as it stands in its entry link")
        parser.add_argument(
            "--recount", action="store_true", help="first make the tallies again, from the people and their trials"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(key=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study with the key {options['study']!r}. It stands in the entry link.")
        versions = list(study.versions.order_by("number"))
        if not versions:
            raise CommandError(f"{study} was never frozen: nobody can have been assigned.")
        differing = 0
        for version in versions:
            if options["recount"]:
                self.stdout.write(f"v{version.number}: {recount(version)} tallies made again")
            assignments, differences = ledger_differences(version)
            verdict = f"{len(differences)} differences" if differences else "identical"
            self.stdout.write(f"v{version.number} ({version.sha256[:12]}): {assignments} assignments, {verdict}")
            for difference in differences:
                where = f"{difference.mode}, stratum {difference.stratum!r}, number {difference.sequence}"
                self.stdout.write(f"  {where}: {difference.what}")
            differing += len(differences)
        if differing:
            raise CommandError(f"The ledger of {study} differs in {differing} places.")
