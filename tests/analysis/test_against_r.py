"""Our numbers are R's: base R, car and effectsize, by tests/reference/compare.R."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.compare import Comparison, compare_arms
from analysis.intervals import holm, newcombe, paired, tost, welch, wilson
from analysis.plan import Plan

R: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "reference" / "compare.json").read_text(encoding="utf-8")
)


def close(expected: float, rel: float = 1e-9) -> Any:
    """Equal to so many digits; R writes 15."""
    return pytest.approx(expected, rel=rel, abs=1e-12)


def one_rating_a_person() -> pd.DataFrame:
    rows = [
        {"participant": f"{arm}-{n}", "arm": arm, "article": f"{arm}-{n % 5}", "credibility": value}
        for arm, values in R["arms"].items()
        for n, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def two_arms_a_person() -> pd.DataFrame:
    rows = [
        {"participant": f"p{n:02}", "arm": arm, "article": f"{arm}-{n % 4}", "credibility": value}
        for arm in ("before", "after")
        for n, value in enumerate(R["paired"][arm])
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def between() -> Comparison:
    return compare_arms(one_rating_a_person(), Plan(reference="real"), arms=["real", "small", "large"])


@pytest.fixture(scope="module")
def within() -> Comparison:
    return compare_arms(two_arms_a_person(), Plan(reference="before"))


@pytest.mark.parametrize("arm", ["real", "small", "large"])
def test_an_arms_mean_and_share_with_their_intervals(between: Comparison, arm: str) -> None:
    row = between.arms.to_frame().set_index("arm").loc[arm]
    for name, expected in R["summaries"][arm].items():
        assert row[name] == close(expected), name


@pytest.mark.parametrize("arm", ["small", "large"])
def test_a_difference_of_means_is_welchs(between: Comparison, arm: str) -> None:
    row = between.means.to_frame().set_index("arm").loc[arm]
    assert row["method"] == "Welch t"
    for name, expected in R["means"][arm].items():
        # effectsize finds the noncentral interval by an optimiser that stops at about 4 digits.
        digits = 2e-4 if name.startswith("effect_size_ci") else 1e-9
        assert row[name] == close(expected, digits), name


@pytest.mark.parametrize("arm", ["small", "large"])
def test_a_difference_of_shares_is_newcombes_with_its_own_test_and_the_ratio_by_the_same_rule(
    between: Comparison, arm: str
) -> None:
    row = between.shares.to_frame().set_index("arm").loc[arm]
    for name, expected in R["shares"][arm].items():
        assert row[name] == close(expected), name


def test_the_omnibus_tests(between: Comparison) -> None:
    frame = between.omnibus.to_frame().set_index("term")
    assert list(frame.index) == list(R["omnibus"])
    for term, expected in R["omnibus"].items():
        for name, value in expected.items():
            assert frame.loc[term, name] == close(value), (term, name)


def test_people_in_both_arms_are_compared_by_their_own_differences(within: Comparison) -> None:
    (row,) = within.means.rows
    assert (within.design, row.method, row.people) == ("within", "paired t", "same people")
    for name in ("estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high", "effect_size"):
        assert getattr(row, name) == close(R["paired"][name]), name
    assert row.effect_size_ci_low == close(R["paired"]["effect_size_ci_low"], 2e-4)
    assert row.effect_size_ci_high == close(R["paired"]["effect_size_ci_high"], 2e-4)
    (share,) = within.shares.rows
    assert share.ci_low == close(R["paired"]["share_ci_low"])
    assert share.ci_high == close(R["paired"]["share_ci_high"])


def test_equivalence_is_two_one_sided_welch_tests() -> None:
    test = welch(R["arms"]["large"], R["arms"]["real"])
    assert tost(test, -R["tost"]["bound"], R["tost"]["bound"]) == close(R["tost"]["p_value"])


@pytest.mark.parametrize("case", R["wilson"], ids=lambda case: f"{case['x']} of {case['n']}")
def test_wilson_intervals_up_to_the_edges(case: dict[str, float]) -> None:
    assert wilson(case["x"] / case["n"], case["n"]) == close((case["low"], case["high"]))  # type: ignore[arg-type]
    assert wilson(case["x"] / case["n"], case["n"], alpha=0.1) == close((case["low_90"], case["high_90"]))  # type: ignore[arg-type]


def test_holms_adjustment() -> None:
    assert holm(R["holm"]["p"]) == close(R["holm"]["adjusted"])


def test_newcombes_own_example() -> None:
    """56 of 70 against 48 of 80: 0.0524 to 0.3339 (Newcombe 1998, table II, row a, method 10)."""
    low, high = newcombe(56 / 70, wilson(56 / 70, 70), 48 / 80, wilson(48 / 80, 80))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_a_paired_test_of_differences() -> None:
    differences = [a - b for a, b in zip(R["paired"]["after"], R["paired"]["before"], strict=True)]
    assert paired(differences).statistic == close(R["paired"]["statistic"])
