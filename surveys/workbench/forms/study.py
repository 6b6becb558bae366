"""Forms about a study as a whole: making one, importing its definition, adding questions from the library."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys import study_file
from surveys.library import offered
from surveys.models import Study

EMPTY = "empty"
LARGEST_DEFINITION = 5 * 1024 * 1024


class NewStudyForm(forms.Form):
    """A study's working name and what it starts from: a shipped template, nothing, or a copy of another study."""

    name = forms.CharField(
        label=_("Working name"),
        max_length=200,
        help_text=_("For your team only. Participants see the title, which you write later."),
        widget=forms.TextInput(attrs={"autofocus": True}),
    )
    start = forms.ChoiceField(label=_("Start from"), widget=forms.RadioSelect)

    def __init__(self, copyable: Iterable[Study], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        templates = [(f"template:{key}", each.title) for key, each in study_file.templates().items()]
        copies = [(f"copy:{study.key}", _("A copy of “%(name)s”") % {"name": study.name}) for study in copyable]
        self.fields["start"].choices = [*templates, (EMPTY, _("An empty study")), *copies]  # type: ignore[attr-defined]  # it is a ChoiceField
        self.fields["start"].initial = templates[0][0]


class DefinitionFileForm(forms.Form):
    """A definition file that replaces the draft's texts, questions, design and plan."""

    file = forms.FileField(
        label=_("Definition file"),
        help_text=_("A JSON file, as the export gives it. Nothing is changed if anything in it is wrong."),
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
        allow_empty_file=True,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_DEFINITION:
            raise forms.ValidationError(
                _("%(name)s is larger than %(most)s MB. A definition holds questions and texts, not articles.")
                % {"name": file.name, "most": LARGEST_DEFINITION // 1024 // 1024}
            )
        return file


class LibraryForm(forms.Form):
    """An instrument of the library, and where in the study it is asked."""

    instrument = forms.ChoiceField(label=_("Instrument"))
    when = forms.ChoiceField(
        label=_("Asked"),
        choices=[
            ("before", _("before the articles")),
            ("reading", _("beside each article")),
            ("looking-back", _("about each article, after all were read")),
            ("after", _("after the articles")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["instrument"].choices = [  # type: ignore[attr-defined]  # it is a ChoiceField
            (key, f"{key}: {each.title}") for key, each in sorted(offered().instruments.items())
        ]
