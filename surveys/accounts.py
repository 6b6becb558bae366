"""Accounts: the first researcher, links that sign in once, and passwords, of which few can be tried."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth import authenticate
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from surveys.models import Researcher, SignInAttempt, SignInLink
from surveys.tokens import address_hash

# So many passwords that do not fit may be tried for one address within the window: enough for somebody who mistypes,
# too few for guessing.
MOST_ATTEMPTS = 10
ATTEMPT_WINDOW = timedelta(minutes=15)


class SignInRefused(Exception):  # noqa: N818 -- it is an answer to a person, and reads as one
    """A link or a password does not sign anybody in; the message says why and what to do."""


def ensure_first_researcher(email: str) -> Researcher:
    """The first account of an installation: made if there is none yet, with the right to make others."""
    existing = Researcher.objects.filter(is_superuser=True).order_by("pk").first()
    return existing or Researcher.objects.create_superuser(email)


def make_sign_in_link(researcher: Researcher, *, hours: int = 24) -> str:
    """A token that signs this researcher in once, within so many hours. Only its hash is kept."""
    token = secrets.token_urlsafe(24)
    SignInLink.objects.create(
        researcher=researcher, token_hash=_hash(token), expires_at=timezone.now() + timedelta(hours=hours)
    )
    return token


def redeem(token: str) -> Researcher:
    """The researcher whom this token signs in; from now on it signs nobody in.

    Raises ``SignInRefused`` if it is unknown, used, or too old. Of two requests at the same moment one succeeds.
    """
    with transaction.atomic():
        link = SignInLink.objects.select_related("researcher").filter(token_hash=_hash(token)).first()
        if link is None:
            raise SignInRefused(_("This sign-in link is not known. Copy the whole link, or ask for a new one."))
        taken = SignInLink.objects.filter(pk=link.pk, used_at__isnull=True, expires_at__gt=Now()).update(used_at=Now())
    if not taken:
        raise SignInRefused(_("This sign-in link was used already or is too old. Ask for a new one."))
    if not link.researcher.is_active:
        raise SignInRefused(_("This account is closed. Ask the person who runs this installation."))
    return link.researcher


def check_password(request: HttpRequest, email: str, password: str) -> Researcher:
    """The researcher whose address and password these are.

    Raises ``SignInRefused`` if they do not fit, and, without looking at the password, if ``MOST_ATTEMPTS`` did not
    fit within ``ATTEMPT_WINDOW``. Both are the same whether or not the address has an account.
    """
    _count_attempt(address := address_hash(email))
    found = authenticate(request, username=email.strip().lower(), password=password)
    if not isinstance(found, Researcher):
        raise SignInRefused(
            _(
                "This e-mail address and password do not fit. Check both, or ask whoever runs this "
                "installation for a sign-in link."
            )
        )
    SignInAttempt.objects.filter(address_hash=address).delete()
    return found


def _count_attempt(address: str) -> None:
    """Raise ``SignInRefused`` if too many were made; a refused one is not kept, so that the window comes to its end."""
    SignInAttempt.objects.filter(at__lte=Now() - ATTEMPT_WINDOW).delete()
    # The row is written before the password is looked at: many requests at the same moment count each other.
    attempt = SignInAttempt.objects.create(address_hash=address)
    if SignInAttempt.objects.filter(address_hash=address).count() > MOST_ATTEMPTS:
        attempt.delete()
        raise SignInRefused(
            _(
                "Too many passwords that do not fit were tried for this e-mail address. Try again in %(minutes)s "
                "minutes. A sign-in link still works: whoever runs this installation can give you one."
            )
            % {"minutes": ATTEMPT_WINDOW // timedelta(minutes=1)}
        )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
