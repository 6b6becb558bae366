"""The form of what a study shows beside its articles as a manipulation: a disclaimer and a label of the source."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.definition import Definition
from surveys.manipulation import DISCLAIMER, LEVELS, SOURCE_LABEL, Factor
from surveys.workbench.forms.drafted import DefinitionForm, lines

LEVEL_LABELS = {
    "none": _("none: nothing is shown"),
    "shown": _("shown"),
    "correct": _("correct: the label tells who wrote it"),
    "missing": _("missing: the label says that the source is not told"),
    "false": _("false: the label tells the opposite"),
}
TEXTS = {
    DISCLAIMER: {"shown": _("The disclaimer")},
    SOURCE_LABEL: {
        "real": _("Label of a text by a person"),
        "synthetic": _("Label of a text by a machine"),
        "missing": _("Label that tells no source"),
    },
}
USES = [
    ("", _("Not used")),
    ("between", _("Varies between persons: each has one level for all articles")),
    ("within", _("Varies within persons: each has several levels, one an article")),
]


class BesideForm(DefinitionForm):
    """Which factors are crossed with the arms, at which levels, with which share and words."""

    parts = ("design",)

    def __init__(self, definition: Definition, seen: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(definition, seen, *args, **kwargs)
        factors = {factor.key: factor for factor in definition.design.factors}
        for key in LEVELS:
            self._add(key, factors.get(key))  # type: ignore[call-overload]  # keys of one kind

    def _add(self, key: str, factor: Factor | None) -> None:
        weights = {level.key: level.weight for level in factor.levels} if factor else {}
        use = "" if factor is None else "within" if factor.within else "between"
        self.fields[f"{key}-use"] = forms.ChoiceField(
            label=_("How it varies"), choices=USES, required=False, initial=use, widget=forms.RadioSelect
        )
        for level in LEVELS[key]:
            self.fields[f"{key}-level-{level}"] = forms.IntegerField(
                label=LEVEL_LABELS[level], required=False, min_value=1, max_value=1000, initial=weights.get(level)
            )
        texts = {str(name): text for name, text in factor.texts.items()} if factor else {}
        for name, label in TEXTS[key].items():
            for language in self.definition.languages:
                self.fields[f"{key}-text-{name}-{language}"] = forms.CharField(
                    label=label if len(self.definition.languages) == 1 else f"{label} ({language})",
                    required=False,
                    max_length=2000,
                    initial=texts.get(name, {}).get(language, ""),
                    widget=forms.Textarea(attrs={"rows": 2, "lang": language}),
                )

    def factors(self) -> Iterator[dict[str, Any]]:
        """{key, use, levels, texts} of each factor, for the template."""
        for key in LEVELS:
            named = {part: [n for n in self.fields if n.startswith(f"{key}-{part}-")] for part in ("level", "text")}
            yield {
                "key": key,
                "use": self[f"{key}-use"],
                "levels": [self[name] for name in named["level"]],
                "texts": [self[name] for name in named["text"]],
            }

    def clean(self) -> dict[str, Any]:
        """Say beside the field what a factor that is used still lacks."""
        given = super().clean() or {}
        for key in LEVELS:
            if not given.get(f"{key}-use"):
                continue
            levels = [level for level in LEVELS[key] if given.get(f"{key}-level-{level}")]
            if len(levels) < 2:
                told = _("Give at least two levels a share, such as 1 and 1; an empty one is not used.")
                self.add_error(f"{key}-level-{LEVELS[key][0]}", told)
            for name in _needed(key, levels):
                field = f"{key}-text-{name}-{self.definition.languages[0]}"
                if not (given.get(field) or "").strip():
                    self.add_error(field, _("Write it: the levels that are used show it."))
        return given

    def changes(self) -> dict[str, Any]:
        found = [factor for key in LEVELS if (factor := self._factor(key))]
        return {"design": self.definition.design.model_dump(mode="json") | {"factors": found}}

    def _factor(self, key: str) -> dict[str, Any] | None:
        given = self.cleaned_data
        if not given[f"{key}-use"]:
            return None
        shares = {level: given[f"{key}-level-{level}"] for level in LEVELS[key]}
        texts = {
            name: {tag: lines(given[f"{key}-text-{name}-{tag}"]) for tag in self.definition.languages}
            for name in TEXTS[key]
        }
        return {
            "key": key,
            "within": given[f"{key}-use"] == "within",
            "levels": [{"key": level, "weight": share} for level, share in shares.items() if share],
            "texts": {
                name: written
                for name, text in texts.items()
                if (written := {tag: words for tag, words in text.items() if words})
            },
        }


def _needed(key: str, levels: list[str]) -> tuple[str, ...]:
    if key == DISCLAIMER:
        return ("shown",)
    told = ("real", "synthetic") if {"correct", "false"} & set(levels) else ()
    return (*told, "missing") if "missing" in levels else told
