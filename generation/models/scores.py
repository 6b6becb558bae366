"""How probable a local model finds an article's text: the row is the place in the queue, and then the result."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from generation.models.language_models import LanguageModel
from surveys.models import Article


class TextScore(models.Model):
    """One article's text as one model finds it; an article's text never changes, so that one row is enough.

    ``model_sha256`` is the digest of the model's identity: a model whose files changed scores again. The text itself
    is not repeated here: ``ends`` are the places in it where its tokens end, ``ranks`` and ``logprobs`` (natural
    logarithm) those of every token after the first. ``is_whole`` is false where the model's context held only a part.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting for a worker")
        RUNNING = "running", _("Being scored")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    article = models.ForeignKey(Article, models.CASCADE, related_name="scores")
    language_model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="scores")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    error = models.TextField(blank=True)
    lease_owner = models.CharField(max_length=200, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    announced_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    model_sha256 = models.CharField(max_length=64, blank=True)
    model_identity = models.JSONField(default=dict)
    engine_versions = models.JSONField(default=dict)
    ends = models.JSONField(default=list)
    logprobs = models.JSONField(default=list)
    ranks = models.JSONField(default=list)
    perplexity = models.FloatField(null=True, blank=True)
    is_whole = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["article", "language_model"], name="text_scored_once_a_model"),
            models.CheckConstraint(condition=~Q(status="failed") | ~Q(error=""), name="a_failed_score_says_why"),
            models.CheckConstraint(
                condition=~Q(status="done") | ~Q(model_sha256=""), name="a_score_says_which_model_gave_it"
            ),
            models.CheckConstraint(
                condition=(Q(status="running") & ~Q(lease_owner="") & Q(lease_expires_at__isnull=False))
                | (~Q(status="running") & Q(lease_owner="") & Q(lease_expires_at__isnull=True)),
                name="exactly_a_running_score_is_leased",
            ),
        ]
        indexes = [models.Index(fields=["status", "requested_at"], name="score_queue")]

    def __str__(self) -> str:
        return f"score of {self.article} by {self.language_model}"
