"""Reports and exports of a study: asked for in the workbench, made by the fast worker, stored with their files."""

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from surveys.models import Mode, Study, StudyVersion


def report_key() -> str:
    """How a report or an export is called in addresses: random, so that no row number is shown."""
    return secrets.token_hex(6)


class Work(models.Model):
    """What a worker makes for a study (analysis/jobs.py). The row is the job.

    ``RELATED`` are the rows that whoever makes it reads too.
    """

    RELATED: ClassVar[tuple[str, ...]] = ("study",)

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting for a worker")
        RUNNING = "running", _("Being made")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    key = models.CharField(max_length=12, unique=True, default=report_key, editable=False)
    study = models.ForeignKey(Study, models.CASCADE, related_name="%(class)ss")
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    progress = models.CharField(max_length=100, blank=True, default="")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(db_default=Now())
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        """Whether it is still to be made."""
        return self.status in {self.Status.WAITING, self.Status.RUNNING}


class Job(Work):
    """What a worker makes of the data of one version and mode of a study.

    ``masked`` says that it was asked for before the unblinding: it then holds no outcome together with arm, origin or
    article.
    """

    RELATED = ("study", "version__study")

    version = models.ForeignKey(StudyVersion, models.PROTECT, related_name="+")
    mode = models.CharField(max_length=10, choices=Mode)
    masked = models.BooleanField()

    class Meta:
        abstract = True


class Report(Job):
    """One report. ``result`` is the report as data, for the page; ``archive`` a zip of its figures and tables as files.

    A masked one holds the flow of participants alone.
    """

    data_sha256 = models.CharField(max_length=64, blank=True, default="")
    result = models.JSONField(default=dict, blank=True)
    html = models.TextField(blank=True, default="")
    archive = models.BinaryField(null=True, blank=True)
    archive_sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="done") | Q(finished_at__isnull=False), name="a_done_report_says_when"
            )
        ]
        indexes = [models.Index(fields=["study", "mode", "requested_at"], name="report_of_a_study")]

    def __str__(self) -> str:
        return f"report of {self.study}"


class Export(Job):
    """The data of one version and mode as files, in one zip that lies in ``ExportPart`` rows.

    ``formats`` are names of ``analysis.files.FORMATS`` beside CSV, which is always there. ``identifying`` says that the
    columns that name people are in it. ``manifest`` is what the zip's own manifest says.
    """

    formats = models.JSONField(default=list, blank=True)
    identifying = models.BooleanField(default=False)
    manifest = models.JSONField(default=dict, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="done") | Q(finished_at__isnull=False), name="a_done_export_says_when"
            )
        ]
        indexes = [models.Index(fields=["study", "mode", "requested_at"], name="export_of_a_study")]

    def __str__(self) -> str:
        return f"export of {self.study}"


class ExportPart(models.Model):
    """Some bytes of an export's zip: every part but the last has as many, so that any byte is found at once."""

    export = models.ForeignKey(Export, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["export", "number"], name="export_part_once")]

    def __str__(self) -> str:
        return f"part {self.number} of an export"


class PowerPlan(Work):
    """How many people and articles a study needs: the ``question`` as it was asked, and the answer with its figure.

    ``source`` says where the spreads come from: '' for those in ``question``, else a mode whose ratings have them. Of
    ratings only spreads within arms are taken, never a difference, so that there is nothing to mask.
    """

    source = models.CharField(max_length=10, blank=True, default="", choices=Mode)
    question = models.JSONField()
    result = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="done") | Q(finished_at__isnull=False), name="a_done_power_plan_says_when"
            )
        ]
        indexes = [models.Index(fields=["study", "requested_at"], name="power_plan_of_a_study")]

    def __str__(self) -> str:
        return f"power plan of {self.study}"
