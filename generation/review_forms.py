"""The forms of curation: they turn what was typed into values; the modules beside say what is allowed."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from generation.forms import _arms, _offer, _stories
from generation.rules import HIGHEST_SEED
from surveys.models import Arm, Researcher, Story, Study

LONGEST_LOOK = 24 * 3600


class SecondsField(forms.FloatField):
    """How long the browser showed the page; what is missing or impossible counts as not measured."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput(attrs={"data-seconds": ""}))

    def clean(self, value: Any) -> float | None:
        """The seconds, or None: a clock that is wrong is no reason to refuse a decision."""
        try:
            seconds: float | None = super().clean(value)
        except forms.ValidationError:
            return None
        return seconds if seconds is not None and 0 <= seconds <= LONGEST_LOOK else None


class AcceptForm(forms.Form):
    """Where an accepted text goes."""

    arm = forms.ModelChoiceField(
        Arm.objects.none(), label=_("Arm"), to_field_name="key", required=False, empty_label=_("None yet")
    )
    story = forms.ModelChoiceField(Story.objects.none(), label=_("Story"), to_field_name="key", empty_label=None)
    headline = forms.CharField(label=_("Headline"), required=False, max_length=300)
    reason = forms.CharField(label=_("Note for the log"), required=False, max_length=2000)
    revision = forms.IntegerField(widget=forms.HiddenInput)
    seconds = SecondsField()

    def __init__(self, study: Study, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["arm"], _arms(study))
        _offer(self.fields["story"], _stories(study))


class PlainAcceptForm(forms.Form):
    """Accepting where nothing else is asked: an opinion, or a text whose model, and so whose arm, is hidden."""

    reason = forms.CharField(label=_("Note for the log"), required=False, max_length=2000)
    revision = forms.IntegerField(widget=forms.HiddenInput)
    seconds = SecondsField()


class RejectForm(forms.Form):
    """Why a text is rejected."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=2000)
    revision = forms.IntegerField(widget=forms.HiddenInput)
    seconds = SecondsField()


class EditForm(forms.Form):
    """The text as a curator leaves it."""

    text = forms.CharField(
        label=_("Text"),
        strip=False,
        error_messages={"required": _("No text is left. Reject the candidate if none of it can be used.")},
        widget=forms.Textarea(attrs={"class": "long", "rows": 24}),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)


class RemarkForm(forms.Form):
    """A note on a text."""

    text = forms.CharField(label=_("Note"), required=False, max_length=2000)


class RulesForm(forms.Form):
    """How the study is curated."""

    is_blind = forms.BooleanField(
        label=_("Curate blind"),
        required=False,
        help_text=_("Models, batches, seeds and arms are hidden while texts are read and decided on."),
    )
    most_edited = forms.IntegerField(
        label=_("Most characters that edits may change, in percent"),
        required=False,
        min_value=0,
        max_value=100,
        help_text=_(
            "Of what the model wrote, deleted and inserted taken together. 0 forbids edits, empty is no limit."
        ),
    )


class AssignForm(forms.Form):
    """Who reads the texts that nobody has decided on or is asked about."""

    curators = forms.ModelMultipleChoiceField(
        Researcher.objects.none(),
        label=_("Curators"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose who is asked.")},
    )
    each = forms.IntegerField(label=_("Opinions on each text"), min_value=1, initial=2)
    batch = forms.ChoiceField(label=_("Texts of"), required=False)
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=HIGHEST_SEED,
        required=False,
        help_text=_("Empty draws one; it is recorded."),
    )

    def __init__(self, curators: QuerySet[Researcher], batches: list[int], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["curators"], curators)
        chosen = self.fields["batch"]
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101 -- declared above
        chosen.choices = [("", _("All batches")), *((str(n), _("Batch %(n)s") % {"n": n}) for n in batches)]
