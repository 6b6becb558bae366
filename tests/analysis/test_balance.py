"""Standardised differences are those that a few lines of R give, and do not grow with the sample."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from analysis.balance import balance, varying_within
from analysis.tables import to_records
from analysis.validation import FrameError

R = json.loads((Path(__file__).parents[1] / "reference" / "people.json").read_text(encoding="utf-8"))["balance"]
PEOPLE = pd.DataFrame({name: R["data"][name] for name in ("arm", "age", "party")})


def test_means_and_shares_are_compared_as_in_r() -> None:
    found = {
        (row.covariate, row.level): row for row in balance(PEOPLE, ["age", "party"], ["real", "small"], "real").rows
    }
    assert found["age", ""].estimate == pytest.approx(R["age"], rel=1e-10)
    for level, expected in R["party"].items():
        assert found["party", level].estimate == pytest.approx(expected, rel=1e-10)
    assert (found["age", ""].n, found["age", ""].n_reference) == (7, 8)


def test_twice_the_people_are_no_larger_difference() -> None:
    once, twice = (
        balance(frame, ["party"], ["real", "small"], "real") for frame in (PEOPLE, pd.concat([PEOPLE, PEOPLE]))
    )
    assert [row.estimate for row in once.rows] == pytest.approx([row.estimate for row in twice.rows])
    assert once.largest_randomised is None
    assert once.largest_analysed is not None
    assert abs(once.largest_analysed.estimate) == max(abs(row.estimate) for row in once.rows)


def test_people_without_a_value_are_counted_and_a_constant_has_no_difference() -> None:
    people = PEOPLE.assign(party=["", *PEOPLE["party"][1:]], same=1.0)
    found = balance(people, ["party", "same"], ["real", "small"], "real")
    assert dict(found.n_missing) == {"party": 1, "same": 0}
    assert found.rows[-1].estimate == 0.0
    one = balance(people[people["arm"] == "real"], ["age"], ["real", "small"], "real").rows[0]
    assert math.isnan(one.estimate)


def test_a_covariate_that_is_not_there_or_has_too_many_levels_is_refused() -> None:
    with pytest.raises(FrameError, match="'height' is no column"):
        balance(PEOPLE, ["height"], ["real", "small"], "real")
    many = PEOPLE.assign(name=[f"n{n}" for n in range(len(PEOPLE))])
    found = balance(pd.concat([many, many.assign(name=many["name"] + "x")]), ["name", "age"], ["real", "small"], "real")
    assert found.refused == (("name", "the covariate 'name' has 30 levels; join them to 20"),)
    assert [row.covariate for row in found.rows] == ["age"]


def test_what_varies_within_a_person_is_not_a_persons() -> None:
    ratings = pd.DataFrame(
        {
            "participant": ["1", "1", "2", "2"],
            "label": ["none", "shown", "none", "none"],
            "party": ["left", "", "right", "right"],
            "age": [30.0, 30.0, None, 41.0],
        }
    )
    assert varying_within(ratings, ["label", "party", "age", "nowhere"]) == ("label",)


def test_all_who_were_randomised_stand_beside_those_who_are_analysed() -> None:
    # The last two of the small arm left before they rated anything.
    found = balance(PEOPLE.iloc[:-2], ["age", "party"], ["real", "small"], "real", PEOPLE)
    age, *party = found.rows
    assert age.estimate_randomised == pytest.approx(R["age"], rel=1e-10)
    assert {row.level: row.estimate_randomised for row in party} == pytest.approx(R["party"], rel=1e-10)
    assert (age.n, age.n_randomised, age.n_reference, age.n_reference_randomised) == (5, 7, 8, 8)
    alone = balance(PEOPLE.iloc[:-2], ["age", "party"], ["real", "small"], "real")
    assert [row.estimate for row in found.rows] == [row.estimate for row in alone.rows]
    assert all(row.differs for row in found.rows)
    assert found.largest_randomised is not None
    assert found.largest_randomised.estimate_randomised == pytest.approx(R["party"]["left"])


def test_a_level_that_only_those_who_left_had_is_told_and_the_same_people_differ_in_nothing() -> None:
    randomised = pd.concat([PEOPLE, pd.DataFrame({"arm": ["small"], "age": [40], "party": ["none of them"]})])
    row = balance(PEOPLE, ["party"], ["real", "small"], "real", randomised).rows[1]
    assert (row.level, row.value, row.value_randomised) == ("none of them", 0.0, 1 / 8)
    assert not any(row.differs for row in balance(PEOPLE, ["party"], ["real", "small"], "real", PEOPLE).rows)


def test_a_covariate_that_is_known_of_the_analysed_alone_has_no_number_of_the_others() -> None:
    found = balance(PEOPLE, ["age", "party"], ["real", "small"], "real", PEOPLE.drop(columns="party"))
    assert [row.of_randomised for row in found.rows] == [True, False, False, False]
    assert dict(found.n_missing_randomised) == {"age": 0}
    # In size the shares of the analysed differ more than the ages of all, of whom no share is known.
    assert found.largest_randomised is not None
    assert found.largest_analysed is not None
    assert (found.largest_randomised.covariate, found.largest_analysed.level) == ("age", "left")


def test_one_odd_word_among_numbers_is_named_with_its_row_and_takes_no_other_covariate_away() -> None:
    odd = PEOPLE.assign(age=[*map(str, PEOPLE["age"][:-1]), "old"])
    found = balance(PEOPLE, ["age", "party"], ["real", "small"], "real", odd)
    ((name, why),) = found.refused
    assert name == "age"
    assert why.endswith(
        "1 of the 15 values among the participants is no number, 'old' in row 14. Write a number there, "
        "or leave it empty"
    )
    assert {row.covariate for row in found.rows} == {"party"}
    assert dict(found.n_missing) == dict(found.n_missing_randomised) == {"party": 0}
    # The same among so many different numbers that they cannot be levels.
    many = pd.concat([odd, odd.assign(age=[f"{n}.5" for n in range(15)])], ignore_index=True)
    assert "'old' in row 14" in dict(balance(many, ["age"], ["real", "small"], "real").refused)["age"]


def test_numbers_in_one_table_and_words_in_the_other_are_refused() -> None:
    ((_, why),) = balance(PEOPLE, ["age"], ["real", "small"], "real", PEOPLE.assign(age="young")).refused
    assert why.endswith("words in the other: write it in both as the same")
    empty = PEOPLE.assign(party=float("nan"))
    assert balance(PEOPLE, ["party"], ["real", "small"], "real", empty).rows[0].n_randomised == 0


def test_who_withdrew_is_counted_by_arm_and_among_those_without_a_value() -> None:
    gone = pd.DataFrame({"arm": ["small", "small", "real"], "outcome": "withdrawn", "age": None, "party": None})
    late = pd.DataFrame({"arm": ["small"], "outcome": "completed", "withdrawn_at": "2026-01-01", "party": None})
    everybody = pd.concat([PEOPLE.assign(outcome="completed"), gone, late], ignore_index=True)
    found = balance(PEOPLE, ["age", "party"], ["real", "small"], "real", everybody)
    assert dict(found.withdrawn or ()) == {"real": 1, "small": 3}
    for row in found.rows:
        assert (row.n_withdrawn, row.n_withdrawn_reference) == (3, 1)
        assert (row.n_missing, row.n_missing_randomised) == (0, 4)
        assert (row.n_randomised, row.n_reference_randomised) == (7, 8)
    assert balance(PEOPLE, ["age"], ["real", "small"], "real").rows[0].n_withdrawn is None


def test_what_all_of_one_arm_and_none_of_the_reference_have_is_the_largest_difference() -> None:
    people = PEOPLE.assign(
        tongue=PEOPLE["arm"].map({"real": "en", "small": "de"}), wave=PEOPLE["arm"].map({"real": 2.0, "small": 1.0})
    )
    found = balance(people, ["party", "tongue", "wave"], ["real", "small"], "real", people)
    far = {row.level or row.covariate: row.estimate for row in found.rows if math.isinf(row.estimate)}
    assert far == {"de": math.inf, "en": -math.inf, "wave": -math.inf}
    for largest in (found.largest_analysed, found.largest_randomised):
        assert largest is not None
        assert (largest.covariate, largest.level) == ("tongue", "de")
    words = {record["level"] or record["covariate"]: record for record in to_records(found.rows)}
    assert {name: record["infinite"] for name, record in words.items() if record["estimate"] is None} == {
        "de": "above",
        "en": "below",
        "wave": "below",
    }
    assert words["de"]["infinite_randomised"] == "above"
    assert words["left"]["infinite"] == words["left"]["infinite_randomised"] == ""


def test_a_constant_that_is_the_same_but_for_rounding_is_no_difference() -> None:
    people = PEOPLE.assign(weight=[0.1 + 0.2 if arm == "real" else 0.3 for arm in PEOPLE["arm"]])
    assert [row.estimate for row in balance(people, ["weight"], ["real", "small"], "real").rows] == [0.0]
