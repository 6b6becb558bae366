"""`manage.py sign_in_link`: how somebody gets in who has no link and no password."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import resolve
from pytest_django import Settings

from surveys.accounts import SignInRefused, redeem
from surveys.models import Researcher

pytestmark = pytest.mark.django_db


def printed(email: str) -> str:
    output = StringIO()
    call_command("sign_in_link", email, stdout=output, stderr=StringIO())
    return output.getvalue().strip()


def test_the_first_link_makes_the_first_account_and_works_once(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://study.example.org"
    link = printed("Ada@Example.org")
    assert link.startswith("https://study.example.org/sign-in/")
    token = resolve(link.removeprefix("https://study.example.org")).kwargs["token"]
    assert redeem(token).email == "ada@example.org"
    with pytest.raises(SignInRefused):
        redeem(token)


def test_a_colleague_who_has_an_account_gets_a_link(researcher: Researcher) -> None:
    printed("first@example.org")
    token = resolve(printed(researcher.email)).kwargs["token"]
    assert redeem(token) == researcher


def test_nobody_else_gets_an_account_by_asking_for_a_link() -> None:
    printed("first@example.org")
    with pytest.raises(CommandError, match="There is no account second@example"):
        printed("second@example.org")
    assert Researcher.objects.count() == 1


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(CommandError, match="'nobody' is none"):
        printed("nobody")
