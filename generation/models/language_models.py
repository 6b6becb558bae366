"""The models that texts can be asked of, one row each."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class LanguageModel(models.Model):
    """A language model as the team knows it. What its files hash to is found by the worker that loads it (``Run``).

    ``location`` is the folder of a local model, or the repository of one that was downloaded or shipped.
    """

    class Source(models.TextChoices):
        BUILTIN = "builtin", _("Built in")
        FOLDER = "folder", _("A folder on the worker's machine")
        HUB = "hub", _("Hugging Face hub")

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=10, choices=Source)
    location = models.CharField(max_length=500)
    revision = models.CharField(max_length=100, blank=True)
    licence = models.CharField(max_length=100, blank=True)
    parameters = models.PositiveBigIntegerField(null=True, blank=True)
    context_length = models.PositiveIntegerField(help_text=_("Tokens that prompt and text together may have."))
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(location=""), name="a_model_lies_somewhere"),
            models.CheckConstraint(condition=Q(context_length__gte=1), name="a_model_holds_at_least_one_token"),
            models.CheckConstraint(condition=~Q(source="hub") | ~Q(revision=""), name="a_hub_model_has_its_revision"),
        ]

    def __str__(self) -> str:
        return self.name
