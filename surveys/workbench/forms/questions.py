"""The form of one question of any kind, or of the rows of a grid together."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.text import slugify
from django.utils.translation import gettext as _
from pydantic import ValidationError

from surveys.definition import Definition
from surveys.items import CHOICES, TEXTS, Item
from surveys.workbench.forms.drafted import lines
from surveys.workbench.forms.question_pages import places
from surveys.workbench.forms.question_rows import (
    codes_with,
    conditions_of,
    grid_table,
    option_table,
    options_of,
    rule_rows,
)

# What a row of a grid can have of its own: what the form does not ask for, and what it asks for all rows at once.
OF_A_ROW = ("help", "vignette", "instructed", "correct", "correct_by_story")
FOR_ALL_ROWS = ("required", "screen_out", "show_if")


class QuestionForm(forms.Form):
    """One question. ``items`` holds what is changed: none for a new one, several for a grid.

    ``seen`` is the digest of the blocks when the page was made: it tells when somebody else saved in between.
    """

    use_required_attribute = False
    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=64)

    def __init__(
        self, definition: Definition, kind: str, items: Sequence[Item], seen: str, data: QueryDict | None = None
    ) -> None:
        super().__init__(data)
        self.definition, self.kind, self.items = definition, kind, tuple(items)
        self.first = items[0] if items else None
        self.read_items: list[dict[str, Any]] = []
        self.fields["seen"].initial = seen
        if not items:
            self.fields["place"] = forms.ChoiceField(label=_("Where it is asked"), choices=places(definition))
        self._add_texts()
        self._add_answering()
        self._add_limits()
        self.rows = grid_table(definition, self.items, data) if kind == "grid" else None
        has_options = kind == "grid" or kind in CHOICES
        self.options = option_table(definition, kind, self.first, data) if has_options else None
        self.rules = rule_rows(definition, _earlier(definition, self.first), self.first, data)

    @property
    def wants_more(self) -> bool:
        """Whether this request asked for more rows, rather than to be saved."""
        return any(table is not None and table.wants_more for table in (self.rows, self.options))

    def say_nothing(self) -> None:
        """Show what was typed without a word about what is still missing: more rows were asked for, no judgement."""
        self._errors = ErrorDict()
        for table in (self.rows, self.options):
            for row in table.rows if table else ():
                row.say_nothing()

    def is_valid(self) -> bool:
        parts = [super().is_valid(), *(rule.is_valid() for rule in self.rules)]
        parts += [table.is_valid() for table in (self.rows, self.options) if table is not None]
        for rule in self.rules:
            for problem in rule.errors.get("value", []):
                self.add_error(None, _("Condition %(n)s: %(problem)s") % {"n": rule.number, "problem": problem})
        for table, name in ((self.options, _("Answer")), (self.rows, _("Row"))):
            for row in table.rows if table else ():
                for field, problems in row.errors.items() if row.is_bound else ():
                    label = row.fields[field].label
                    self.add_error(None, f"{name} {row.number}, {label}: {' '.join(map(str, problems))}")
        return all(parts) and not self.errors

    def read(self) -> list[dict[str, Any]]:
        """The items that the valid form gives, for the definition; [] where they are wrong, and the form says why."""
        found, languages = [], self.definition.languages
        shared = self._shared()
        if self.rows is None:
            found = [shared | {"key": self._key(), "wording": self._text("wording", self.first)}]
        else:
            for number, row in enumerate(self.rows.written(), start=1):
                given = row.cleaned_data
                key = given["key"].strip() or self._free(f"{self._stem()}-{number}", {each["key"] for each in found})
                before = self._row_before(row.number, given["key"].strip())
                kept = {t: w for t, w in (before.wording if before else {}).items() if t not in languages}
                words = {tag: given[f"wording-{tag}"].strip() for tag in languages if given[f"wording-{tag}"].strip()}
                found.append(shared | self._own(before, shared) | {"key": key, "wording": kept | words})
            if not found:
                self.add_error(None, _("Write at least one row of the grid."))
        for item in found:
            self._check(item)
        self.read_items = [] if self.errors else found
        return self.read_items

    def _row_before(self, number: int, key: str) -> Item | None:
        """The row that this one was: the one with its key, or, where that was changed, the one that stood there."""
        by_key = {item.key: item for item in self.items}
        return by_key.get(key) or (self.items[number - 1] if key and number <= len(self.items) else None)

    def _own(self, row: Item | None, shared: dict[str, Any]) -> dict[str, Any]:
        """What a row of a grid has for itself: what the form does not ask for, and what was not changed for all."""
        if row is None or self.first is None:
            return {}
        try:
            given = Item.model_validate(shared | {"key": row.key, "wording": dict(row.wording)})
        except ValidationError:
            # What is wrong is told by ``_check``, and nothing is stored.
            return {}
        names = [name for name in FOR_ALL_ROWS if getattr(given, name) == getattr(self.first, name)]
        return row.model_dump(mode="json", include={*OF_A_ROW, *names})

    def renew(self, seen: str) -> None:
        """Let the next saving of this bound form rest on what is stored now."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["seen"] = seen
        self.data = data

    def texts(self) -> Iterator[forms.BoundField]:
        """The fields with words, for the template."""
        return (self[name] for name in self.fields if name.split("-")[0] in {"stem", "wording", "help", "vignette"})

    def others(self) -> Iterator[forms.BoundField]:
        """Everything else but the words and the place, for the template."""
        words = {"stem", "wording", "help", "vignette", "seen", "place"}
        return (self[name] for name in self.fields if name.split("-")[0] not in words)

    def _add_texts(self) -> None:
        is_grid = self.kind == "grid"
        names = {"stem": _("Words above the grid")} if is_grid else {"wording": _("Question")}
        if self.kind == "consent":
            names = {"wording": _("What is agreed to")}
        if not is_grid:
            names |= {"help": _("Help below it"), "vignette": _("Text to read first")}
        for language in self.definition.languages:
            for name, label in names.items():
                text = getattr(self.first, name, None) or {}
                self.fields[f"{name}-{language}"] = forms.CharField(
                    label=label if len(self.definition.languages) == 1 else f"{label} ({language})",
                    required=name in {"wording", "stem"} and language == self.definition.languages[0],
                    max_length=20_000,
                    initial=text.get(language, ""),
                    widget=forms.Textarea(attrs={"rows": 5 if name == "vignette" else 2, "lang": language}),
                    help_text=_("Such as the text of a mock vignette, about which it asks.")
                    if name == "vignette"
                    else "",
                )
        self.fields["key"] = forms.RegexField(
            r"^[a-z][a-z0-9-]*$",
            label=_("Key"),
            required=False,
            max_length=40,
            initial=self.first.key if self.first else "",
            help_text=_(
                "The name of its column in the data; small letters, digits and hyphens. Empty: made from the words."
            ),
            error_messages={"invalid": _("Write it with small letters, digits and hyphens, a letter first.")},
        )
        if is_grid:
            self.fields["key"].label = _("Beginning of the keys")
            self.fields["key"].initial = ""

    def _add_answering(self) -> None:
        required = self.first.required if self.first else self.kind != "highlight"
        self.fields["required"] = forms.ChoiceField(
            label=_("An answer is"),
            choices=[("yes", _("needed to go on")), ("no", _("can be left out"))],
            initial="yes" if required else "no",
            widget=forms.RadioSelect,
            help_text=_("Rows with settings of their own keep them, unless you change the setting here for all.")
            if any(getattr(item, name) != getattr(self.first, name) for item in self.items for name in FOR_ALL_ROWS)
            else "",
        )
        if self.kind != "consent":
            self.fields["prefer_not_to_say"] = forms.BooleanField(
                label=_("Offer ‘Prefer not to say’"),
                required=False,
                initial=self.first.prefer_not_to_say if self.first else False,
            )
        if self.kind == "grid" or self.kind in CHOICES:
            orders = [("fixed", _("as written")), ("reversed", _("reversed for half of the people"))]
            orders += [] if _item_kind(self.kind) == "likert" else [("shuffled", _("shuffled for each person"))]
            self.fields["order"] = forms.ChoiceField(
                label=_("Order of the answers"), choices=orders, initial=self.first.order if self.first else "fixed"
            )
        if self.kind in {"single", "likert", "multiple"}:
            is_attention = self.first is not None and self.first.instructed is not None
            kinds = [("comprehension", _("comprehension: any answer marked as correct passes"))]
            kinds += [] if self.kind == "multiple" else [("attention", _("attention: the one answer that is told"))]
            self.fields["check"] = forms.ChoiceField(
                label=_("What the correct answers check"),
                choices=kinds,
                initial="attention" if is_attention else "comprehension",
            )
            by_story = self.first.correct_by_story if self.first else {}
            self.fields["correct_by_story"] = forms.CharField(
                label=_("Correct answers by story"),
                required=False,
                max_length=20_000,
                initial="\n".join(f"{story}: {', '.join(codes)}" for story, codes in by_story.items()),
                widget=forms.Textarea(attrs={"rows": 3}),
                help_text=_("One a line, such as bridge: yes. For a question about the article, in place of marks."),
            )

    def _add_limits(self) -> None:
        first = self.first
        if self.kind in {"number", "slider"}:
            for name, label in (("minimum", _("Least")), ("maximum", _("Most"))):
                bound = getattr(first, name, None)
                self.fields[name] = forms.DecimalField(
                    label=label,
                    required=self.kind == "slider",
                    initial=bound
                    if bound is not None or self.kind == "number"
                    else {"minimum": 0, "maximum": 100}[name],
                )
        if self.kind == "number":
            whole = first.whole if first else True
            self.fields["whole"] = forms.BooleanField(label=_("Whole numbers only"), required=False, initial=whole)
        if self.kind == "slider":
            step = first.stride if first else 1
            self.fields["step"] = forms.DecimalField(label=_("Step"), initial=step)
            for name, label in (("low_label", _("Words at the low end")), ("high_label", _("Words at the high end"))):
                for tag in self.definition.languages:
                    words = getattr(first, name, None) or {}
                    self.fields[f"{name}-{tag}"] = forms.CharField(
                        label=label if len(self.definition.languages) == 1 else f"{label} ({tag})",
                        required=False,
                        max_length=200,
                        initial=words.get(tag, ""),
                    )
        if self.kind in TEXTS:
            self.fields["max_length"] = forms.IntegerField(
                label=_("Most characters"),
                required=False,
                min_value=1,
                max_value=100_000,
                initial=getattr(first, "max_length", None),
            )

    def _shared(self) -> dict[str, Any]:
        """What the form says of the item, or of each row of a grid, apart from key and wording."""
        given = self.cleaned_data
        item: dict[str, Any] = {
            "kind": _item_kind(self.kind),
            "required": given["required"] == "yes",
            "prefer_not_to_say": given.get("prefer_not_to_say", False),
            "order": given.get("order", "fixed"),
            "show_if": list(conditions_of(self.rules)),
            "whole": given.get("whole", True),
        }
        for name in ("minimum", "maximum", "step"):
            item[name] = str(given[name]) if given.get(name) is not None else None
        item["max_length"] = given.get("max_length")
        for name in ("help", "vignette", "stem", "low_label", "high_label"):
            item[name] = self._text(name, self.first) or None
        if self.options is not None:
            item["options"] = options_of(self.options, self.definition, self.first)
            item |= self._checks(item["options"])
        return item

    def _checks(self, options: list[dict[str, Any]]) -> dict[str, Any]:
        if self.options is None:
            return {}
        passing = codes_with(self.options, options, "passes")
        found: dict[str, Any] = {"screen_out": codes_with(self.options, options, "ends")}
        if self.cleaned_data.get("check") == "attention" and passing:
            if len(passing) > 1:
                self.add_error("check", _("An attention check has one correct answer."))
            found["instructed"] = passing[0]
        elif "check" in self.cleaned_data:
            found["correct"] = passing
        by_story = {}
        for line in self.cleaned_data.get("correct_by_story", "").splitlines():
            story, colon, codes = line.partition(":")
            if line.strip() and not (colon and codes.strip()):
                problem = _("‘%(line)s’: write a story's key, a colon and the codes.") % {"line": line.strip()}
                self.add_error("correct_by_story", problem)
            elif line.strip():
                by_story[story.strip()] = [code.strip() for code in codes.split(",") if code.strip()]
        return found | {"correct_by_story": by_story}

    def _text(self, name: str, before: Item | None) -> dict[str, str]:
        """A text in the study's languages, with what it says in languages that the study has no more."""
        kept = {
            tag: words
            for tag, words in (getattr(before, name, None) or {}).items()
            if tag not in self.definition.languages
        }
        fields = ((tag, f"{name}-{tag}") for tag in self.definition.languages)
        given = {tag: lines(self.cleaned_data.get(field, "")) for tag, field in fields}
        return kept | {tag: words for tag, words in given.items() if words}

    def _key(self) -> str:
        return self.cleaned_data["key"] or self._free(self._stem(), set())

    def _stem(self) -> str:
        words = self.cleaned_data.get(
            f"{'stem' if self.kind == 'grid' else 'wording'}-{self.definition.languages[0]}", ""
        )
        stem = self.cleaned_data["key"] or "-".join(slugify(words).replace("_", "-").split("-")[:4])[:30].strip("-")
        return stem if stem[:1].isalpha() else f"{self.kind}-{stem}".strip("-")

    def _free(self, stem: str, taken: set[str]) -> str:
        mine = {item.key for item in self.items}
        there = {item.key for block in self.definition.blocks for item in block.items} - mine
        number, key = 1, stem
        while key in taken | there:
            number += 1
            key = f"{stem}-{number}"
        return key

    def _check(self, item: dict[str, Any]) -> None:
        """Put what is wrong with the item beside the fields that it is about."""
        try:
            Item.model_validate(item)
        except ValidationError as error:
            for problem in error.errors():
                name = str(problem["loc"][0]) if problem["loc"] else ""
                where = next(
                    (field for field in (name, f"{name}-{self.definition.languages[0]}") if field in self.fields), None
                )
                words = str(problem["msg"]).removeprefix("Value error, ")
                rest = problem["loc"][1:]
                if name == "options" and rest and isinstance(rest[0], int):
                    rest = (_("Answer %(n)s") % {"n": rest[0] + 1}, *rest[1:])
                path = ", ".join(str(step) for step in rest)
                if where is None and self.rows is not None:
                    path = f"{item['key']}, {path}" if path else item["key"]
                self.add_error(where, f"{path}: {words}" if path else words)


def kind_of(item: Item) -> str:
    """The kind as the form knows it: a Likert item with words above it is a row of a grid."""
    return "grid" if item.stem else item.kind


def _item_kind(kind: str) -> str:
    return "likert" if kind == "grid" else kind


def _earlier(definition: Definition, item: Item | None) -> list[Item]:
    """The questions at which a condition of this item may look: all that stand before it."""
    found: list[Item] = []
    for when in ("before", "reading", "looking-back", "after"):
        for block in definition.at(when):
            for each in block.items:
                if item is not None and each.key == item.key:
                    return found
                found.append(each)
    return found
