"""What participants read: arms, stories, and articles that never change."""

import hashlib
import unicodedata
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from surveys.models.study import Study


class Origin(models.TextChoices):
    """Who wrote a text. Never reaches a participant before the debrief."""

    REAL = "real", _("Real")
    SYNTHETIC = "synthetic", _("Machine-written")


class Curation(models.TextChoices):
    """How a synthetic text was chosen: a factor of its own (Kreps et al. 2022)."""

    NONE = "", _("Not applicable")
    CURATED = "curated", _("Curated")
    UNCURATED = "uncurated", _("Uncurated, picked at random")


def normal_text(text: str) -> str:
    """The text as it is stored and shown: NFC, lines ended by a line feed, no NUL, blank lines empty, no outer blank.

    A line on which nothing can be seen parts paragraphs for every reader, whatever blanks a word processor left on it.
    """
    lines = _plain(text).split("\n")
    return "\n".join("" if _shows_nothing(line) else line for line in lines).strip()


def article_digest(headline: str, text: str) -> str:
    """SHA-256, in hexadecimal, of an article as it is shown: headline, blank line, text, in NFC and UTF-8."""
    # Blank lines count as they are: texts that were stored before such lines were emptied keep their hash.
    return hashlib.sha256(f"{_plain(headline)}\n\n{_plain(text)}".encode()).hexdigest()


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


def _shows_nothing(line: str) -> bool:
    # Cf: a zero-width space, a mark of direction, a byte order mark.
    return all(character.isspace() or unicodedata.category(character) == "Cf" for character in line)


class Arm(models.Model):
    """A condition of a study. In the template after Kreps et al. an arm is a model slot."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="arms")
    key = models.SlugField(max_length=40)
    label = models.CharField(max_length=120, help_text=_("For the team and the report; participants never see it."))
    origin = models.CharField(max_length=10, choices=Origin)
    curation = models.CharField(max_length=10, choices=Curation, blank=True, default=Curation.NONE)
    model_slot = models.CharField(
        _("model"),
        max_length=200,
        blank=True,
        help_text=_("Which model's texts belong here, such as gpt2-355M."),
    )
    # A place on an ordered scale, such as a model's parameters, for the trend test.
    level = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    group = models.SlugField(
        max_length=40,
        blank=True,
        default="",
        help_text=_("Mixed designs only: the arms that one person reads together."),
    )
    weight = models.PositiveSmallIntegerField(default=1)
    target = models.PositiveIntegerField(null=True, blank=True, help_text=_("Completed participants wanted."))
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "key"], name="arm_key_once_a_study"),
            models.CheckConstraint(condition=models.Q(weight__gte=1), name="arm_weight_at_least_one"),
        ]

    def __str__(self) -> str:
        return self.label


class Story(models.Model):
    """One event that was reported. The real and the synthetic versions of a story never meet one reader."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="stories")
    key = models.SlugField(max_length=60)
    title = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "key"], name="story_key_once_a_study")]

    def __str__(self) -> str:
        return self.title


class ArticleQuerySet(models.QuerySet["Article"]):
    def standing(self) -> "ArticleQuerySet":
        """Those that are placed in an arm, neither replaced by an edit nor taken down."""
        return self.filter(replaced_by__isnull=True, taken_down_at__isnull=True, arm__isnull=False)


class Article(models.Model):
    """A text that can be shown. Its headline and text never change: an edit makes a new row.

    ``sha256`` is ``article_digest`` of what is shown; it stays when a text is taken down and ``text`` is emptied.
    ``lineage`` is what the maker of a synthetic text handed over: model, prompt, sampling, seed, raw draft's hash,
    edits, reviews. surveys stores it without reading it.
    """

    study = models.ForeignKey(Study, models.CASCADE, related_name="articles")
    key = models.SlugField(max_length=60)
    story = models.ForeignKey(Story, models.PROTECT, related_name="articles")
    arm = models.ForeignKey(Arm, models.SET_NULL, null=True, blank=True, related_name="articles")
    origin = models.CharField(max_length=10, choices=Origin)
    headline = models.CharField(max_length=300, blank=True)
    text = models.TextField()
    sha256 = models.CharField(max_length=64, editable=False)
    language = models.CharField(max_length=35, default="en")
    source = models.CharField(max_length=200, blank=True)
    author = models.CharField(max_length=200, blank=True)
    published_on = models.DateField(null=True, blank=True)
    url = models.URLField(max_length=500, blank=True)
    model_name = models.CharField(max_length=200, blank=True)
    curation = models.CharField(max_length=10, choices=Curation, blank=True, default=Curation.NONE)
    # Shown at the debrief only: which of its statements are not true, as the researcher wrote it, in the study's first
    # language; and {BCP 47 tag: text} in its others.
    untrue = models.TextField(_("what is not true in it"), blank=True)
    untrue_in = models.JSONField(default=dict, blank=True)
    is_invented = models.BooleanField(default=False)
    lineage = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    replaced_by = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="replaces")
    taken_down_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["Article"]] = ArticleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "key"], name="article_key_once_a_study"),
            models.CheckConstraint(condition=~models.Q(sha256=""), name="article_has_a_hash"),
        ]
        # Which other studies have a text is asked at the consent of a study that keeps its readers out.
        indexes = [models.Index(fields=["sha256"], name="article_hash")]

    def __str__(self) -> str:
        return self.headline or self.key
