"""The form of a power plan takes what a researcher may write, and says at its field what is wrong with the rest."""

from typing import Any

import pytest

from analysis.power_form import PowerForm

GIVEN: dict[str, Any] = {
    "difference": "0.5",
    "source": "named",
    "sd_person": "1",
    "sd_article": "0.3",
    "sd_noise": "1.2",
    "design": "between",
    "people": "100, 50;200 100",
    "articles": "8,4",
    "ratings": "4",
    "power": "0.8",
    "alpha": "0.05",
    "simulations": "0",
    "small_simulations": "0",
    "goal": "difference",
    "arms": "2",
    "which": "one",
    "adjust": "holm",
}


def form(**changes: Any) -> PowerForm:
    return PowerForm(None, ["pilot"], {**GIVEN, "people": "100, 50", **changes})


def test_what_is_asked_comes_back_as_json_holds_it() -> None:
    asked = form(difference="-0.5", sd_story="0.7")
    assert asked.is_valid(), asked.errors
    assert asked.question == {
        "difference": 0.5,
        "people": [50, 100],
        "articles": [4, 8],
        "ratings": 4,
        "design": "between",
        "power": 0.8,
        "alpha": 0.05,
        "simulations": 0,
        "small_simulations": 0,
        "arms": 2,
        "which": "one",
        "adjust": "holm",
    }
    assert asked.spreads == {"person": 1.0, "article": 0.3, "noise": 1.2, "person_by_arm": 0.0, "story": 0.7}
    assert asked.source_mode == ""


def test_equivalence_of_several_arms_keeps_its_bounds_and_the_sign_of_the_true_difference() -> None:
    asked = form(goal="equivalence", bound_low="-0.5", bound_high="0.4", difference="-0.1", arms="5", which="all")
    assert asked.is_valid(), asked.errors
    found = asked.question
    assert (found["bound_low"], found["bound_high"], found["difference"]) == (-0.5, 0.4, -0.1)
    assert (found["arms"], found["which"]) == (5, "all")


def test_a_pilots_spreads_need_no_named_ones() -> None:
    asked = form(source="pilot", sd_person="", sd_article="", sd_noise="")
    assert asked.is_valid(), asked.errors
    assert asked.source_mode == "pilot"


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"difference": ""}, "difference", "required"),
        ({"difference": "0"}, "difference", "cannot be found"),
        ({"difference": "nan"}, "difference", "Enter a number"),
        ({"difference": "1e300"}, "difference", "less than or equal to"),
        ({"source": "live"}, "source", "not one of the available choices"),
        ({"sd_person": ""}, "sd_person", "choose a pilot"),
        ({"sd_article": "-1"}, "sd_article", "greater than or equal to 0"),
        ({"sd_noise": "0"}, "sd_noise", "above 0"),
        ({"people": ""}, "people", "required"),
        ({"people": "100, many"}, "people", "“many” is no whole number from 4 to 100000"),
        ({"people": "100,1e9"}, "people", "“1e9” is no whole number"),
        ({"people": "²²"}, "people", "is no whole number"),
        ({"people": "999999999999999999999999"}, "people", "is no whole number"),
        ({"people": "51"}, "people", "even numbers"),
        ({"people": ",".join(map(str, range(4, 60, 2)))}, "people", "at most 24 sizes"),
        ({"people": "4000", "simulations": "10"}, "people", "at most 2000 people"),
        ({"articles": "1"}, "articles", "from 2 to 500"),
        ({"ratings": "5"}, "ratings", "more articles than an arm has (4)"),
        ({"power": "1"}, "power", "less than or equal to 0.999"),
        ({"alpha": "0.7"}, "alpha", "less than or equal to 0.49"),
        ({"simulations": "1000", "people": "50,100,150"}, "simulations", "At most 4000 studies"),
        ({"small_simulations": "1000", "people": "40,50,58"}, "small_simulations", "Up to 10000 studies"),
        ({"simulations": "1000"}, "simulations", "Up to 8000 studies"),
        ({"arms": "3"}, "people", "multiples of 3"),
        ({"arms": "10", "people": "10"}, "people", "20 people or more"),
        ({"arms": "11"}, "arms", "less than or equal to 10"),
        ({"adjust": "sidak"}, "adjust", "not one of the available choices"),
        ({"goal": "equivalence", "bound_low": "-1"}, "bound_high", "both bounds"),
        ({"goal": "equivalence", "bound_low": "1", "bound_high": "-1"}, "bound_high", "above the lower"),
        ({"goal": "equivalence", "bound_low": "-0.5", "bound_high": "0.5"}, "difference", "between the bounds"),
        ({"design": "sideways"}, "design", "not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(changes: dict[str, str], field: str, says: str) -> None:
    asked = form(**changes)
    assert not asked.is_valid()
    assert says in str(asked.errors[field].as_text())


def test_studies_for_the_fewest_people_count_among_those_that_are_simulated() -> None:
    # 4 sizes and 2 numbers of articles, whose fewest people take two sizes each at most.
    assert form(simulations="500").is_valid()
    assert not form(simulations="501").is_valid()
    assert form(small_simulations="666").is_valid()
    assert not form(small_simulations="667").is_valid()


def test_people_in_another_separation_are_named_not_guessed() -> None:
    asked = PowerForm(None, [], GIVEN)
    assert "“200 100” is no whole number" in str(asked.errors["people"].as_text())


def test_nothing_at_all_is_refused_field_by_field() -> None:
    asked = PowerForm(None, [], {})
    assert {"difference", "people", "articles", "source", "ratings"} <= set(asked.errors)
