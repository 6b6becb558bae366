"""The form of how a page of a lab's own questions comes to one number."""

from fractions import Fraction
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.definition import Block, Definition
from surveys.instruments.model import score_range
from surveys.items import Item

RULES = (
    ("", gettext_lazy("These questions are not scored")),
    ("mean", gettext_lazy("Mean of the values")),
    ("sum", gettext_lazy("Sum of the values")),
    ("passed", gettext_lazy("How many checks were passed")),
)


class ScoringForm(forms.Form):
    """Rule, items and direction; the range follows from the items. Only items that can be scored are offered."""

    use_required_attribute = False
    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=64)
    rule = forms.ChoiceField(label=gettext_lazy("Rule"), choices=RULES, required=False)
    items = forms.MultipleChoiceField(
        label=gettext_lazy("Questions that count"), required=False, widget=forms.CheckboxSelectMultiple
    )
    reversed = forms.MultipleChoiceField(
        label=gettext_lazy("Of these the other way round"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Their highest value counts as their lowest, and so on."),
    )
    offset = forms.IntegerField(
        label=gettext_lazy("Added to the sum"),
        required=False,
        min_value=-10_000,
        max_value=10_000,
        help_text=gettext_lazy("A whole number, also below zero; for a sum only."),
    )
    direction = forms.CharField(
        label=gettext_lazy("What a high score means"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Such as: higher is more credible. It stands in the codebook."),
    )

    def __init__(self, definition: Definition, block: Block, seen: str, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.block = block
        language = definition.languages[0]
        self.scorable = [item for item in block.items if _has_values(item) or _is_check(item)]
        choices = [(item.key, f"{definition.text(item.wording, language)} ({item.key})") for item in self.scorable]
        for name in ("items", "reversed"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # choice fields
        self.fields["seen"].initial = seen
        scoring = block.scoring
        if scoring is not None:
            for name in ("rule", "offset", "direction"):
                self.fields[name].initial = getattr(scoring, name)
            self.fields["items"].initial, self.fields["reversed"].initial = list(scoring.items), list(scoring.reversed)
        else:
            self.fields["items"].initial = [item.key for item in self.scorable]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("rule") and "items" in given:
            for field, problem in self._problems(given["rule"]).items():
                self.add_error(field, problem)
        return given

    def renew(self, seen: str) -> None:
        """Let the next saving of this bound form rest on what is stored now."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["seen"] = seen
        self.data = data

    def changes(self) -> dict[str, Any]:
        """The block's scoring as the valid form gives it."""
        given = self.cleaned_data
        if not given["rule"]:
            return {"scoring": None}
        low, high = score_range(self._chosen(), given["rule"], given["offset"] or 0)
        kept = self.block.scoring.model_dump(mode="json") if self.block.scoring else {}
        return {
            "scoring": kept
            | {
                "rule": given["rule"],
                "items": [item.key for item in self._chosen()],
                "reversed": given["reversed"] if given["rule"] != "passed" else [],
                "offset": given["offset"] or 0,
                "direction": given["direction"],
                "minimum": _decimal(low),
                "maximum": _decimal(high),
            }
        }

    def _chosen(self) -> list[Item]:
        return [item for item in self.scorable if item.key in self.cleaned_data["items"]]

    def _problems(self, rule: str) -> dict[str, str]:
        found: dict[str, str] = {}
        given, chosen = self.cleaned_data, self._chosen()
        fits = _is_check if rule == "passed" else _has_values
        unfit = [item.key for item in chosen if not fits(item)]
        if not chosen:
            found["items"] = _("Choose the questions that count.")
        elif unfit:
            wanted = _("a correct answer") if rule == "passed" else _("a value at its answers")
            found["items"] = _("%(keys)s: this rule needs %(wanted)s.") % {"keys": ", ".join(unfit), "wanted": wanted}
        elif rule == "mean" and not all(_is_decimal(end) for end in score_range(chosen, "mean")):
            found["items"] = _("Their scales differ, so that the mean has no range in decimals. Take the sum instead.")
        if strangers := sorted({*given.get("reversed", ())} - {item.key for item in chosen}):
            found["reversed"] = _("%(keys)s does not count.") % {"keys": ", ".join(strangers)}
        if given.get("offset") and rule != "sum":
            found["offset"] = _("It belongs to a sum: leave it empty.")
        if not given.get("direction"):
            found["direction"] = _("Say what a high score means.")
        return found


def _has_values(item: Item) -> bool:
    """Whether one answer is given, and has a number."""
    return item.kind in {"single", "likert"} and any(option.value is not None for option in item.options)


def _is_check(item: Item) -> bool:
    return bool(item.instructed or item.correct)


def _is_decimal(number: Fraction) -> bool:
    """Whether it can be written with at most four places."""
    return (number * 10_000).denominator == 1


def _decimal(number: Fraction) -> str:
    return f"{float(number):.4f}".rstrip("0").rstrip(".")
