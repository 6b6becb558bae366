"""Accounts and links that sign in once."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError
from django.utils import timezone

from surveys.accounts import SignInRefused, ensure_first_researcher, make_sign_in_link, redeem
from surveys.models import Researcher, SignInLink
from tests.factories import PASSWORD, ResearcherFactory

pytestmark = pytest.mark.django_db


def test_a_link_signs_its_researcher_in_once() -> None:
    researcher = ResearcherFactory()
    token = make_sign_in_link(researcher)
    assert redeem(token) == researcher
    with pytest.raises(SignInRefused, match="used already"):
        redeem(token)


def test_a_link_that_is_too_old_signs_nobody_in() -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=25), tick=False):
        token = make_sign_in_link(ResearcherFactory())
    with pytest.raises(SignInRefused, match="too old"):
        redeem(token)


def test_an_unknown_link_signs_nobody_in() -> None:
    with pytest.raises(SignInRefused, match="not known"):
        redeem("guessed")


def test_a_closed_account_cannot_be_signed_in() -> None:
    token = make_sign_in_link(ResearcherFactory(is_active=False))
    with pytest.raises(SignInRefused, match="closed"):
        redeem(token)


def test_the_token_itself_is_not_stored() -> None:
    token = make_sign_in_link(ResearcherFactory())
    assert token not in repr(SignInLink.objects.values().get())


def test_the_first_researcher_is_made_once() -> None:
    first = ensure_first_researcher("first@example.org")
    assert first.is_superuser
    assert ensure_first_researcher("second@example.org") == first


def test_passwords_are_hashed_with_argon2() -> None:
    assert ResearcherFactory(password=PASSWORD).password.startswith("argon2$")


def test_an_address_is_one_account_whatever_its_case() -> None:
    Researcher.objects.create_user("someone@example.org")
    with pytest.raises(IntegrityError):
        Researcher.objects.create(email="SOMEONE@example.org")


@pytest.mark.parametrize("address", ["", "nobody"])
def test_an_account_needs_an_address(address: str) -> None:
    with pytest.raises(ValueError, match="e-mail address"):
        Researcher.objects.create_user(address)
