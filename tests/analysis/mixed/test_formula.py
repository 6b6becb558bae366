"""Formulas in lme4's notation, read and refused."""

import pytest

from analysis.mixed.formula import FormulaError, RandomTerm, parse_formula


def random_terms(text: str) -> list[str]:
    return [str(term) for term in parse_formula(text).random]


def test_outcome_fixed_part_and_random_terms_are_taken_apart() -> None:
    formula = parse_formula("y ~ service * age + (1 | s) + (1 + age | d)")
    assert (formula.outcome, formula.fixed) == ("y", "service * age")
    assert formula.random == (RandomTerm("1", ("s",)), RandomTerm("1 + age", ("d",)))


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("y ~ (1|g)", "1"),
        ("y ~ (1|g) + x", "x"),
        ("y ~ 0 + x + (1|g)", "0 + x"),
        ("y ~ a + (1|g) + b", "a + b"),
        ("y ~ (a + b)^2 + (1|g)", "(a + b)^2"),
        ("y ~ log(x) + C(arm, contr.treatment('real')) + (1|g)", "log(x) + C(arm, contr.treatment('real'))"),
    ],
)
def test_the_fixed_part_is_what_remains(text: str, fixed: str) -> None:
    assert parse_formula(text).fixed == fixed


def test_two_bars_make_every_effect_its_own_term() -> None:
    assert random_terms("y ~ x + (x || g)") == ["(1 | g)", "(0 + x | g)"]
    assert random_terms("y ~ x + (0 + x + z || g)") == ["(0 + x | g)", "(0 + z | g)"]


def test_a_slash_nests_and_a_colon_combines() -> None:
    assert random_terms("y ~ (1 | story/article)") == ["(1 | story)", "(1 | story:article)"]
    assert random_terms("y ~ (1 | a:b)") == ["(1 | a:b)"]


def test_names_with_spaces_stand_between_backticks() -> None:
    formula = parse_formula("`my outcome` ~ 1 + (1 | `the group`)")
    assert (formula.outcome, formula.random[0].group) == ("my outcome", ("the group",))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("y ~ x", "no random term"),
        ("y + (1|g)", "has 0 '~'"),
        ("y ~ x + 1|g", "stand between parentheses"),
        ("y ~ x + (1|g", "parentheses of .* do not match"),
        ("y ~ x) + (1|g)", "parentheses of .* do not match"),
        ("y ~ x * (1|g)", "must be added with '\\+'"),
        ("y ~ (1|g) + (1|g)", "twice"),
        ("y ~ (|g)", "no random term"),
        ("y ~ (1|g|h)", "no random term"),
        ("y ~ (1|)", "'' is not the name of a column"),
        ("log(y) ~ (1|g)", "'log\\(y\\)' is not the name of a column"),
        ("y ~ (x * z || g)", "plain sum"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(text: str, complaint: str) -> None:
    with pytest.raises(FormulaError, match=complaint):
        parse_formula(text)


@pytest.mark.parametrize(
    "text",
    [
        "y ~ __import__('os').system('true') + (1|g)",
        "y ~ open('/etc/passwd') + (1|g)",
        "y ~ x.__class__ + (1|g)",
        "y ~ np.exp(x) + (1|g)",
        "y ~ {x + 1} + (1|g)",
        "y ~ x[0] + (1|g)",
        "y ~ (lambda: 1)() + (1|g)",
        "y ~ (eval(x) | g)",
    ],
)
def test_a_formula_runs_no_code_but_its_own_few_functions(text: str) -> None:
    with pytest.raises(FormulaError):
        parse_formula(text)
