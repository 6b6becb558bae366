"""Accounts, links that sign in once, and how many passwords can be tried."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError
from django.db.models import F
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import Settings

from studyweb import settings as shipped
from surveys.accounts import (
    ATTEMPT_WINDOW,
    MOST_ATTEMPTS,
    SignInRefused,
    check_password,
    ensure_first_researcher,
    make_sign_in_link,
    redeem,
)
from surveys.models import Researcher, SignInAttempt, SignInLink
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


def test_passwords_are_hashed_with_argon2_at_its_usual_costs(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = shipped.PASSWORD_HASHERS
    assert ResearcherFactory(password=PASSWORD).password.startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")


def test_an_address_is_one_account_whatever_its_case() -> None:
    Researcher.objects.create_user("someone@example.org")
    with pytest.raises(IntegrityError):
        Researcher.objects.create(email="SOMEONE@example.org")


@pytest.mark.parametrize("address", ["", "nobody"])
def test_an_account_needs_an_address(address: str) -> None:
    with pytest.raises(ValueError, match="e-mail address"):
        Researcher.objects.create_user(address)


def _try(email: str, password: str) -> Researcher:
    return check_password(RequestFactory().post("/sign-in/"), email, password)


def _use_up(email: str) -> None:
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(SignInRefused, match="do not fit"):
            _try(email, "guessed")


@pytest.mark.parametrize("email", ["someone@example.org", "nobody@example.org"])
def test_after_too_many_passwords_even_the_right_one_is_refused_whether_or_not_there_is_an_account(email: str) -> None:
    someone = ResearcherFactory(email="someone@example.org", password=PASSWORD)
    _use_up(email.upper())
    with pytest.raises(SignInRefused, match=r"Too many .* 15 minutes.* sign-in link still works"):
        _try(email, PASSWORD)
    assert redeem(make_sign_in_link(someone)) == someone


def test_too_many_passwords_for_one_address_refuse_no_other() -> None:
    someone = ResearcherFactory(email="someone@example.org", password=PASSWORD)
    _use_up("other@example.org")
    assert _try("Someone@example.org", PASSWORD) == someone


def test_refused_attempts_do_not_make_the_window_longer_and_old_ones_are_deleted() -> None:
    someone = ResearcherFactory(email="someone@example.org", password=PASSWORD)
    _use_up(someone.email)
    SignInAttempt.objects.update(at=F("at") - ATTEMPT_WINDOW + timedelta(minutes=1))
    with pytest.raises(SignInRefused, match="Too many"):
        _try(someone.email, PASSWORD)
    assert SignInAttempt.objects.count() == MOST_ATTEMPTS
    SignInAttempt.objects.update(at=F("at") - timedelta(minutes=1))
    with pytest.raises(SignInRefused, match="do not fit"):
        _try("other@example.org", "guessed")
    assert SignInAttempt.objects.count() == 1
    assert _try(someone.email, PASSWORD) == someone


def test_signing_in_clears_what_was_mistyped() -> None:
    someone = ResearcherFactory(email="someone@example.org", password=PASSWORD)
    with pytest.raises(SignInRefused):
        _try(someone.email, "mistyped")
    _try(someone.email, PASSWORD)
    assert not SignInAttempt.objects.exists()


def test_of_an_attempt_no_address_and_no_password_is_kept() -> None:
    with pytest.raises(SignInRefused):
        _try("nobody@example.org", "mistyped")
    kept = repr(SignInAttempt.objects.values().get())
    assert "nobody" not in kept
    assert "mistyped" not in kept
