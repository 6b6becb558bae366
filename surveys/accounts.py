"""Accounts: the first researcher, and links that sign in once."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from surveys.models import Researcher, SignInLink


class SignInRefused(Exception):  # noqa: N818 -- it is an answer to a person, and reads as one
    """The link does not sign anybody in; the message says why and what to do."""


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


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
