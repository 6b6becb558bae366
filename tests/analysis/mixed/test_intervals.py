"""Profile intervals and the parametric bootstrap are as lme4's, and which degrees of freedom are refused."""

import json
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.mixed import MixedModelError, fit_mixed, kenward_roger, profile
from analysis.mixed.bootstrap import parametric_bootstrap
from analysis.mixed.profile import profile_intervals
from tests.analysis.mixed.ratings import crossed

REFERENCE = Path(__file__).parents[2] / "reference"
CASES: list[dict[str, Any]] = json.loads((REFERENCE / "mixed.json").read_text(encoding="utf-8"))
KNOWN: dict[str, Any] = json.loads((REFERENCE / "intervals.json").read_text(encoding="utf-8"))
MODEL = "y ~ origin + (1 | participant) + (1 | article)"


@pytest.mark.parametrize("case", [case for case in CASES if "intervals" in case], ids=lambda case: str(case["name"]))
def test_profile_intervals_agree_with_lme4(case: dict[str, Any]) -> None:
    found = profile_intervals(fit_mixed(pd.DataFrame(case["data"]), case["formula"])).to_frame()
    # A correlation's interval is lme4's alone: it is the second of the correlated model.
    expected = [row for row in case["intervals"] if not (case["name"] == "sleepstudy" and row["term"] == ".sig02")]
    # lme4 reads its limits off a spline through a coarse profile.
    for row, other in zip(found.itertuples(), expected, strict=True):
        assert (row.ci_low, row.ci_high) == pytest.approx((other["low"], other["high"]), rel=1e-4), other["term"]


def test_a_limit_is_where_the_deviance_is_a_chi_squared_quantile_higher() -> None:
    frame = crossed(seed=6, people=25)
    fit = fit_mixed(frame, "y ~ signed + (1 | participant)", reml=False)
    limits = profile_intervals(fit).to_frame().set_index("term")["ci_low"]
    low = float(limits["signed"])
    fixed = fit_mixed(frame.assign(y=frame["y"] - low * frame["signed"]), "y ~ 1 + (1 | participant)", reml=False)
    assert fixed.criterion - fit.criterion == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-5)


def test_a_variance_that_may_be_zero_has_an_interval_from_zero() -> None:
    fit = fit_mixed(crossed(seed=8, article_sd=0.0), "y ~ signed + (1 | participant) + (1 | article)")
    row = profile_intervals(fit).to_frame().set_index("group").loc["article"]
    assert row["ci_low"] == 0.0
    assert 0.1 < row["ci_high"] < 1.5


@pytest.mark.parametrize("case", KNOWN["singular"], ids=lambda case: str(case["name"]))
def test_profile_intervals_of_singular_fits_agree_with_a_search_over_the_whole_likelihood(case: dict[str, Any]) -> None:
    fit = fit_mixed(pd.DataFrame(case["data"]), case["formula"])
    assert fit.singular
    for row, other in zip(profile_intervals(fit).rows, case["intervals"], strict=True):
        assert row.group == other["group"]
        assert (row.ci_low, row.ci_high) == pytest.approx((other["low"], other["high"]), rel=1e-4, abs=1e-4), other


def test_a_spread_without_bounds_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "FURTHEST", 1)
    with pytest.raises(MixedModelError, match="the SD of Intercept over 'participant' has no lower limit"):
        profile_intervals(fit_mixed(crossed(), MODEL))


def test_the_bootstrap_spreads_as_lme4s_does() -> None:
    known = KNOWN["bootstrap"]
    fit = fit_mixed(pd.DataFrame(known["data"]), known["formula"])
    draws = parametric_bootstrap(fit, draws=400, seed=5).draws
    for name, percentiles in zip(draws.columns, known["percentiles"], strict=True):
        below = [(draws[name] <= value).mean() for value in percentiles]
        for share, level in zip(below, known["levels"], strict=True):
            # Both are samples: so far apart are 999 of 1,000 such pairs at most.
            error = np.sqrt(level * (1 - level) * (1 / len(draws) + 1 / known["draws"]))
            assert share == pytest.approx(level, abs=3.3 * error), (name, level)


def test_the_bootstrap_repeats_itself_by_its_seed_and_reports_every_refit() -> None:
    fit = fit_mixed(crossed(seed=2, article_sd=0.0), MODEL)
    told: list[tuple[int, int]] = []
    one = parametric_bootstrap(fit, draws=39, seed=5, progress=lambda done, total: told.append((done, total)))
    again, other = (parametric_bootstrap(fit, draws=39, seed=seed) for seed in (5, 6))
    pd.testing.assert_frame_equal(one.frame, again.frame)
    assert not one.draws.equals(other.draws)
    assert told == [(n, 39) for n in range(1, 40)]
    assert one.n_singular == int((one.draws[("article", "Intercept")] < 1e-4).sum()) > 0


def test_as_many_draws_as_an_interval_needs_are_asked_for() -> None:
    fit = fit_mixed(crossed(), MODEL, alpha=0.01)
    with pytest.raises(MixedModelError, match="198 bootstrap draws reach no 99% interval: take at least 199"):
        parametric_bootstrap(fit, draws=198, seed=1)


def test_kenward_roger_is_for_reml_and_for_small_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MixedModelError, match="need a fit by REML"):
        fit_mixed(crossed(), MODEL, reml=False, ddf="kenward-roger")
    monkeypatch.setattr(kenward_roger, "MOST_ROWS", 79)
    with pytest.raises(MixedModelError, match="up to 79 rows, and there are 80: take Satterthwaite's"):
        fit_mixed(crossed(), MODEL, ddf="kenward-roger")


def test_profile_intervals_are_rows_with_a_frame_of_them() -> None:
    found = profile_intervals(fit_mixed(crossed(), MODEL, alpha=0.1))
    assert found.alpha == 0.1
    assert found.to_frame()["ci_low"].tolist() == [row.ci_low for row in found.rows]
    with pytest.raises(FrozenInstanceError):
        found.alpha = 0.5  # type: ignore[misc]
