"""Reports of a study: asked for in the workbench, made by the fast worker, stored with their files."""

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from surveys.models import Mode, Study, StudyVersion


def report_key() -> str:
    """How a report is called in addresses: random, so that no row number is shown."""
    return secrets.token_hex(6)


class ReportQuerySet(models.QuerySet["Report"]):
    def claimable(self) -> "ReportQuerySet":
        """Those that a worker may take: waiting, or left by a worker that stopped renewing its lease."""
        return self.filter(
            Q(status=Report.Status.WAITING) | Q(status=Report.Status.RUNNING, lease_expires_at__lt=Now())
        )


class Report(models.Model):
    """One report with its exports. The row is the job: a broker message only says that there is one.

    ``masked`` says that it was made before the unblinding: it then holds the flow of participants and no outcome
    together with arm, origin or article. ``result`` is the report as data, for the page; the files lie in ``archive``.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting for a worker")
        RUNNING = "running", _("Being made")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    key = models.CharField(max_length=12, unique=True, default=report_key, editable=False)
    study = models.ForeignKey(Study, models.CASCADE, related_name="reports")
    version = models.ForeignKey(StudyVersion, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=10, choices=Mode)
    masked = models.BooleanField()
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    progress = models.CharField(max_length=100, blank=True, default="")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(db_default=Now())
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, default="")
    data_sha256 = models.CharField(max_length=64, blank=True, default="")
    result = models.JSONField(default=dict, blank=True)
    html = models.TextField(blank=True, default="")
    # A zip of every file of the export, with its manifest.
    archive = models.BinaryField(null=True, blank=True)
    archive_sha256 = models.CharField(max_length=64, blank=True, default="")

    objects: ClassVar[models.Manager["Report"]] = ReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="done") | Q(finished_at__isnull=False), name="a_done_report_says_when"
            )
        ]
        indexes = [models.Index(fields=["study", "mode", "requested_at"], name="report_of_a_study")]

    def __str__(self) -> str:
        return f"report of {self.study}"

    @property
    def is_open(self) -> bool:
        """Whether it is still to be made."""
        return self.status in {self.Status.WAITING, self.Status.RUNNING}
