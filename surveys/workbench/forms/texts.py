"""The form of a draft's own texts, in each of its languages, and of whom participants can ask."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.definition import Definition
from surveys.items import is_language_tag
from surveys.languages import own_name, spoken
from surveys.workbench.forms.drafted import LONGEST, DefinitionForm, lines

# (field, label, help, one line?)
WORDINGS = (
    ("title", _("Title"), _("What participants see on top of every page. It should not give the question away."), True),
    (
        "consent",
        _("Consent"),
        _("What taking part means, what is stored, how to leave and withdraw. An empty line begins a paragraph."),
        False,
    ),
    ("reading_intro", _("Before each article"), _("What to do with the article on this page."), False),
    (
        "debrief",
        _("Debriefing"),
        _("What the study was about. Below it each participant sees which of their articles were machine-written."),
        False,
    ),
    ("thanks", _("Thanks"), _("The last page, beside the completion code."), False),
)
# What surveys.readiness asks for before a study is frozen.
NEEDED = {"title", "consent", "debrief", "name", "email", "ethics_board"}


class NeededLater:
    """A field that may be empty in a draft and is not called optional: the checklist asks for it before freezing."""

    def validate(self, value: str) -> None:
        """Take what is there, and nothing too."""


class NeededText(NeededLater, forms.CharField):
    """A text that the checklist asks for."""


class NeededEmail(NeededLater, forms.EmailField):
    """An address that the checklist asks for."""


class TextsForm(DefinitionForm):
    """Every text of a study that its researchers write, in each of its languages, and whom participants can ask."""

    parts = ("wording", "contact", "languages", "withdrawal_days")

    def __init__(self, definition: Definition, seen: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(definition, seen, *args, **kwargs)
        for language in definition.languages:
            for name, label, help_text, is_line in WORDINGS:
                self.fields[f"{name}-{language}"] = (NeededText if name in NEEDED else forms.CharField)(
                    label=label if len(definition.languages) == 1 else f"{label} ({language})",
                    help_text=help_text,
                    required=name in NEEDED,
                    max_length=200 if is_line else LONGEST,
                    initial=getattr(definition.wording, name).get(language, ""),
                    widget=forms.TextInput() if is_line else _area(name, language),
                )
        self._add_contact(definition)
        self.fields["languages"] = forms.CharField(
            label=_("Languages"),
            help_text=_("Tags with commas between, the main one first: en, de, pt-BR. Save to write in a new one."),
            max_length=200,
            initial=", ".join(definition.languages),
        )

    def _add_contact(self, definition: Definition) -> None:
        labels = {
            "name": _("Contact person"),
            "email": _("Contact e-mail"),
            "institution": _("Institution"),
            "ethics_board": _("Ethics board"),
            "ethics_reference": _("Approval number"),
            "ethics_contact": _("How to reach the board"),
        }
        for name, label in labels.items():
            kind = NeededEmail if name == "email" else NeededText if name in NEEDED else forms.CharField
            self.fields[name] = kind(
                label=label, required=name in NEEDED, max_length=300, initial=getattr(definition.contact, name)
            )
        self.fields["withdrawal_days"] = forms.IntegerField(
            label=_("Days in which a participant can withdraw"),
            min_value=0,
            max_value=3650,
            initial=definition.withdrawal_days,
        )

    def wordings(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """(language, its fields), for the template."""
        for language in self.definition.languages:
            yield language, [self[f"{name}-{language}"] for name, *_rest in WORDINGS]

    def spoken(self) -> Iterator[tuple[str, str]]:
        """(language by its own name, how the interface's words stand in it), for the template."""
        return ((own_name(tag), spoken(tag)) for tag in self.definition.languages)

    def contact(self) -> Iterator[forms.BoundField]:
        """The fields about whom to ask, for the template."""
        return (self[name] for name in type(self.definition.contact).model_fields)

    def clean_languages(self) -> list[str]:
        given: str = self.cleaned_data["languages"]
        tags = [tag.strip() for tag in given.split(",") if tag.strip()]
        if wrong := [tag for tag in tags if not is_language_tag(tag)]:
            raise forms.ValidationError(
                _("%(tags)s: no language tag such as en, de or pt-BR.") % {"tags": ", ".join(wrong)}
            )
        if not tags or len(tags) != len(set(tags)):
            raise forms.ValidationError(_("Name at least one language, and each once."))
        return tags

    def changes(self) -> dict[str, Any]:
        given = self.cleaned_data
        wording = {}
        for name, *_rest in WORDINGS:
            # Texts in a language that is not shown now are kept: naming the language again brings them back.
            texts = dict(getattr(self.definition.wording, name))
            texts |= {tag: lines(given[f"{name}-{tag}"]) for tag in self.definition.languages}
            wording[name] = {tag: text for tag, text in texts.items() if text}
        return {
            "wording": wording,
            "contact": {name: given[name] for name in type(self.definition.contact).model_fields},
            "languages": given["languages"],
            "withdrawal_days": given["withdrawal_days"],
        }


def _area(name: str, language: str) -> forms.Textarea:
    """A large area for the texts that are long."""
    long = name in {"consent", "debrief"}
    return forms.Textarea(attrs={"lang": language, **({"class": "long"} if long else {"rows": 4})})
