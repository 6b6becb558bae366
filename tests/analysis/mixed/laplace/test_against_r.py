"""Logistic and ordinal mixed models equal glmer and clmm, whose values tests/reference/laplace.R has written down."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.mixed.laplace import LaplaceFit, fit_logistic, fit_ordinal

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[3] / "reference" / "laplace.json").read_text(encoding="utf-8")
)
BY_NAME = {case["name"]: case for case in CASES}
every_case = pytest.mark.parametrize("name", BY_NAME)
yes_no = pytest.mark.parametrize("name", [name for name, case in BY_NAME.items() if case["kind"] == "logistic"])


@cache
def fitted(name: str) -> LaplaceFit:
    """The fit of a case, which the tests look at from many sides."""
    case = BY_NAME[name]
    data = pd.DataFrame(case["data"])
    if case["kind"] == "ordinal":
        return fit_ordinal(data, case["formula"])
    return fit_logistic(data, case["formula"], trials=case["trials"])


@every_case
def test_the_log_likelihood_agrees_to_a_millionth(name: str) -> None:
    fit = fitted(name)
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(BY_NAME[name]["log_likelihood"], rel=0, abs=1e-6)


@every_case
def test_coefficients_and_thresholds_agree_to_a_thousandth_of_their_standard_error(name: str) -> None:
    fit, case = fitted(name), BY_NAME[name]
    expected = [*case["fixed"], *case.get("thresholds", [])]
    for row, other in zip([*fit.fixed, *fit.thresholds], expected, strict=True):
        assert abs(row.estimate - other["estimate"]) < 1e-3 * other["std_error"], row.term
        assert row.std_error == pytest.approx(other["std_error"], rel=1e-3), row.term


@every_case
def test_standard_deviations_agree(name: str) -> None:
    found = {(row.group, row.term): row.sd for row in fitted(name).random}
    for row in BY_NAME[name]["random"]:
        if row.get("other") is None:
            term = row.get("one", "(Intercept)").replace("(Intercept)", "Intercept")
            assert found[row["group"], term] == pytest.approx(row["value"], rel=1e-4, abs=1e-4)


@yes_no
def test_a_fit_is_singular_where_lme4_says_so(name: str) -> None:
    fit = fitted(name)
    assert fit.singular == BY_NAME[name]["singular"]
    assert any("singular" in sentence for sentence in fit.statements) == fit.singular


@yes_no
def test_the_modes_of_the_levels_agree(name: str) -> None:
    modes = fitted(name).conditional_modes()
    for group, expected in BY_NAME[name]["modes"].items():
        own = modes[(modes["group"] == group) & (modes["term"] == "Intercept")].set_index("level")["mode"]
        np.testing.assert_allclose(own.loc[expected["levels"]], expected["values"], rtol=1e-3, atol=2e-4)
