"""Prompts, the batches asked of them, the workers' goes at a batch, and the candidate texts that came out."""

import secrets
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from generation.engine.prompt import CONTINUATION, FIELDS, INSTRUCTION
from generation.models.language_models import LanguageModel
from studyweb.leases import Leases
from surveys.models import Article, Story, Study

LEASES = Leases("queued", "running", timedelta(seconds=30), announced_again_after=timedelta(seconds=45))


class Prompt(models.Model):
    """What models are given, for one story. Never changed: another wording is another prompt."""

    class Kind(models.TextChoices):
        CONTINUATION = CONTINUATION, _("The opening of an article, to be continued")
        INSTRUCTION = INSTRUCTION, _("An instruction, to be followed")
        FIELDS = FIELDS, _("An article's fields (outlet, date, authors, headline), from which the body follows")

    study = models.ForeignKey(Study, models.CASCADE, related_name="prompts")
    number = models.PositiveIntegerField()
    story = models.ForeignKey(Story, models.PROTECT, related_name="prompts")
    kind = models.CharField(max_length=12, choices=Kind)
    text = models.TextField()
    headline = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=35, default="en")
    # Whether readers get the opening together with what the model made of it.
    opening_shown = models.BooleanField(default=True)
    # Where slots were filled from a table: the text with its slots, and what this prompt's row holds.
    template = models.TextField(blank=True)
    slots = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="prompt_number_once_a_study"),
            models.CheckConstraint(condition=~Q(text=""), name="a_prompt_has_a_text"),
            models.CheckConstraint(
                condition=Q(kind="continuation") | Q(opening_shown=False), name="only_an_opening_can_be_shown"
            ),
        ]

    def __str__(self) -> str:
        return f"prompt {self.number} for {self.story}"


class BatchQuerySet(models.QuerySet["Batch"]):
    def claimable(self) -> "BatchQuerySet":
        """Those that a worker may take now: waiting, or held by a worker that gave no sign of life in time."""
        return LEASES.claimable(self)


class Batch(models.Model):
    """So many candidates of one prompt by one model with one sampling specification.

    The row is also the place in the queue (generation/queue.py moves ``status`` and the lease).
    ``attempts`` counts claims since the last candidate was saved.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting for a worker")
        RUNNING = "running", _("Being written")
        DONE = "done", _("Done")
        PAUSED = "paused", _("Paused")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    class Priority(models.IntegerChoices):
        LOW = -1, _("After my others")
        NORMAL = 0, _("In turn")
        HIGH = 1, _("Before my others")

    study = models.ForeignKey(Study, models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="batches")
    language_model = models.ForeignKey(LanguageModel, models.PROTECT, related_name="batches")
    sampling = models.JSONField()
    size = models.PositiveIntegerField()
    seed = models.PositiveBigIntegerField()
    prompt_tokens = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    # Orders the batches of one researcher among themselves; between researchers turns are taken.
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    error = models.TextField(blank=True)
    tokens_done = models.PositiveIntegerField(default=0)
    lease_owner = models.CharField(max_length=200, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    announced_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Batch"]] = BatchQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="batch_number_once_a_study"),
            models.CheckConstraint(condition=Q(size__gte=1), name="a_batch_has_candidates"),
            models.CheckConstraint(
                condition=(Q(status="running") & ~Q(lease_owner="") & Q(lease_expires_at__isnull=False))
                | (~Q(status="running") & Q(lease_owner="") & Q(lease_expires_at__isnull=True)),
                name="exactly_a_running_batch_is_leased",
            ),
            models.CheckConstraint(condition=~Q(status="failed") | ~Q(error=""), name="a_failed_batch_says_why"),
        ]
        indexes = [models.Index(fields=["status", "created_at"], name="batch_queue")]

    def __str__(self) -> str:
        return f"batch {self.number}"

    @property
    def can_resume(self) -> bool:
        """Whether it was paused, stopped or failed, so that somebody may let workers go on."""
        return self.status in {self.Status.PAUSED, self.Status.CANCELLED, self.Status.FAILED}

    @property
    def is_open(self) -> bool:
        """Whether a worker is on it or will be."""
        return self.status in {self.Status.QUEUED, self.Status.RUNNING}


class Budget(models.Model):
    """How many tokens a study may have written a day (UTC); a study without a row has no limit."""

    study = models.OneToOneField(Study, models.CASCADE, related_name="generation_budget")
    tokens_a_day = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.tokens_a_day} tokens a day"


class Run(models.Model):
    """One worker's go at a batch: which model, to the byte, and which software and device wrote what it saved.

    Where the versions change meanwhile, another run of the same ``owner`` goes on: a text's are never changed.
    ``given_text`` is the prompt as the engine gave it to the model, behind the chat template where there is one;
    ``given_tokens`` its length in tokens, with those that the tokenizer adds.
    """

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="runs")
    number = models.PositiveSmallIntegerField()
    owner = models.CharField(max_length=200)
    model_identity = models.JSONField(default=dict)
    engine_versions = models.JSONField(default=dict)
    given_text = models.TextField(blank=True)
    given_tokens = models.PositiveIntegerField(null=True, blank=True)
    started_at = models.DateTimeField(db_default=Now())
    drafting_since = models.DateTimeField(null=True, blank=True)
    # How many texts it will have finished at the end of the round under way: until then, the others are reserved.
    promised = models.PositiveIntegerField(default=0)
    # Steps of the model so far: while no text is finished, the length in tokens of those under way.
    steps = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="run_number_once_a_batch")]

    def __str__(self) -> str:
        return f"run {self.number} of {self.batch}"


def text_code() -> str:
    """A text's name in addresses: random, so that it tells neither its batch nor its model."""
    return secrets.token_hex(6)


class Candidate(models.Model):
    """One text of a batch: raw as the model wrote it, cleaned, screened, and what curators decided.

    ``raw_text`` and ``text`` never change once drafted; edits are rows. ``flags`` are those of the text as it stands,
    the last edit or else the draft. ``revision`` counts what curators did, so that of two at once only one can
    (generation/curation.py).
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DRAFTED = "drafted", _("Drafted")
        FAILED = "failed", _("Failed")

    class Decision(models.TextChoices):
        PENDING = "pending", _("Pending")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="candidates")
    index = models.PositiveIntegerField()
    code = models.CharField(max_length=20, unique=True, default=text_code, editable=False)
    seed = models.PositiveBigIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    run = models.ForeignKey(Run, models.PROTECT, null=True, blank=True, related_name="candidates")
    raw_text = models.TextField(blank=True)
    raw_sha256 = models.CharField(max_length=64, blank=True)
    text = models.TextField(blank=True)
    removals = models.JSONField(default=list)
    flags = models.JSONField(default=list)
    flag_count = models.PositiveSmallIntegerField(default=0)
    # What near-duplicates are found by, of the text as it stands (engine/duplicates.py); None where none was made yet.
    signature = models.BinaryField(null=True, blank=True, editable=False)
    finish_reason = models.CharField(max_length=20, blank=True)
    tokens = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(null=True, blank=True)
    rows = models.PositiveIntegerField(default=0)
    mean_logprob = models.FloatField(null=True, blank=True)
    # One entry a token: ids, natural logarithms of their probabilities, ranks.
    token_ids = models.JSONField(default=list)
    logprobs = models.JSONField(default=list)
    ranks = models.JSONField(default=list)
    # Of a served model: what its answer said of itself (model, system_fingerprint, prompt_tokens), and the seed and the
    # settings sent.
    served = models.JSONField(default=dict, blank=True)
    # Why this one text failed; empty where its batch did.
    error = models.TextField(blank=True, default="")
    drafted_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.PENDING)
    revision = models.PositiveIntegerField(default=0)
    # A curator marked it to be looked at again (the last Remark with a mark).
    is_marked = models.BooleanField(default=False)
    article = models.OneToOneField(Article, models.PROTECT, null=True, blank=True, related_name="candidate")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "index"], name="candidate_once_a_batch_and_index"),
            models.CheckConstraint(
                condition=~Q(state="drafted")
                | (Q(run__isnull=False) & ~Q(raw_sha256="") & Q(drafted_at__isnull=False)),
                name="a_draft_says_where_it_came_from",
            ),
            models.CheckConstraint(
                condition=Q(state="drafted") | (Q(decision="pending") & Q(raw_text="")),
                name="only_a_draft_can_be_decided",
            ),
            models.CheckConstraint(
                condition=~Q(decision="accepted") | Q(article__isnull=False), name="accepted_means_an_article"
            ),
        ]
        indexes = [models.Index(fields=["batch", "state", "decision"], name="candidate_review")]

    def __str__(self) -> str:
        return f"candidate {self.index} of {self.batch}"
