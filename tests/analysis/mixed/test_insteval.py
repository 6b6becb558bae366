"""InstEval, the large crossed data set that lme4 carries, equals lme4 and lmerTest; R gives the data, not the values.

The data are others' work and stay in R. tests/reference/insteval.R has written down what they come to.
"""

import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.mixed import MixedFit, fit_mixed

pytestmark = pytest.mark.r

EXPECTED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "insteval.json").read_text(encoding="utf-8")
)
# Half a unit of the sixth, fifth and fourth significant digit.
SIX, FIVE, FOUR = 5e-7, 5e-6, 5e-5
DATA = """
d <- lme4::InstEval[c("y", "service", "s", "d")]
write.csv(transform(d, service = as.integer(service == "1")), commandArgs(TRUE)[1], row.names = FALSE)
"""


@pytest.fixture(scope="module")
def fit(tmp_path_factory: pytest.TempPathFactory) -> MixedFit:
    path = tmp_path_factory.mktemp("insteval") / "ratings.csv"
    program = shutil.which("Rscript")
    assert program, "there is no R: 'sh .ci/r' installs it or says how"
    subprocess.run([program, "-e", DATA, str(path)], check=True, capture_output=True)
    ratings = pd.read_csv(path)
    assert len(ratings) == EXPECTED["rows"]
    return fit_mixed(ratings, EXPECTED["formula"])


def test_the_criterion_agrees_to_six_digits_and_is_not_above_that_of_lme4(fit: MixedFit) -> None:
    assert fit.converged
    assert fit.criterion == pytest.approx(EXPECTED["criterion"], rel=SIX)
    assert fit.criterion < EXPECTED["criterion"] + 1e-6


def test_standard_deviations_agree_to_five_digits(fit: MixedFit) -> None:
    found = {row.group: row.sd for row in fit.random} | {"Residual": fit.residual_sd}
    assert found == pytest.approx(EXPECTED["deviations"], rel=FIVE)


def test_coefficients_agree_to_six_digits_and_their_tests_to_four(fit: MixedFit) -> None:
    for row, other in zip(fit.fixed, EXPECTED["fixed"], strict=True):
        assert row.estimate == pytest.approx(other["estimate"], rel=SIX), row.term
        assert row.std_error == pytest.approx(other["std_error"], rel=SIX), row.term
        assert row.df == pytest.approx(other["df"], rel=FOUR), row.term
        # Far out in the tail it is the logarithm that has four digits; beyond what a float holds, both say nought.
        if row.p_value == 0 or other["p_value"] == 0:
            assert max(row.p_value, other["p_value"]) < 1e-300, row.term
        else:
            assert math.log(row.p_value) == pytest.approx(math.log(other["p_value"]), rel=FOUR), row.term
