"""`manage.py sign_in_link EMAIL`: a link that signs a researcher in once."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from surveys.accounts import ensure_first_researcher, make_sign_in_link
from surveys.models import Researcher


class Command(BaseCommand):
    help = (
        "Print a link that signs a researcher in once, within a day. The first one asked for makes the first account."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("email", help="the account's address")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].strip().lower()
        if "@" not in email:
            raise CommandError(f"An account is known by an e-mail address, and {email!r} is none.")
        ensure_first_researcher(email)
        researcher = Researcher.objects.filter(email=email).first()
        if researcher is None:
            raise CommandError(f"There is no account {email}. Somebody who has one can add it on a study's team page.")
        path = reverse("workbench:sign-in-by-link", args=[make_sign_in_link(researcher)])
        if not settings.PUBLIC_URL:
            self.stderr.write("Put this behind the address that `make run` printed:")
        self.stdout.write(f"{settings.PUBLIC_URL}{path}")
