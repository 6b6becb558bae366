"""The tables in the form of a question: its options, the rows of a grid, the conditions under which it is shown."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from surveys.definition import Definition
from surveys.items import Condition, Item

SPARE_ROWS = 3
MOST_ROWS = 300


class Table:
    """Rows of small fields with one prefix. Empty ones are left out, and some are always spare."""

    def __init__(self, prefix: str, columns: Sequence[tuple[str, Any]], written: Sequence[dict[str, Any]], data: Any):
        self.prefix, self.columns = prefix, list(columns)
        self.names = [name for name, _label in self.columns]
        sent = str(data.get(f"{prefix}-rows", "")) if data is not None else ""
        given = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 4 else 0
        count = min(given, MOST_ROWS) if data is not None else len(written) + SPARE_ROWS
        self.rows = [self._row(n, data, written[n] if data is None and n < len(written) else {}) for n in range(count)]
        if data is not None and f"{prefix}-more" in data:
            self.rows += [self._row(n, None, {}) for n in range(count, count + SPARE_ROWS)]

    def _row(self, number: int, data: Any, written: dict[str, Any]) -> "Row":
        return Row(self.columns, number, written, data, prefix=f"{self.prefix}-{number}")

    @property
    def wants_more(self) -> bool:
        """Whether rows were added on this request, which saves nothing yet."""
        return any(not row.is_bound for row in self.rows) and any(row.is_bound for row in self.rows)

    def labels(self) -> list[Any]:
        """What stands above the columns."""
        return [label for _name, label in self.columns]

    def is_valid(self) -> bool:
        """Whether each row could be read; the rows then say why not."""
        read = [row.is_valid() for row in self.rows if row.is_bound]
        return all(read)

    def written(self) -> list["Row"]:
        """The rows in which something stands, in the order that their numbers ask for."""
        return sorted((row for row in self.rows if row.is_bound and row.says_something), key=lambda row: row.place)


class Row(forms.Form):
    """One row; ``place`` is its number, by which rows are put into another order."""

    use_required_attribute = False

    def __init__(self, columns: Sequence[tuple[str, Any]], number: int, written: dict[str, Any], data: Any, **kw: Any):
        super().__init__(data, **kw)
        self.number = number + 1
        for name, label in columns:
            self.fields[name] = _field(name, label, number + 1)
            self.fields[name].initial = written.get(name)
        self.fields["place"].initial = number + 1 if written else ""

    def say_nothing(self) -> None:
        """Show what was typed without a word about what is wrong."""
        self._errors = ErrorDict()

    @property
    def says_something(self) -> bool:
        """Whether more than a number and ticks stand in it."""
        texts = (value for name, value in self.cleaned_data.items() if name != "place" and isinstance(value, str))
        return any(text.strip() for text in texts)

    @property
    def place(self) -> tuple[float, int]:
        """Where the row wants to stand; without a number behind those that have one."""
        place = self.cleaned_data.get("place")
        return (float(place) if place is not None else float("inf"), self.number)


def _field(name: str, label: Any, row: int) -> forms.Field:
    attrs = {"aria-label": _("%(label)s, row %(row)s") % {"label": label, "row": row}}
    if name in {"anchored", "exclusive", "passes", "ends"}:
        return forms.BooleanField(label=label, required=False, widget=forms.CheckboxInput(attrs=attrs))
    if name in {"place", "value"}:
        narrow = attrs | {"class": "narrow", "inputmode": "numeric"}
        return forms.IntegerField(
            label=label, required=False, min_value=-(10**6), max_value=10**6, widget=forms.TextInput(attrs=narrow)
        )
    return forms.CharField(label=label, required=False, max_length=2000, widget=forms.TextInput(attrs=attrs))


def option_table(definition: Definition, kind: str, item: Item | None, data: Any) -> Table:
    """The options of a question: words in each language, code, value, and what is special about them."""
    texts = [(f"label-{tag}", _label_in(_("Words"), definition, tag)) for tag in definition.languages]
    columns: list[tuple[str, Any]] = [("place", gettext_lazy("No.")), *texts, ("code", gettext_lazy("Code"))]
    if kind != "ranking":
        columns.append(("value", gettext_lazy("Value")))
    columns.append(("anchored", gettext_lazy("Stays last")))
    if kind == "multiple":
        columns.append(("exclusive", gettext_lazy("Excludes the others")))
    if kind not in {"ranking", "grid"}:
        # Which answer is correct is a row's own in a grid.
        columns.append(("passes", gettext_lazy("Correct")))
    if kind != "ranking":
        columns.append(("ends", gettext_lazy("Ends the study")))
    written = []
    for option in item.options if item else ():
        passing = item is not None and option.code in (*item.correct, item.instructed)
        row: dict[str, Any] = {f"label-{tag}": option.label.get(tag, "") for tag in definition.languages}
        row |= {"code": option.code, "value": option.value, "anchored": option.anchored, "exclusive": option.exclusive}
        written.append(row | {"passes": passing, "ends": item is not None and option.code in item.screen_out})
    return Table("option", columns, written, data)


def options_of(table: Table, definition: Definition, before: Item | None) -> list[dict[str, Any]]:
    """The options that stand in the table; a code that is not written is made of the words."""
    found, taken = list[dict[str, Any]](), set[str]()
    labels = {option.code: dict(option.label) for option in before.options} if before else {}
    for row in table.written():
        given = row.cleaned_data
        label = {tag: given[f"label-{tag}"].strip() for tag in definition.languages if given[f"label-{tag}"].strip()}
        code = given["code"].strip() or _free(_slug(next(iter(label.values()), "")), taken)
        taken.add(code)
        kept = {tag: words for tag, words in labels.get(code, {}).items() if tag not in definition.languages}
        option = {"code": code, "label": kept | label, "value": given.get("value"), "anchored": given["anchored"]}
        found.append(option | {"exclusive": given.get("exclusive", False)})
    return found


def codes_with(table: Table, options: Sequence[dict[str, Any]], column: str) -> list[str]:
    """The codes of the options that are ticked in this column."""
    rows = zip(table.written(), options, strict=True)
    return [option["code"] for row, option in rows if row.cleaned_data.get(column)]


def grid_table(definition: Definition, rows: Sequence[Item], data: Any) -> Table:
    """The rows of a grid: their words in each language, and their keys."""
    texts = [(f"wording-{tag}", _label_in(_("Row"), definition, tag)) for tag in definition.languages]
    columns = [("place", gettext_lazy("No.")), *texts, ("key", gettext_lazy("Key"))]
    written = [
        {f"wording-{tag}": item.wording.get(tag, "") for tag in definition.languages} | {"key": item.key}
        for item in rows
    ]
    return Table("row", columns, written, data)


TESTS = [
    ("", "—"),
    ("any_of", gettext_lazy("is one of")),
    ("none_of", gettext_lazy("is none of")),
    ("at_least", gettext_lazy("is at least")),
    ("at_most", gettext_lazy("is at most")),
]


class RuleRow(forms.Form):
    """One condition: an earlier question, a comparison, and codes with commas between, or a number."""

    use_required_attribute = False
    item = forms.ChoiceField(label=gettext_lazy("The answer to"), required=False)
    test = forms.ChoiceField(label=gettext_lazy("Comparison"), required=False, choices=TESTS)
    value = forms.CharField(label=gettext_lazy("Codes or number"), required=False, max_length=1000)

    def __init__(self, earlier: Sequence[tuple[str, str]], condition: Condition | None, data: Any, number: int) -> None:
        super().__init__(data, prefix=f"rule-{number}")
        self.number = number + 1
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = _("%(label)s, condition %(row)s") % {
                "label": field.label,
                "row": number + 1,
            }
            if condition is not None:
                field.initial = _of_condition(condition, name)
        self.fields["item"].choices = [("", _("— no condition —")), *earlier]  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("item") and not (given.get("test") and given.get("value", "").strip()):
            self.add_error("value", _("Choose a comparison, and write the codes or the number."))
        return given

    def condition(self) -> dict[str, Any] | None:
        """The condition as the definition has it, or None where no question is chosen."""
        given = self.cleaned_data
        if not given.get("item"):
            return None
        value = given["value"].strip()
        codes = [code.strip() for code in value.split(",") if code.strip()]
        return {"item": given["item"], given["test"]: codes if given["test"] in {"any_of", "none_of"} else value}


def rule_rows(definition: Definition, earlier: Sequence[Item], item: Item | None, data: Any) -> list[RuleRow]:
    """A row for each condition that is there, and one more; at least three."""
    conditions = list(item.show_if) if item else []
    language = definition.languages[0]
    choices = [(each.key, f"{each.key}: {definition.text(each.wording, language)[:60]}") for each in earlier]
    count = max(3, len(conditions) + 1)
    return [RuleRow(choices, conditions[n] if n < len(conditions) else None, data, n) for n in range(count)]


def conditions_of(rows: Sequence[RuleRow]) -> Iterator[dict[str, Any]]:
    """The conditions of these rows; a lower and an upper bound on one question are one condition."""
    bounds: dict[str, dict[str, Any]] = {}
    for condition in (found for row in rows if (found := row.condition())):
        is_bound = not {"at_least", "at_most"}.isdisjoint(condition)
        if is_bound and condition["item"] in bounds and bounds[condition["item"]].keys() != condition.keys():
            bounds[condition["item"]].update(condition)
            continue
        if is_bound:
            bounds[condition["item"]] = condition
        else:
            yield condition
    yield from bounds.values()


def _of_condition(condition: Condition, name: str) -> str:
    if name == "item":
        return condition.item
    test = next(test for test, _label in TESTS[1:] if getattr(condition, test) not in (None, ()))
    if name == "test":
        return test
    value = getattr(condition, test)
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _label_in(words: str, definition: Definition, tag: str) -> str:
    return words if len(definition.languages) == 1 else f"{words} ({tag})"


def _slug(words: str) -> str:
    return slugify(words).replace("_", "-")[:36].strip("-") or "option"


def _free(stem: str, taken: set[str]) -> str:
    number, code = 1, stem
    while code in taken:
        number += 1
        code = f"{stem}-{number}"
    return code
