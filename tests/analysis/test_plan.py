"""A plan is read whole or refused with every problem named."""

import pytest

from analysis.plan import Plan, cut_problem, parse_plan
from analysis.plan_rules import PlanError, Rule, parse_rule

FROZEN = {
    "outcome": "credibility",
    "reference": "real",
    "alpha": "0.05",
    "credible_cut": "6",
    "equivalence_bound": "",
    "exclusions": ["attention-failed:2", "incomplete"],
    "notes": "",
}


def test_the_plan_of_a_frozen_definition_is_read_with_its_numbers_as_text() -> None:
    plan = parse_plan(FROZEN)
    assert (plan.alpha, plan.credible_cut, plan.equivalence_bound) == (0.05, 6.0, None)
    assert plan.exclusions == (Rule("attention-failed", "2"), Rule("incomplete"))
    assert plan.level == 0.95


def test_a_plan_survives_being_written_and_read() -> None:
    plan = parse_plan({**FROZEN, "equivalence_bound": "0.5", "notes": " kept as written "})
    assert parse_plan(plan.as_dict()) == plan


def test_an_empty_plan_is_the_default_one() -> None:
    assert parse_plan({}) == Plan()


def test_the_cut_of_the_index_is_the_cut_of_no_other_outcome() -> None:
    assert parse_plan({}).credible_cut == 6.0
    assert parse_plan({"outcome": "trust"}).credible_cut is None
    assert Plan(outcome="trust").credible_cut is None
    assert parse_plan({"outcome": "trust", "credible_cut": "5"}).credible_cut == 5.0
    assert parse_plan({"credible_cut": ""}).credible_cut is None


def test_a_cut_outside_the_scale_tells_no_ratings_apart() -> None:
    assert "accurate lies from 1 to 4; name a cut above 1 and up to 4" in cut_problem(6.0, (1.0, 4.0), "accurate")
    assert cut_problem(1.0, (1.0, 4.0), "accurate") != ""
    assert cut_problem(4.0, (1.0, 4.0), "accurate") == ""
    assert cut_problem(None, (1.0, 4.0), "accurate") == cut_problem(6.0, None, "accurate") == ""
    assert "seconds_on_page is a time, of which no length is credible" in cut_problem(6.0, None, "seconds_on_page")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("alpha", "many", "alpha: 'many' is not a number"),
        ("alpha", "", "alpha: '' is not a number"),
        ("alpha", "0.7", "alpha: 0.7 is not between 0 and 0.5"),
        ("alpha", float("nan"), "is not a number"),
        ("credible_cut", "inf", "credible_cut: 'inf' is not a number"),
        ("equivalence_bound", "-1", "equivalence_bound: -1 is not above 0"),
        ("outcome", "", "outcome: name the column"),
        ("outcome", 3, "outcome: must be text"),
        ("exclusions", "incomplete", "must be a list"),
        ("exclusions", ["bots"], "'bots' is no rule; there are attention-failed"),
        ("exclusions", ["faster-than"], "needs a number of seconds above 0"),
        ("exclusions", ["faster-than:-2"], "needs a number of seconds above 0"),
        ("exclusions", ["attention-failed:1.5"], "needs a whole number from 1"),
        ("exclusions", ["incomplete:2"], "takes nothing after a colon"),
        ("exclusions", ["flagged"], "needs a name"),
        ("exclusions", ["incomplete", "incomplete"], "more than once: incomplete"),
        ("power", "0.8", "power: no field of a plan"),
    ],
)
def test_what_is_wrong_is_named_with_its_field(field: str, value: object, says: str) -> None:
    with pytest.raises(PlanError, match=says.replace("(", r"\(")):
        parse_plan({**FROZEN, field: value})


def test_all_problems_come_at_once() -> None:
    with pytest.raises(PlanError) as error:
        parse_plan({"alpha": "x", "credible_cut": "y", "exclusions": ["z"], "unknown": 1})
    assert [problem.split(":")[0] for problem in error.value.problems] == [
        "unknown",
        "alpha",
        "credible_cut",
        "exclusions",
    ]


def test_a_rule_says_in_words_whom_it_leaves_out() -> None:
    assert parse_rule("faster-than: 5").sentence == "Ratings given within less than 5 seconds on the page."
    assert str(parse_rule("attention-failed")) == "attention-failed:1"


FULL = {
    **FROZEN,
    "question": "Do readers find a machine's news as credible as people's?",
    "main_contrast": "large",
    "equivalence_low": "-0.5",
    "equivalence_high": "1",
    "covariates": ["party", " age "],
    "trend_scores": {"small": "355", "large": "1500"},
    "alternative_exclusions": ["faster-than:5"],
    "specification_models": ["mixed", "means"],
    "neutral_answers": "",
}


def test_what_stands_beside_the_main_test_is_read_and_written_too() -> None:
    plan = parse_plan(FULL)
    assert plan.bounds == (-0.5, 1.0)
    assert plan.covariates == ("party", "age")
    assert dict(plan.trend_scores) == {"small": 355.0, "large": 1500.0}
    assert plan.alternative_exclusions == (Rule("faster-than", "5"),)
    assert plan.neutral_answers == "left-out"
    assert parse_plan(plan.as_dict()) == plan


def test_one_bound_holds_on_both_sides() -> None:
    assert parse_plan({"equivalence_bound": "0.5"}).bounds == (-0.5, 0.5)
    assert Plan().bounds is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"equivalence_high": ""}, "equivalence_low and equivalence_high belong together"),
        ({"equivalence_low": "1", "equivalence_high": "-1"}, "equivalence_low: 1 is not below equivalence_high, -1"),
        ({"equivalence_bound": "1"}, "equivalence_bound: give one bound for both sides"),
        ({"main_contrast": "real"}, "main_contrast: 'real' is the reference arm"),
        ({"trend_scores": ["small"]}, "trend_scores: must say a number for each arm"),
        ({"trend_scores": {"small": "big"}}, "trend_scores: the score of 'small', 'big', is not a number"),
        ({"trend_scores": {"small": 1, "large": 1}}, "trend_scores: give two arms or more different scores"),
        ({"specification_models": ["bayes"]}, "specification_models: 'bayes' is no model; there are mixed, means"),
        ({"neutral_answers": "guess"}, "neutral_answers: 'guess' is no treatment"),
        ({"alternative_exclusions": ["incomplete"]}, "alternative_exclusions: incomplete stands among the exclusions"),
        ({"alternative_exclusions": ["robots"]}, "alternative_exclusions: 'robots' is no rule"),
        ({"alternative_exclusions": [f"faster-than:{n}" for n in range(1, 9)]}, "there may be 8"),
        ({"covariates": "party"}, "covariates: must be a list of names"),
        ({"covariates": ["party", "party"]}, "covariates: these are there more than once: party"),
    ],
)
def test_what_is_wrong_beside_the_main_test_is_named_too(change: dict[str, object], says: str) -> None:
    with pytest.raises(PlanError) as error:
        parse_plan({**FULL, **change})
    assert says in str(error.value)
