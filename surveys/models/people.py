"""Researchers: accounts, roles in a study, and links that sign in once."""

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _


class ResearcherManager(BaseUserManager["Researcher"]):
    """Makes accounts that are known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Researcher":
        """A new account. Without a password only a sign-in link opens it. Raises ValueError without an address."""
        if not email or "@" not in email:
            raise ValueError(f"An account needs an e-mail address, not {email!r}.")
        researcher = self.model(email=self.normalize_email(email).lower(), **fields)
        researcher.set_password(password)
        researcher.save(using=self._db)
        return researcher

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Researcher":
        """An account that may make other accounts and studies."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class Researcher(AbstractUser):
    """Somebody who signs in to the workbench, known by an e-mail address."""

    username = None  # type: ignore[assignment]  # Django's way to drop an inherited field
    email = models.EmailField(_("e-mail address"), unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[ResearcherManager] = ResearcherManager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="researcher_email_once_whatever_its_case")]

    def __str__(self) -> str:
        return self.get_full_name() or self.email


class Role(models.TextChoices):
    """What somebody may do in one study; surveys/access.py says which role may do what."""

    OWNER = "owner", _("Owner")
    CURATOR = "curator", _("Curator")
    ANALYST = "analyst", _("Analyst")
    OBSERVER = "observer", _("Observer")


def member_key() -> str:
    """What a member of a team is called in addresses: random, so that it tells nothing of the installation."""
    return secrets.token_hex(5)


class Membership(models.Model):
    """One researcher's role in one study."""

    key = models.CharField(max_length=20, unique=True, default=member_key, editable=False)
    study = models.ForeignKey("surveys.Study", models.CASCADE, related_name="memberships")
    researcher = models.ForeignKey(Researcher, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "researcher"], name="one_role_a_researcher_and_study")]

    def __str__(self) -> str:
        return f"{self.researcher}: {self.get_role_display()}"


class SignInLink(models.Model):
    """A link that signs one researcher in, once, until it expires. Only the token's hash is kept."""

    researcher = models.ForeignKey(Researcher, models.CASCADE, related_name="sign_in_links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"sign-in link of {self.researcher}"


class SignInAttempt(models.Model):
    """A password that was tried for an address and did not fit. Only a keyed hash of the address is kept."""

    address_hash = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["address_hash", "at"], name="attempts_of_an_address"),
            models.Index(fields=["at"], name="attempts_by_age"),
        ]

    def __str__(self) -> str:
        return f"sign-in attempt at {self.at}"
