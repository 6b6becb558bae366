"""Predictions for new rows, and what they refuse."""

import numpy as np
import pandas as pd
import pytest

from analysis.mixed import MixedFit, MixedModelError, fit_mixed
from analysis.mixed.prediction import conditional_modes, predict
from tests.analysis.mixed.ratings import crossed

MODEL = "y ~ origin + (1 + signed | participant) + (1 | article)"


@pytest.fixture(scope="module", name="fit")
def _fit() -> MixedFit:
    return fit_mixed(crossed(people=30, seed=11, slope_sd=0.8, article_sd=1.0), MODEL)


def test_a_population_prediction_is_the_sum_of_coefficients(fit: MixedFit) -> None:
    new = pd.DataFrame({"origin": ["real", "synthetic"]}, index=["first", "second"])
    predicted = predict(fit, new)
    assert predicted["first"] == pytest.approx(fit.fixed[0].estimate)
    assert predicted["second"] == pytest.approx(fit.fixed[0].estimate + fit.fixed[1].estimate)


def test_a_conditional_prediction_adds_the_modes_of_its_levels(fit: MixedFit) -> None:
    new = pd.DataFrame({"origin": ["real"], "signed": [-0.5], "participant": ["p03"], "article": ["a02"]})
    modes = conditional_modes(fit).set_index(["group", "level", "term"])["mode"]
    expected = fit.fixed[0].estimate + modes["participant", "p03", "Intercept"] + modes["article", "a02", "Intercept"]
    expected -= 0.5 * modes["participant", "p03", "signed"]
    assert predict(fit, new, "conditional")[0] == pytest.approx(expected)


def test_missing_values_predict_a_missing_value(fit: MixedFit) -> None:
    predicted = predict(fit, pd.DataFrame({"origin": ["real", None]}))
    assert np.isnan(predicted[1])
    assert not np.isnan(predicted[0])


def test_unknown_levels_categories_and_columns_are_refused(fit: MixedFit) -> None:
    new = pd.DataFrame({"origin": ["real"], "signed": [-0.5], "participant": ["p99"], "article": ["a02"]})
    with pytest.raises(MixedModelError, match="does not know the level of 'participant' in row 0"):
        predict(fit, new, "conditional")
    with pytest.raises(MixedModelError, match="does not fit the model"):
        predict(fit, pd.DataFrame({"origin": ["imagined"]}))
    with pytest.raises(MixedModelError, match="no column 'origin'"):
        predict(fit, pd.DataFrame({"arm": ["real"]}))


def test_modes_are_shrunken_and_sum_to_zero(fit: MixedFit) -> None:
    modes = conditional_modes(fit)
    own = modes[(modes["group"] == "article")]["mode"]
    assert own.sum() == pytest.approx(0, abs=1e-8)
    assert own.std() < fit.random[2].sd * 1.2
