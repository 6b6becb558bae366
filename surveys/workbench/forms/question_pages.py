"""Which kinds of questions there are, where in a study they can stand, and the form of a page of them."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.definition import Block, Definition
from surveys.workbench.forms.drafted import lines

# (kind, what it is called, what it is for); a grid is a row of Likert items that share their scale.
KINDS = (
    ("single", gettext_lazy("Single choice"), gettext_lazy("One answer out of a list.")),
    ("multiple", gettext_lazy("Multiple choice"), gettext_lazy("Several answers out of a list.")),
    ("likert", gettext_lazy("Likert row"), gettext_lazy("One point on a scale, side by side where there is room.")),
    ("grid", gettext_lazy("Likert grid"), gettext_lazy("Several statements on one scale, as a table.")),
    ("slider", gettext_lazy("Slider"), gettext_lazy("A number between two ends, with nothing set beforehand.")),
    ("number", gettext_lazy("Number"), gettext_lazy("A number that is typed.")),
    ("ranking", gettext_lazy("Ranking"), gettext_lazy("Things that are put in order.")),
    ("short-text", gettext_lazy("Short text"), gettext_lazy("A line in their own words.")),
    ("long-text", gettext_lazy("Long text"), gettext_lazy("Some sentences in their own words.")),
    ("consent", gettext_lazy("Consent"), gettext_lazy("A box that is ticked to agree.")),
    ("highlight", gettext_lazy("Marked sentences"), gettext_lazy("Sentences of the article, pressed or ticked.")),
)
NAMES = {kind: name for kind, name, _purpose in KINDS}
PAGES = (
    ("before", gettext_lazy("A new page before the articles")),
    ("reading", gettext_lazy("Below the other questions beside each article")),
    ("looking-back", gettext_lazy("A new part of looking back at each article")),
    ("after", gettext_lazy("A new page after the articles")),
)


class BlockForm(forms.Form):
    """A page of questions: what stands above them, and where it is."""

    use_required_attribute = False
    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=64)
    when = forms.ChoiceField(
        label=gettext_lazy("Asked"),
        choices=[
            ("before", gettext_lazy("before the articles")),
            ("reading", gettext_lazy("beside each article")),
            ("looking-back", gettext_lazy("about each article, after all were read")),
            ("after", gettext_lazy("after the articles")),
        ],
    )

    def __init__(self, definition: Definition, block: Block, seen: str, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.definition, self.block = definition, block
        self.fields["seen"].initial, self.fields["when"].initial = seen, block.when
        for tag in definition.languages:
            alone = len(definition.languages) == 1
            for name, label, rows in (("title", _("Title"), 1), ("intro", _("Words above the questions"), 4)):
                self.fields[f"{name}-{tag}"] = forms.CharField(
                    label=label if alone else f"{label} ({tag})",
                    required=False,
                    max_length=20_000,
                    initial=getattr(block, name).get(tag, ""),
                    widget=forms.Textarea(attrs={"rows": rows, "lang": tag}) if rows > 1 else forms.TextInput(),
                )

    def renew(self, seen: str) -> None:
        """Let the next saving of this bound form rest on what is stored now."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["seen"] = seen
        self.data = data

    def changes(self) -> dict[str, Any]:
        """The block's fields as the valid form gives them."""
        found: dict[str, Any] = {"when": self.cleaned_data["when"]}
        for name in ("title", "intro"):
            text = dict(getattr(self.block, name))
            text |= {tag: lines(self.cleaned_data[f"{name}-{tag}"]) for tag in self.definition.languages}
            found[name] = {tag: words for tag, words in text.items() if words}
        return found


def places(definition: Definition) -> list[tuple[str, Any]]:
    """Where a new question can stand: on a page of its own, or at the end of one that is there."""
    blocks = [
        (f"in:{block.key}", _("At the end of “%(block)s”") % {"block": _called(definition, block)})
        for block in definition.blocks
    ]
    return [*((f"new:{when}", label) for when, label in PAGES), *blocks]


def _called(definition: Definition, block: Block) -> str:
    return definition.text(block.title, definition.languages[0]) or block.key
