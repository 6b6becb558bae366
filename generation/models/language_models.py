"""The models that texts can be asked of, their downloads, and who accepted their terms."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class LanguageModel(models.Model):
    """A language model as the team knows it. What its files hash to is found by the worker that loads it (``Run``).

    ``location`` is the folder of a local model, the repository of one that was downloaded or shipped, or the address of
    a server that speaks the OpenAI-compatible protocol, where ``revision`` is the model's name there. A model is closed
    while ``terms`` says what has to be accepted first.
    """

    class Source(models.TextChoices):
        BUILTIN = "builtin", _("Built in")
        FOLDER = "folder", _("A folder on the worker's machine")
        HUB = "hub", _("Hugging Face hub")
        SERVER = "server", _("A server (OpenAI-compatible)")

    class Dialect(models.TextChoices):
        OPENAI = "openai", _("OpenAI's own parameters only")
        VLLM = "vllm", _("vLLM")
        LLAMA_CPP = "llama.cpp", _("llama.cpp")

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=10, choices=Source)
    location = models.CharField(max_length=500)
    revision = models.CharField(max_length=100, blank=True)
    # The GGUF file that the model is, in the folder or repository; '' for safetensors.
    file = models.CharField(max_length=200, blank=True)
    # Whether code that comes with the model may run and pickled weights be read; generation/trust.py logs each change.
    trusts_code = models.BooleanField(default=False)
    licence = models.CharField(max_length=100, blank=True)
    parameters = models.PositiveBigIntegerField(null=True, blank=True)
    context_length = models.PositiveIntegerField(help_text=_("Tokens that prompt and text together may have."))
    # What whoever uses it should know: how it was released, what it must not be used for.
    note = models.TextField(blank=True)
    terms = models.TextField(blank=True)
    terms_url = models.URLField(blank=True)
    # Of servers only: how they name what the protocol leaves open, and the environment variable with their key.
    dialect = models.CharField(max_length=10, choices=Dialect, blank=True)
    key_variable = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(location=""), name="a_model_lies_somewhere"),
            models.CheckConstraint(condition=Q(context_length__gte=1), name="a_model_holds_at_least_one_token"),
            models.CheckConstraint(condition=~Q(source="hub") | ~Q(revision=""), name="a_hub_model_has_its_revision"),
            models.CheckConstraint(
                condition=~Q(source="server") | (~Q(dialect="") & ~Q(revision="")), name="a_server_says_how_it_is_asked"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TermsAcceptance(models.Model):
    """That a researcher accepted a closed model's terms, as they stood: a change of the terms asks again."""

    language_model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="acceptances")
    researcher = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    terms_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["language_model", "researcher", "terms_sha256"], name="terms_accepted_once_a_researcher"
            )
        ]

    def __str__(self) -> str:
        return f"{self.researcher} accepted the terms of {self.language_model}"


class TrustChange(models.Model):
    """That a model's own code was allowed to run, or no longer, by whom and why. Rows are only ever added."""

    language_model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="trust_changes")
    trusts_code = models.BooleanField()
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="trust_changes_for_a_reason")]

    def __str__(self) -> str:
        return f"{self.language_model}: {'trusted' if self.trusts_code else 'not trusted'}"


class Download(models.Model):
    """Bringing a hub's model onto the workers' machine. The row is the queue and the progress; one a model."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Waiting for a worker")
        RUNNING = "running", _("Under way")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    language_model = models.OneToOneField(LanguageModel, models.CASCADE, related_name="download")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    bytes_done = models.PositiveBigIntegerField(default=0)
    bytes_total = models.PositiveBigIntegerField(null=True, blank=True)
    error = models.TextField(blank=True)
    lease_owner = models.CharField(max_length=200, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    announced_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(status="failed") | ~Q(error=""), name="a_failed_download_says_why"),
        ]

    def __str__(self) -> str:
        return f"download of {self.language_model}"

    @property
    def is_open(self) -> bool:
        """Whether a worker is on it or will be."""
        return self.status in {self.Status.QUEUED, self.Status.RUNNING}
