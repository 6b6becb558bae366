"""Discernment is R's, person by person, and people who cannot have one are counted, not guessed."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.discernment import discernment
from analysis.omnibus import omnibus
from analysis.pairwise import pairwise
from analysis.validation import FrameError

R: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "reference" / "discernment.json").read_text(encoding="utf-8")
)


def ratings() -> pd.DataFrame:
    return pd.DataFrame(R["ratings"]).astype({"yes": "float64"})


def close(expected: float) -> Any:
    return pytest.approx(expected, rel=1e-9, abs=1e-12)


def samples() -> dict[str, Any]:
    values = discernment(ratings(), outcome="yes", truth="truth").values
    return {str(arm): part["discernment"].to_numpy() for arm, part in values.groupby("arm", sort=True)}


def test_every_persons_value_is_rs() -> None:
    found = discernment(ratings(), outcome="yes", truth="truth")
    ours = dict(found.values[["participant", "discernment"]].to_numpy().tolist())
    assert ours == {row["participant"]: close(row["value"]) for row in R["values"]}
    assert (found.n_articles, found.n_missing) == (8, 25)


def test_every_arms_mean_and_interval_are_rs() -> None:
    for row in discernment(ratings(), outcome="yes", truth="truth").rows:
        for name, expected in R["arms"][row.arm].items():
            assert getattr(row, name) == close(expected), (row.arm, name)
        assert row.hits - row.false_alarms == close(row.estimate)


def test_every_pair_of_arms_is_rs_with_all_its_adjustments() -> None:
    rows = pairwise(samples()).rows
    # R counts the pair from the other side where the samples' order is another.
    assert {row.contrast for row in rows} == {row["contrast"] for row in R["pairs"]}
    for ours, expected in zip(rows, R["pairs"], strict=True):
        for name, value in expected.items():
            found = getattr(ours, name)
            # The limits of the noncentral t are searched for, there and here.
            wanted = pytest.approx(value, rel=1e-5) if name.startswith("hedges_g_ci") else value
            assert found == (wanted if isinstance(value, str) or name.startswith("hedges_g_ci") else close(value)), name


def test_the_omnibus_tests_on_one_value_a_person_are_rs() -> None:
    rows = {row.term: row for row in omnibus(samples()).rows}
    for term, expected in R["omnibus"].items():
        for name, value in expected.items():
            assert getattr(rows[term], name) == close(value), (term, name)


def test_who_judged_only_one_kind_is_counted_and_has_no_value() -> None:
    frame = pd.DataFrame(
        {
            "participant": ["a", "a", "b", "c"],
            "arm": "x",
            "article": ["t", "f", "t", "f"],
            "yes": [1.0, 0.0, 1.0, None],
            "truth": [1, 0, 1, 0],
        }
    )
    found = discernment(frame, outcome="yes", truth="truth")
    (row,) = found.rows
    assert list(found.values["participant"]) == ["a"]
    assert (row.n_people, row.n_left_out, row.estimate) == (1, 1, 1.0)
    assert row.ci_low != row.ci_low


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"yes": [1.0, 2.0]}, "'yes' must hold 1 for yes and 0 for no, not 2 in row 1"),
        ({"truth": [1.0, None]}, "'truth' has no value in row 1"),
        ({"truth": [3.0, 1.0]}, "'truth' must hold 1 for yes and 0 for no, not 3 in row 0"),
    ],
)
def test_what_is_neither_yes_nor_no_is_refused_with_its_row(change: dict[str, Any], says: str) -> None:
    frame = pd.DataFrame(
        {"participant": "a", "arm": "x", "article": ["t", "f"], "yes": [1.0, 0.0], "truth": [1, 0]}
    ).assign(**change)
    with pytest.raises(FrameError, match=says):
        discernment(frame, outcome="yes", truth="truth")


def test_pairs_that_data_cannot_carry_have_no_test_and_do_not_count_for_the_others() -> None:
    one, two, three = pairwise({"a": [1.0], "b": [1.0, 2.0, 3.0], "c": [2.0, 2.0, 5.0]}).rows
    assert one.p_value != one.p_value
    assert two.p_value != two.p_value
    assert three.p_bonferroni == three.p_value
    assert pairwise({"a": [1.0, 2.0]}).rows == ()
    (same,) = pairwise({"a": [1.0, 1.0], "b": [1.0, 1.0]}).rows
    assert (same.superiority, same.u_p_value == same.u_p_value) == (0.5, False)
