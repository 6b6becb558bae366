"""What several curators say about one text, and which of two they find more credible. Rows are only ever added."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from generation.models.batches import Candidate
from surveys.models import Study


class Assignment(models.Model):
    """A curator who is asked for an opinion on a text. Where there is one, nobody decides alone."""

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="assignments")
    curator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["candidate", "curator"], name="asked_once_a_text_and_curator")]

    def __str__(self) -> str:
        return f"{self.candidate} for {self.curator}"


class Opinion(models.Model):
    """What one of those asked says, before seeing what the others said; the last row of a person counts.

    ``text_sha256`` says of which wording; ``seconds`` is how long the browser showed it.
    """

    class Verdict(models.TextChoices):
        ACCEPT = "accept", _("Accept")
        REJECT = "reject", _("Reject")
        WITHDRAWN = "withdrawn", _("Taken back")

    candidate = models.ForeignKey(Candidate, models.CASCADE, related_name="opinions")
    number = models.PositiveIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict)
    reason = models.TextField(blank=True)
    text_sha256 = models.CharField(max_length=64)
    seconds = models.FloatField(null=True, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate", "number"], name="opinion_number_once_a_candidate"),
            models.CheckConstraint(
                condition=~Q(verdict="reject") | ~Q(reason=""), name="an_opinion_against_a_text_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.by}"


class Comparison(models.Model):
    """Which of two texts of one story a curator finds more credible; without ``winner``, neither.

    The pair stands in the order of its rows, whatever side the screen showed (``first_left``). Taken back, it stays.
    ``first_sha256`` and ``second_sha256`` are of the wordings that were compared; '' where a row is older than that.
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="comparisons")
    first = models.ForeignKey(Candidate, models.CASCADE, related_name="+")
    second = models.ForeignKey(Candidate, models.CASCADE, related_name="+")
    first_left = models.BooleanField()
    first_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")
    second_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")
    winner = models.ForeignKey(Candidate, models.CASCADE, null=True, blank=True, related_name="comparisons_won")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    seconds = models.FloatField(null=True, blank=True)
    at = models.DateTimeField(db_default=Now())
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second", "by"],
                condition=Q(taken_back_at__isnull=True),
                name="a_pair_once_a_curator",
            ),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="a_pair_stands_in_order"),
            models.CheckConstraint(
                condition=Q(winner__isnull=True) | Q(winner=F("first")) | Q(winner=F("second")),
                name="a_winner_is_one_of_the_pair",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} or {self.second}, by {self.by}"
