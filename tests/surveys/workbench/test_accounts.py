"""Signing in with a password or a link, signing out, one's own password."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from surveys import accounts
from surveys.models import Researcher
from tests.factories import PASSWORD, ResearcherFactory

pytestmark = pytest.mark.django_db
SIGN_IN = "/sign-in/"


@pytest.fixture
def somebody() -> Researcher:
    return ResearcherFactory(email="somebody@example.org", password=PASSWORD)


def _is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def _link(researcher: Researcher) -> str:
    return reverse("workbench:sign-in-by-link", args=[accounts.make_sign_in_link(researcher)])


def test_address_and_password_sign_in_whatever_the_address_case(client: Client, somebody: Researcher) -> None:
    response = client.post(SIGN_IN, {"email": "Somebody@Example.ORG", "password": PASSWORD})

    assert response["Location"] == "/"
    assert _is_signed_in(client)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("somebody@example.org", "wrong"),
        ("nobody@example.org", PASSWORD),
        ("", ""),
        ("somebody@example.org", "x" * 100_000),
        ("somebody@example.org\x00", PASSWORD),
        ("' or 1=1 --", "' or 1=1 --"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_address_kept(
    client: Client, somebody: Researcher, email: str, password: str
) -> None:
    response = client.post(SIGN_IN, {"email": email, "password": password})

    assert response.status_code == 200
    assert not _is_signed_in(client)
    assert response.context["form"]["email"].value() == email
    assert "error-summary" in response.content.decode()
    if password:
        assert password not in response.content.decode()


def test_whoever_tries_too_many_passwords_is_told_what_still_works(client: Client, somebody: Researcher) -> None:
    for _ in range(accounts.MOST_ATTEMPTS):
        client.post(SIGN_IN, {"email": somebody.email, "password": "guessed"})

    response = client.post(SIGN_IN, {"email": somebody.email, "password": PASSWORD})

    assert "A sign-in link still works" in response.content.decode()
    assert not _is_signed_in(client)
    client.post(_link(somebody))
    assert _is_signed_in(client)


def test_a_closed_account_does_not_sign_in(client: Client, somebody: Researcher) -> None:
    somebody.is_active = False
    somebody.save()

    client.post(SIGN_IN, {"email": somebody.email, "password": PASSWORD})
    client.post(_link(somebody))

    assert not _is_signed_in(client)


@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("/studies/new/", "/studies/new/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_after_signing_in_one_goes_on_within_this_site_only(
    client: Client, somebody: Researcher, asked: str, led_to: str
) -> None:
    response = client.post(SIGN_IN, {"email": somebody.email, "password": PASSWORD, "next": asked})

    assert response["Location"] == led_to


def test_a_preview_of_the_link_does_not_use_it_up(client: Client, somebody: Researcher) -> None:
    link = _link(somebody)

    for _ in range(3):
        assert client.get(link).status_code == 200
        assert not _is_signed_in(client)
    assert client.post(link)["Location"] == "/"
    assert _is_signed_in(client)


def test_a_link_signs_in_once(client: Client, somebody: Researcher) -> None:
    link = _link(somebody)
    client.post(link)
    second = Client()

    response = second.post(link)

    assert response.status_code == 403
    assert "used already" in response.content.decode()
    assert not _is_signed_in(second)


def test_an_old_link_and_an_unknown_one_say_what_to_do(client: Client, somebody: Researcher) -> None:
    link = _link(somebody)
    somebody.sign_in_links.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert "too old" in client.post(link).content.decode()
    assert "not known" in client.post("/sign-in/no-such-token/").content.decode()
    assert not _is_signed_in(client)


def test_signing_out_takes_a_post(client: Client, somebody: Researcher) -> None:
    client.force_login(somebody)

    assert client.get("/sign-out/").status_code == 405
    assert _is_signed_in(client)
    client.post("/sign-out/")
    assert not _is_signed_in(client)


def test_a_first_password_is_set_after_a_link(client: Client) -> None:
    newcomer = ResearcherFactory(email="new@example.org")
    client.post(_link(newcomer))
    assert "Set a password" in client.get("/").content.decode()

    response = client.post("/account/password/", {"new_password1": PASSWORD, "new_password2": PASSWORD})

    assert response["Location"] == "/"
    assert _is_signed_in(client), "the session goes on"
    newcomer.refresh_from_db()
    assert newcomer.check_password(PASSWORD)
    assert newcomer.password.startswith("argon2")


def test_changing_a_password_takes_the_old_one(client: Client, somebody: Researcher) -> None:
    client.force_login(somebody)
    new = "another-invented-password-7"

    client.post("/account/password/", {"new_password1": new, "new_password2": new})
    somebody.refresh_from_db()
    assert somebody.check_password(PASSWORD)

    client.post("/account/password/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    somebody.refresh_from_db()
    assert somebody.check_password(new)


def test_whoever_came_by_a_link_may_replace_a_forgotten_password_once(client: Client, somebody: Researcher) -> None:
    client.post(_link(somebody))
    new = "another-invented-password-7"

    client.post("/account/password/", {"new_password1": new, "new_password2": new})
    somebody.refresh_from_db()
    assert somebody.check_password(new)

    client.post("/account/password/", {"new_password1": PASSWORD, "new_password2": PASSWORD})
    somebody.refresh_from_db()
    assert somebody.check_password(new), "from then on the old one is asked for"


def test_a_weak_password_is_refused_with_the_reason(client: Client, somebody: Researcher) -> None:
    client.post(_link(somebody))

    response = client.post("/account/password/", {"new_password1": "short", "new_password2": "short"})

    assert "at least 12 characters" in response.content.decode()


def test_a_form_without_its_token_is_refused(somebody: Researcher) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(SIGN_IN, {"email": somebody.email, "password": PASSWORD}).status_code == 403
    assert not _is_signed_in(strict)
