"""The linear mixed model equals lme4, lmerTest and pbkrtest, whose values tests/reference/mixed.R has written down."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.mixed import MixedFit, fit_mixed
from analysis.mixed.prediction import conditional_modes, fitted_values, predict
from analysis.mixed.result import Ddf

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "reference" / "mixed.json").read_text(encoding="utf-8")
)
BY_NAME = {case["name"]: case for case in CASES}
# Half a unit of the sixth, fifth and fourth significant digit.
SIX, FIVE, FOUR = 5e-7, 5e-6, 5e-5

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))


def fitted(case: dict[str, Any]) -> MixedFit:
    return fit_once(case["name"], "satterthwaite")


@cache
def fit_once(name: str, ddf: Ddf) -> MixedFit:
    """The fit of a case, which the tests look at from many sides."""
    case = BY_NAME[name]
    return fit_mixed(pd.DataFrame(case["data"]), case["formula"], reml=case["reml"], ddf=ddf)


@every_case
def test_the_criterion_agrees_to_six_digits(case: dict[str, Any]) -> None:
    fit = fitted(case)
    assert fit.converged
    assert fit.criterion == pytest.approx(case["criterion"], rel=SIX)
    assert (fit.aic, fit.bic) == pytest.approx((case["aic"], case["bic"]), rel=SIX)


@every_case
def test_no_deviance_is_above_that_of_lme4(case: dict[str, Any]) -> None:
    assert fitted(case).criterion < case["criterion"] + 1e-7


@every_case
def test_standard_deviations_and_correlations_agree_to_five_digits(case: dict[str, Any]) -> None:
    fit = fitted(case)
    assert fit.residual_sd == pytest.approx(case["sigma"], rel=FIVE)
    found: dict[tuple[str, str | None, str | None], float] = {}
    for row in fit.random:
        group = parts(row.group)
        found[group, row.term, None] = row.sd
        for before, correlation in zip(earlier(fit, row.term, row.group), row.correlations, strict=True):
            found[group, before, row.term] = correlation
    for row in case["variances"]:
        one, other = (None if name is None else name.replace("(Intercept)", "Intercept") for name in names(row))
        group = parts(row["group"].removesuffix(".1"))
        # A variance of zero is zero in both; a correlation of one is one to what a rounded zero leaves of it.
        close = pytest.approx(row["value"], rel=FIVE, abs=5e-6 if other or row["value"] == 0 else 0)
        assert found[group, one, other] == close, row


def parts(group: str) -> str:
    """The columns of an interaction in one order: lme4 writes 'article:story' where we write 'story:article'."""
    return ":".join(sorted(group.split(":")))


def names(row: dict[str, Any]) -> tuple[str, str | None]:
    return row["one"], row.get("other")


def earlier(fit: MixedFit, term: str, group: str) -> list[str]:
    terms = [row.term for row in fit.random if row.group == group]
    return (
        terms[: terms.index(term)]
        if len([row for row in fit.random if row.group == group and row.correlations])
        else []
    )


@every_case
def test_coefficients_with_satterthwaites_degrees_of_freedom(case: dict[str, Any]) -> None:
    agree(fitted(case), case["satterthwaite"])


@pytest.mark.parametrize("case", [c for c in CASES if "kenward_roger" in c], ids=lambda case: str(case["name"]))
def test_coefficients_with_kenward_and_rogers_degrees_of_freedom(case: dict[str, Any]) -> None:
    agree(fit_once(case["name"], "kenward-roger"), case["kenward_roger"])


def agree(fit: MixedFit, expected: list[dict[str, float]]) -> None:
    for row, other in zip(fit.fixed, expected, strict=True):
        assert row.estimate == pytest.approx(other["estimate"], rel=SIX), row.term
        assert row.std_error == pytest.approx(other["std_error"], rel=SIX), row.term
        assert row.df == pytest.approx(other["df"], rel=FOUR), row.term
        # The tail far out multiplies the last digits of df, so there it is the logarithm that has four digits.
        if other["p_value"] > 1e-6:
            assert row.p_value == pytest.approx(other["p_value"], rel=FOUR, abs=0), row.term
        assert math.log(row.p_value) == pytest.approx(math.log(other["p_value"]), rel=FOUR, abs=FOUR), row.term


@every_case
def test_a_fit_is_singular_where_lme4_says_so(case: dict[str, Any]) -> None:
    fit = fitted(case)
    assert fit.singular == case["singular"]
    assert any("singular" in sentence for sentence in fit.statements) == case["singular"]


@every_case
def test_the_modes_of_the_levels_agree(case: dict[str, Any]) -> None:
    modes = conditional_modes(fitted(case))
    for group, expected in case["modes"].items():
        own = modes[modes["group"].map(parts) == parts(group)]
        labels = own["level"].map(lambda level: ":".join(reversed(level)) if isinstance(level, tuple) else level)
        table = own.assign(level=labels).pivot_table(index="level", columns="term", values="mode", sort=False)
        wanted = np.array(expected["values"], dtype=float).reshape(len(expected["levels"]), -1)
        np.testing.assert_allclose(table.loc[expected["levels"]].to_numpy(), wanted, rtol=1e-4, atol=2e-6)


@every_case
def test_fitted_values_and_predictions_agree(case: dict[str, Any]) -> None:
    fit, data = fitted(case), pd.DataFrame(case["data"])
    np.testing.assert_allclose(fitted_values(fit).to_numpy()[:10], case["fitted"], rtol=5e-6)
    np.testing.assert_allclose(fitted_values(fit, "population").to_numpy()[:10], case["population"], rtol=SIX)
    rows = fitted_values(fit).index
    known = predict(fit, data, "conditional").loc[rows]
    np.testing.assert_allclose(known.to_numpy(), fitted_values(fit).to_numpy(), rtol=1e-10)
    np.testing.assert_allclose(predict(fit, data).loc[rows].to_numpy()[:10], case["population"], rtol=SIX)
