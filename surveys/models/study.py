"""Studies and what is frozen of them."""

import secrets
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from surveys.frozen import FrozenStudy, parse_version

if TYPE_CHECKING:
    from surveys.models.people import Researcher


def entry_key() -> str:
    """A study's public name in links: random, so that it tells nothing of the study."""
    return secrets.token_hex(5)


class Mode(models.TextChoices):
    """Why somebody walks through a study; every count, constraint, ledger and export separates them."""

    LIVE = "live", _("Live")
    PILOT = "pilot", _("Pilot")
    PREVIEW = "preview", _("Preview")
    SIMULATED = "simulated", _("Simulated")


class StudyQuerySet(models.QuerySet["Study"]):
    def of(self, researcher: "Researcher") -> "StudyQuerySet":
        """The studies in which this researcher has a role."""
        return self.filter(memberships__researcher=researcher)


class Study(models.Model):
    """A study and its workspace: while it is a draft, everything of it can be edited.

    ``definition`` is the draft's text as ``surveys.definition.Definition`` reads it; arms, stories and articles are
    rows. ``surveys/lifecycle.py`` puts both together into a ``StudyVersion`` and is the only place that moves
    ``status``.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        FROZEN = "frozen", _("Frozen")
        LIVE = "live", _("Live")
        PAUSED = "paused", _("Paused")
        CLOSED = "closed", _("Closed")

    key = models.CharField(max_length=20, unique=True, default=entry_key, editable=False)
    name = models.CharField(
        _("working name"), max_length=200, help_text=_("For the team only; participants see the title.")
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT, db_default=Status.DRAFT)
    definition = models.JSONField(default=dict)
    current_version = models.ForeignKey(
        "surveys.StudyVersion", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    # Panel settings and codes lie outside the hash: they say where people come from, not what they see.
    recruitment = models.JSONField(default=dict, blank=True)
    allocation_seed = models.BigIntegerField(editable=False, default=0)
    source = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="copies", editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    launched_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_demonstration = models.BooleanField(default=False, editable=False)

    # The role of the researcher for whom surveys.access fetched this study; no column.
    role: str = ""

    objects: ClassVar[models.Manager["Study"]] = StudyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="draft") | models.Q(current_version__isnull=False),
                name="only_a_draft_has_no_version",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_draft(self) -> bool:
        """Whether arms, articles, texts and questions can still be changed."""
        return self.status == self.Status.DRAFT


class StudyVersion(models.Model):
    """What participants saw: canonical JSON and its SHA-256. Rows are never changed (surveys/lifecycle.py writes them).

    ``document`` holds the bytes that were hashed, as text; a JSON column would not keep them.
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    frozen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="version_number_once_a_study")]

    def __str__(self) -> str:
        return f"{self.study} v{self.number} ({self.sha256[:12]})"

    @property
    def frozen(self) -> FrozenStudy:
        """What was frozen; parsed once a process, since a version never changes."""
        return parse_version(self.sha256, self.document)


class Amendment(models.Model):
    """A logged change to a launched study: a raised target, a dropped article. Reports show each as a deviation."""

    class Kind(models.TextChoices):
        TARGET = "target", _("Changed target")
        ARTICLE = "article", _("Dropped article")

    version = models.ForeignKey(StudyVersion, models.CASCADE, related_name="amendments")
    kind = models.CharField(max_length=10, choices=Kind)
    detail = models.JSONField()
    reason = models.TextField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.version}"


class Unblinding(models.Model):
    """The moment from which a study's outcomes may be seen by arm: who, when and why. At most one a study."""

    study = models.OneToOneField(Study, models.CASCADE, related_name="unblinding")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"unblinding of {self.study}"


class AuditEntry(models.Model):
    """One row of a study's audit chain: who did what when, and digests, never content.

    ``digest`` is the SHA-256 of the previous row's digest and this row's own fields (surveys/audit.py), so that a
    changed or missing row shows.
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="audit")
    sequence = models.PositiveIntegerField()
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, blank=True)
    content_sha256 = models.CharField(max_length=64, blank=True)
    researcher = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "sequence"], name="audit_sequence_once_a_study")]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"
