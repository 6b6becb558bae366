"""Profile intervals as lme4's, the parametric bootstrap, and which degrees of freedom are refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.mixed import MixedModelError, fit_mixed, kenward_roger
from analysis.mixed.bootstrap import parametric_bootstrap
from analysis.mixed.profile import profile_intervals
from tests.analysis.mixed.ratings import crossed

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "reference" / "mixed.json").read_text(encoding="utf-8")
)
MODEL = "y ~ origin + (1 | participant) + (1 | article)"


@pytest.mark.parametrize("case", [case for case in CASES if "intervals" in case], ids=lambda case: str(case["name"]))
def test_profile_intervals_agree_with_lme4(case: dict[str, Any]) -> None:
    found = profile_intervals(fit_mixed(pd.DataFrame(case["data"]), case["formula"]))
    # A correlation's interval is lme4's alone: it is the second of the correlated model.
    expected = [row for row in case["intervals"] if not (case["name"] == "sleepstudy" and row["term"] == ".sig02")]
    # lme4 reads its limits off a spline through a coarse profile.
    for row, other in zip(found.itertuples(), expected, strict=True):
        assert (row.ci_low, row.ci_high) == pytest.approx((other["low"], other["high"]), rel=1e-4), other["term"]


def test_a_limit_is_where_the_deviance_is_a_chi_squared_quantile_higher() -> None:
    frame = crossed(seed=6, people=25)
    fit = fit_mixed(frame, "y ~ signed + (1 | participant)", reml=False)
    limits = profile_intervals(fit).set_index("term")["ci_low"]
    low = float(limits["signed"])
    fixed = fit_mixed(frame.assign(y=frame["y"] - low * frame["signed"]), "y ~ 1 + (1 | participant)", reml=False)
    assert fixed.criterion - fit.criterion == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-5)


def test_a_variance_that_may_be_zero_has_an_interval_from_zero() -> None:
    fit = fit_mixed(crossed(seed=8, article_sd=0.0), "y ~ signed + (1 | participant) + (1 | article)")
    row = profile_intervals(fit).set_index("group").loc["article"]
    assert row["ci_low"] == 0.0
    assert 0.1 < row["ci_high"] < 1.5


def test_the_bootstrap_repeats_itself_by_its_seed_and_finds_the_standard_errors() -> None:
    fit = fit_mixed(crossed(seed=2, people=30, article_sd=1.0), MODEL)
    one, again, other = (parametric_bootstrap(fit, draws=150, seed=seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(one.frame, again.frame)
    assert not one.draws.equals(other.draws)
    terms = [("", row.term) for row in fit.fixed]
    spread = one.draws[terms].std().to_numpy()
    # 150 draws know a standard deviation to about 6%.
    np.testing.assert_allclose(spread, [row.std_error for row in fit.fixed], rtol=0.25)
    assert (one.frame["ci_low"] <= one.frame["estimate"]).all()
    assert (one.frame["ci_high"] >= one.frame["estimate"]).all()


def test_a_bootstrap_of_few_draws_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 20"):
        parametric_bootstrap(fit_mixed(crossed(), MODEL), draws=10, seed=1)


def test_kenward_roger_is_for_reml_and_for_small_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MixedModelError, match="need a fit by REML"):
        fit_mixed(crossed(), MODEL, reml=False, ddf="kenward-roger")
    monkeypatch.setattr(kenward_roger, "MOST_ROWS", 79)
    with pytest.raises(MixedModelError, match="up to 79 rows, and there are 80: take Satterthwaite's"):
        fit_mixed(crossed(), MODEL, ddf="kenward-roger")
