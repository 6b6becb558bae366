"""PURE: mixed-model formulas in lme4's notation, taken apart into outcome, fixed part and random terms."""

import re
from dataclasses import dataclass

# Everything else that Python could do inside a formula is refused: formulas may come from people who are not the
# ones whose machine evaluates them.
FUNCTIONS = frozenset({"C", "I", "log", "log2", "log10", "exp", "center", "scale", "poly", "contr.treatment"})
# A second argument of theirs would mean something else than in R, or nothing.
_OF_ONE = frozenset({"I", "log", "log2", "log10", "exp", "center"})
_WORDS = {"TRUE": "True", "FALSE": "False"}
_NAME = r"[^\W\d]\w*"
_TOKEN = re.compile(
    rf"""\s*(?:(?P<quoted>`[^`]+`)|(?P<number>\d+\.?\d*)|(?P<text>"[^"]*"|'[^']*')"""
    rf"""|(?P<name>{_NAME}(?:\.{_NAME})*)|(?P<sign>[-+*/:^()|~,=]))"""
)


class MixedModelError(ValueError):
    """A model that cannot be fitted; the sentence says what is wrong and where. ``column`` and ``rows`` name it."""

    def __init__(self, message: str, *, column: str = "", rows: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.column = column
        self.rows = rows


class FormulaError(MixedModelError):
    """A formula that cannot be read, or that names what the table does not have."""


@dataclass(frozen=True)
class RandomTerm:
    """``(columns | group)``: the right-hand side whose effects vary, and the columns whose combinations are levels."""

    columns: str
    group: tuple[str, ...]

    def __str__(self) -> str:
        return f"({self.columns} | {':'.join(self.group)})"


@dataclass(frozen=True)
class MixedFormula:
    """A formula's parts; ``fixed`` is a right-hand side for formulaic, with its intercept unless it says ``0``."""

    text: str
    outcome: str
    fixed: str
    random: tuple[RandomTerm, ...]


def parse_formula(text: str) -> MixedFormula:
    """The parts of ``y ~ x + (1 + x | g) + (1 | a:b)``, as lme4 reads them (Bates et al. 2015, table 2).

    ``(x || g)`` means ``(1 | g) + (0 + x | g)``, and ``(1 | a/b)`` means ``(1 | a) + (1 | a:b)``. Raises
    ``FormulaError`` for a formula without outcome or random term, unbalanced parentheses, or anything that is no
    column, number, operator or one of ``FUNCTIONS``. Within a function ``^`` is a power, as in ``I(x^2)``.
    """
    sides = _checked(text).split("~")
    if len(sides) != 2:
        raise FormulaError(
            f"the formula '{text}' has {len(sides) - 1} '~'; write it as 'outcome ~ fixed + (1 | group)'"
        )
    fixed, groups = _take_random(sides[1], text)
    random = tuple(term for group in groups for term in _random_terms(group, text))
    if not random:
        raise FormulaError(f"the formula '{text}' has no random term such as (1 | participant)")
    repeated = {str(term) for n, term in enumerate(random) if term in random[:n]}
    if repeated:
        raise FormulaError(f"the formula '{text}' has the term {sorted(repeated)[0]} twice")
    return MixedFormula(text.strip(), _column(sides[0], "the outcome", text), fixed, random)


def names_in(side: str) -> set[str]:
    """The names of the columns in a right-hand side, also those that stand within functions."""
    found = list(_TOKEN.finditer(side))
    after = [match.group().strip() for match in found[1:]] + [""]
    names = set()
    for match, following in zip(found, after, strict=True):
        word = match.group().strip()
        if match.lastgroup == "quoted":
            names.add(word[1:-1])
        elif match.lastgroup == "name" and following not in {"(", "="} and word not in {*_WORDS.values()}:
            names.add(word)
    return {name for name in names if name != "contr.treatment"}


def _checked(text: str) -> str:
    """The formula as formulaic reads it, where '^' within a function is Python's '**'. Raises ``FormulaError``."""
    position, before, written = 0, "", ""
    end = len(text.rstrip())
    # The functions whose parentheses are open, '' for a parenthesis that only groups.
    inside: list[str] = []
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise FormulaError(f"the formula '{text}' cannot be read from '{text[position:].strip()}' on")
        word = match.group().strip()
        if word == "(" and re.fullmatch(rf"{_NAME}(?:\.{_NAME})*", before) and before not in FUNCTIONS:
            raise FormulaError(f"formulas know no function '{before}'; they know {', '.join(sorted(FUNCTIONS))}")
        if word == "(" and before == ")":
            raise FormulaError(f"the formula '{text}' has ')(' in it; write an operator between them")
        if "." in word and match.lastgroup == "name" and word not in FUNCTIONS:
            raise FormulaError(f"write the column {word} between backticks: `{word}`")
        if word == "(":
            inside.append(before if before in FUNCTIONS else "")
        elif word == ")" and inside:
            inside.pop()
        elif word == "," and inside and inside[-1] in _OF_ONE:
            raise FormulaError(f"{inside[-1]}() takes one column, or what is computed of columns, and no more")
        written += match.group().replace(word, _in_python(word)) if any(inside) else match.group()
        position, before = match.end(), word
    return written


def _in_python(word: str) -> str:
    return "**" if word == "^" else _WORDS.get(word, word)


def _take_random(right: str, text: str) -> tuple[str, list[str]]:
    """The right-hand side without its random terms, and what stands between their parentheses."""
    fixed, groups, position = "", [], 0
    while position < len(right):
        if right[position] == "(" and not re.search(r"[\w.`]\s*$", fixed):
            end = _closing(right, position, text)
            inner = right[position + 1 : end]
            if "|" in inner:
                if not re.fullmatch(r"(.*\+)?\s*", fixed, re.DOTALL):
                    raise FormulaError(f"the random term ({inner}) must be added with '+'")
                fixed = re.sub(r"\s*\+?\s*$", "", fixed)
                groups.append(inner)
                position = end + 1
                continue
        fixed += right[position]
        position += 1
    if "|" in fixed:
        raise FormulaError(f"random terms stand between parentheses: (1 | group), in '{text}'")
    fixed = re.sub(r"^\s*\+", "", fixed).strip()
    if fixed.count("(") != fixed.count(")"):
        raise FormulaError(f"the parentheses of '{text}' do not match")
    return fixed or "1", groups


def _closing(right: str, start: int, text: str) -> int:
    depth = 0
    for position in range(start, len(right)):
        depth += {"(": 1, ")": -1}.get(right[position], 0)
        if depth == 0:
            return position
    raise FormulaError(f"the parentheses of '{text}' do not match")


def _random_terms(inner: str, text: str) -> list[RandomTerm]:
    parts = re.split(r"(\|\|?)", inner)
    if len(parts) != 3 or not parts[0].strip():
        raise FormulaError(f"({inner}) is no random term; write (columns | group)")
    columns, bar, group = parts[0].strip(), parts[1], parts[2].strip()
    groups = _groups(group, text)
    wanted = [columns] if bar == "|" else _uncorrelated(columns)
    return [RandomTerm(part, names) for names in groups for part in wanted]


def _groups(group: str, text: str) -> list[tuple[str, ...]]:
    nested = [tuple(_column(name, "a group", text) for name in part.split(":")) for part in group.split("/")]
    return [tuple(name for part in nested[: n + 1] for name in part) for n in range(len(nested))]


def _uncorrelated(columns: str) -> list[str]:
    """``1 + x + z`` as ``1``, ``0 + x``, ``0 + z``: every term on its own, as ``||`` asks."""
    depth, parts = 0, [""]
    for sign in columns:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "+" and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    names = [part.strip() for part in parts if part.strip()]
    if any(sign in re.sub(r"\(.*\)", "", name) for name in names for sign in "-*"):
        raise FormulaError(f"write ({columns} || group) as a plain sum, or as several terms")
    intercept = [] if "0" in names else ["1"]
    return intercept + [f"0 + {name}" for name in names if name not in {"0", "1"}]


def _column(name: str, what: str, text: str) -> str:
    name = name.strip()
    if re.fullmatch(r"`[^`]+`", name):
        return name[1:-1]
    if not re.fullmatch(_NAME, name):
        raise FormulaError(f"'{name}' is not the name of a column: {what} of '{text}' must be one")
    return name
