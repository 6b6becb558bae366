"""What curators did with a candidate: edits, and the log of decisions. Rows are only ever added."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from generation.models.batches import Candidate


class Edit(models.Model):
    """A candidate's text as somebody left it, whole; the differences are computed (generation/differences.py)."""

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="edits")
    number = models.PositiveIntegerField()
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate", "number"], name="edit_number_once_a_candidate"),
            models.CheckConstraint(condition=~Q(text=""), name="an_edit_leaves_a_text"),
        ]

    def __str__(self) -> str:
        return f"edit {self.number} of {self.candidate}"


class Review(models.Model):
    """One change of a candidate's decision: from what to what, on whose account, why, and by which rule if by one."""

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="reviews")
    number = models.PositiveIntegerField()
    old = models.CharField(max_length=10, choices=Candidate.Decision)
    new = models.CharField(max_length=10, choices=Candidate.Decision)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    # The stated rule that decided instead of a person, in words; empty where a person did.
    rule = models.TextField(blank=True)
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
