"""The power of a claim is R's: of one difference, of equivalence, and of several contrasts after an adjustment."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis.power_claim import Claim, probability

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "power.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", REFERENCE["equivalence"])
def test_equivalence_is_rs_integral_over_the_variances_estimate(case: dict[str, float]) -> None:
    claim = Claim(case["difference"], bounds=(case["low"], case["high"]))
    found = probability(claim, 1, case["std_error"], case["df"], case["alpha"])
    assert found == pytest.approx(case["power"], abs=1e-7)


@pytest.mark.parametrize("case", REFERENCE["one"])
def test_one_difference_is_power_t_test(case: dict[str, float]) -> None:
    found = probability(Claim(case["difference"]), 1, case["std_error"], case["df"], 0.05)
    assert found == pytest.approx(case["power"], abs=1e-7)


@pytest.mark.parametrize("case", REFERENCE["adjusted"])
def test_several_contrasts_are_as_rs_p_adjust_finds_them(case: dict[str, Any]) -> None:
    """R's values are shares of 40,000 draws of the multivariate t."""
    method = {"BH": "benjamini-hochberg"}.get(case["method"], case["method"])
    claim = Claim(case["shift"], case["which"], method)
    found = probability(claim, case["contrasts"], 1.0, case["df"], case["alpha"])
    assert abs(found - case["power"]) < 3.5 * np.sqrt(case["power"] * (1 - case["power"]) / 40_000)


@pytest.mark.parametrize("case", REFERENCE["bonferroni"])
def test_all_contrasts_after_bonferroni_are_mvtnorms_orthants(case: dict[str, float]) -> None:
    claim = Claim(case["shift"], "all", "bonferroni")
    found = probability(claim, int(case["contrasts"]), 1.0, case["df"], case["alpha"])
    assert found == pytest.approx(case["power"], abs=1e-3)


def test_one_of_several_without_an_adjustment_is_as_if_it_were_alone() -> None:
    alone = probability(Claim(0.5), 1, 0.2, 20, 0.05)
    assert probability(Claim(0.5, adjust="none"), 4, 0.2, 20, 0.05) == alone
    assert probability(Claim(0.5, adjust="bonferroni"), 4, 0.2, 20, 0.05) == probability(Claim(0.5), 1, 0.2, 20, 0.0125)


def test_equivalence_of_all_arms_is_that_of_drawn_estimates() -> None:
    rng = np.random.default_rng(5)
    z = (rng.normal(size=(60_000, 3)) + rng.normal(size=(60_000, 1))) / np.sqrt(2)
    error = np.sqrt(rng.chisquare(18, (60_000, 1)) / 18) * 0.2
    estimate = 0.05 + 0.2 * z
    p = np.maximum(stats.t.sf((estimate + 0.6) / error, 18), stats.t.cdf((estimate - 0.6) / error, 18))
    shown = float((p < 0.05).all(axis=1).mean())
    assert probability(Claim(0.05, "all", bounds=(-0.6, 0.6)), 3, 0.2, 18, 0.05) == pytest.approx(shown, abs=0.007)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Claim(0.5, adjust="sidak"), "'sidak' is no adjustment"),  # type: ignore[arg-type]
        (lambda: Claim(0.0, bounds=(0.5, -0.5)), "two numbers in order"),
        (lambda: Claim(0.5, bounds=(-0.5, 0.5)), "not between the bounds"),
    ],
)
def test_what_cannot_be_shown_is_refused(make: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()


def test_what_a_study_shows_goes_by_its_adjusted_p_values() -> None:
    p, none = [0.02, 0.03, 0.6], [0.2, 0.01, 0.01]
    assert Claim(1, adjust="none").shown(p, none, 0.05)
    assert not Claim(1, adjust="holm").shown(p, none, 0.05)
    assert Claim(1, adjust="benjamini-hochberg").shown(p, none, 0.05)
    assert not Claim(1, "all", "none").shown(p, none, 0.05)
    assert not Claim(0, bounds=(-1, 1)).shown(p, none, 0.05)
    assert not Claim(1).shown([float("nan"), 0.01], none, 0.05)
