"""What curators did with a candidate: edits, remarks, and the log of decisions, whose rows are only ever added.

A ``Scratch`` alone is overwritten: what somebody types and has not saved.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from generation.models.batches import Batch, Candidate
from surveys.models import Study


class CurationRules(models.Model):
    """How a study is curated: whether models are hidden, and how much of a text may be edited.

    ``most_edited`` is a percentage of the characters that the model wrote: None is no limit, 0 forbids edits.
    """

    study = models.OneToOneField(Study, models.CASCADE, related_name="curation_rules")
    is_blind = models.BooleanField(default=False)
    most_edited = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(most_edited__isnull=True) | Q(most_edited__lte=100), name="an_edit_limit_is_a_percentage"
            )
        ]

    def __str__(self) -> str:
        return f"curation rules of {self.study}"


class Edit(models.Model):
    """A candidate's text as somebody left it, whole; the differences are computed (generation/differences.py).

    ``flags`` are those that it was given, ``flags_before`` those of the text before it; None where an edit is older
    than that. One that takes another back has the text and the flags from before that one.
    """

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="edits")
    number = models.PositiveIntegerField()
    text = models.TextField()
    flags_before = models.JSONField(null=True, blank=True)
    flags = models.JSONField(null=True, blank=True)
    takes_back = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="taken_back_by")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate", "number"], name="edit_number_once_a_candidate"),
            models.CheckConstraint(condition=~Q(text=""), name="an_edit_leaves_a_text"),
        ]

    def __str__(self) -> str:
        return f"edit {self.number} of {self.candidate}"


class Remark(models.Model):
    """A curator's note on a text, and whether it raises or lowers the text's mark 'to be looked at again'."""

    class Mark(models.TextChoices):
        NONE = "", _("Unchanged")
        RAISED = "raised", _("Marked")
        LOWERED = "lowered", _("Mark taken off")

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="remarks")
    number = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField(blank=True)
    mark = models.CharField(max_length=10, choices=Mark, blank=True, default=Mark.NONE)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate", "number"], name="remark_number_once_a_candidate"),
            models.CheckConstraint(condition=~Q(text="") | ~Q(mark=""), name="a_remark_says_something"),
        ]

    def __str__(self) -> str:
        return f"remark {self.number} on {self.candidate}"


class Scratch(models.Model):
    """What somebody has typed about a text and not saved: an edit, and a note. Of two, the higher sequence stays.

    ``revision`` is that of the text which the edit began from, where there is one. ``text`` is None without.
    """

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    text = models.TextField(null=True, blank=True)
    note = models.TextField(blank=True)
    revision = models.PositiveIntegerField()
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["candidate", "by"], name="one_scratch_a_text_and_person")]

    def __str__(self) -> str:
        return f"unsaved work of {self.by} on {self.candidate}"


class BulkRejection(models.Model):
    """One stroke that rejected several flagged texts, so that one stroke can take it back. Its reviews name it."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="bulk_rejections")
    number = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    rule = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="bulk_rejection_number_once_a_study")]

    def __str__(self) -> str:
        return f"bulk rejection {self.number}"


class Continuation(models.Model):
    """A batch that goes on from where a curator cut another text: its prompt is the first ``cut`` characters."""

    batch = models.OneToOneField(Batch, models.CASCADE, related_name="continuation")
    parent = models.ForeignKey(Candidate, models.PROTECT, related_name="continuations")
    cut = models.PositiveIntegerField()
    # Of the whole text that was cut, as it stood then: an edit, or the cleaned draft.
    text_sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(cut__gte=1), name="a_continuation_keeps_something")]

    def __str__(self) -> str:
        return f"{self.batch} from {self.parent}"


class Review(models.Model):
    """One change of a candidate's decision: from what to what, on whose account, why, and by which rule if by one.

    ``seconds`` is how long the browser showed the text before the decision.
    """

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="reviews")
    number = models.PositiveIntegerField()
    old = models.CharField(max_length=10, choices=Candidate.Decision)
    new = models.CharField(max_length=10, choices=Candidate.Decision)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    # The stated rule that decided instead of a person, in words; empty where a person did.
    rule = models.TextField(blank=True)
    bulk = models.ForeignKey(BulkRejection, models.PROTECT, null=True, blank=True, related_name="reviews")
    seconds = models.FloatField(null=True, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate", "number"], name="review_number_once_a_candidate"),
            models.CheckConstraint(condition=~Q(old=models.F("new")), name="a_review_changes_the_decision"),
            models.CheckConstraint(
                condition=~Q(new="rejected") | ~(Q(reason="") & Q(rule="")), name="a_rejection_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.old} -> {self.new}"
