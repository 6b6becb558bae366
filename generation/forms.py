"""The forms of generation: they turn what was typed into values; generation/batches.py says what is allowed."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from generation import registry
from generation.batches import MOST_CANDIDATES
from generation.engine import Sampling
from generation.models import Prompt
from generation.rules import HIGHEST_SEED
from surveys.models import Arm, Origin, Story, Study

SAMPLING_FIELDS = (
    "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "max_tokens", "min_tokens", "exact",
)  # fmt: skip


class _ThisOrAnother:
    """A field that may be empty where another is filled in, and so is not called optional; the form asks for either."""

    def validate(self, value: object) -> None:
        """Take what is there, and nothing too."""


class _Chosen(_ThisOrAnother, forms.ModelChoiceField):  # type: ignore[type-arg]  # Django knows no such subscript
    """One that is there."""


class _Named(_ThisOrAnother, forms.CharField):
    """The name of a new one."""


class BatchForm(forms.Form):
    """A prompt, a model, how words are drawn, and how many texts are wanted."""

    story = _Chosen(
        Story.objects.none(),
        label=_("Story"),
        to_field_name="key",
        empty_label=_("A new one, named below"),
    )
    new_story = _Named(
        label=_("Name of the new story"),
        max_length=200,
        help_text=_("What the real article and the written ones report on. Readers never see it."),
    )
    kind = forms.ChoiceField(label=_("The prompt is"), choices=Prompt.Kind.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("Prompt"),
        strip=False,
        error_messages={"required": _("The prompt is empty. Write or paste the opening of an article.")},
        widget=forms.Textarea(attrs={"class": "long", "rows": 8, "lang": ""}),
        help_text=_(
            "The opening of a real article, usually its first one or two paragraphs; an instruction; or an article's "
            "fields, a line each: 'outlet: …', 'date: …', 'authors: …', 'headline: …'."
        ),
    )
    table = forms.CharField(
        label=_("Table for the slots"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"class": "cells", "rows": 4, "lang": "", "spellcheck": "false"}),
        help_text=_(
            "Only where the prompt has slots such as {group}. Paste CSV or cells of a spreadsheet: the first line "
            "names the slots, and each further line makes a batch of its own. Slots work in the headline and in a new "
            "story's name, too."
        ),
    )
    opening_shown = forms.BooleanField(
        label=_("Readers get the opening too, in front of what the model wrote"), required=False
    )
    headline = forms.CharField(
        label=_("Headline above the texts"),
        required=False,
        max_length=300,
        help_text=_("Readers see it. It can be changed with each text that is accepted."),
    )
    language_model = forms.CharField(label=_("Model"), widget=forms.Select)
    size = forms.IntegerField(label=_("How many texts"), help_text=_("At most %(most)s.") % {"most": MOST_CANDIDATES})
    temperature = forms.FloatField(
        label=_("Temperature"), help_text=_("0 always takes the likeliest word; 1 draws from the model as it is.")
    )
    top_p = forms.FloatField(label=_("Top-p"), help_text=_("1 is off."))
    top_k = forms.IntegerField(label=_("Top-k"), help_text=_("0 is off."))
    min_p = forms.FloatField(label=_("Min-p"), help_text=_("0 is off."))
    repetition_penalty = forms.FloatField(label=_("Repetition penalty"), help_text=_("1 is off."))
    max_tokens = forms.IntegerField(
        label=_("Longest text, in tokens"), help_text=_("A token is about three quarters of an English word.")
    )
    min_tokens = forms.IntegerField(label=_("Shortest text, in tokens"))
    no_repeat_ngram = forms.IntegerField(
        label=_("No run of tokens twice, of length"),
        required=False,
        help_text=_("0 is off; 3 lets no three tokens in a row come twice."),
    )
    sentence_from = forms.IntegerField(
        label=_("End with a sentence from token"),
        required=False,
        help_text=_("0 is off. From so many tokens on, a text ends with its sentence."),
    )
    stop = forms.CharField(
        label=_("Stop strings"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2, "lang": "", "spellcheck": "false"}),
        help_text=_("One a line. A text ends before the first of them."),
    )
    exact = forms.BooleanField(
        label=_("Exact: always compute in one shape"),
        required=False,
        help_text=_("Slower. Then other texts in the batch cannot move even the last digit of a probability."),
    )
    language = forms.CharField(label=_("Language of the texts"), max_length=35, help_text=_("A tag such as en."))
    seed = forms.IntegerField(
        label=_("Seed"),
        required=False,
        help_text=_("Empty draws one. The same seed, prompt, model and settings give the same texts again."),
    )

    def __init__(self, study: Study, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.study = study
        _offer(self.fields["story"], _stories(study))
        models = self.fields["language_model"].widget
        assert isinstance(models, forms.Select)  # noqa: S101 -- declared above
        models.choices = [(model.key, model.name) for model in registry.offered()]

    def clean(self) -> dict[str, Any]:
        """Either a story is chosen or one is named."""
        values = super().clean() or {}
        if not self.has_error("story") and values.get("story") is None and not values.get("new_story", "").strip():
            self.add_error("new_story", _("Choose a story, or name a new one."))
        return values

    @property
    def chosen_story(self) -> Story | str:
        """The story that was chosen, or the name of a new one."""
        chosen: Story | None = self.cleaned_data["story"]
        return chosen or self.cleaned_data["new_story"].strip()

    def sampling(self) -> Sampling:
        """The sampling specification, not yet checked for its ranges."""
        stops = tuple(line for line in self.cleaned_data["stop"].splitlines() if line)
        # What may be left empty is off.
        given: dict[str, Any] = {name: self.cleaned_data[name] or 0 for name in ("no_repeat_ngram", "sentence_from")}
        return Sampling(stop=stops, **{name: self.cleaned_data[name] for name in SAMPLING_FIELDS}, **given)


class BudgetForm(forms.Form):
    """How many tokens a day."""

    tokens_a_day = forms.IntegerField(
        label=_("Tokens a day"),
        required=False,
        help_text=_(
            "Counted from midnight UTC: what models write, not the prompts that they read. Empty for no limit; what "
            "does not fit waits for the next day."
        ),
    )


class PickForm(forms.Form):
    """How many texts to pick at random, for which arm."""

    k = forms.IntegerField(label=_("How many"), min_value=1, initial=1)
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=HIGHEST_SEED,
        required=False,
        help_text=_("Empty draws one; it is recorded."),
    )
    without_failed = forms.BooleanField(
        label=_("Leave out the texts that failed"),
        required=False,
        help_text=_("The log says how many they were."),
    )
    arm = forms.ModelChoiceField(
        Arm.objects.none(), label=_("Arm"), to_field_name="key", required=False, empty_label=_("None yet")
    )

    def __init__(self, study: Study, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["arm"], _arms(study))


class ExtendForm(forms.Form):
    """How many texts a batch shall have in all."""

    size = forms.IntegerField(label=_("Texts in all"))


def _arms(study: Study) -> QuerySet[Arm]:
    return Arm.objects.filter(study=study, origin=Origin.SYNTHETIC).order_by("position", "pk")


def _stories(study: Study) -> QuerySet[Story]:
    return Story.objects.filter(study=study).order_by("title")


def _offer(field: forms.Field, rows: QuerySet[Any]) -> None:
    """Let a field choose among rows that are known with the study only."""
    assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 -- each caller's field is declared as one
    field.queryset = rows
