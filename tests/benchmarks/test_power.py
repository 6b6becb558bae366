"""The benchmark of power fails by chance as seldom as it says."""

import numpy as np
import pytest
from scipy import stats

from benchmarks.power import CLAIMS, chance_of, fewest

LEVEL = 0.01 / (len(CLAIMS) + 10)


@pytest.mark.parametrize("power", [0.64, 0.8, 0.873])
@pytest.mark.parametrize("studies", [50, 200, 1000])
def test_a_true_power_is_refused_no_oftener_than_at_its_level(power: float, studies: int) -> None:
    shown = np.arange(studies + 1)
    refused = np.array([chance_of(int(n), studies, power) < LEVEL for n in shown])
    assert 0 < float(stats.binom.pmf(shown, studies, power) @ refused) <= LEVEL


def test_it_is_the_exact_binomial_test_of_both_tails() -> None:
    assert chance_of(160, 200, 0.8) == 1.0
    assert chance_of(175, 200, 0.8) == pytest.approx(2 * stats.binomtest(175, 200, 0.8, alternative="greater").pvalue)
    assert chance_of(141, 200, 0.802) == pytest.approx(2 * stats.binomtest(141, 200, 0.802, alternative="less").pvalue)


def test_a_formula_that_is_ten_points_off_is_found_out() -> None:
    assert chance_of(round(0.7 * 500), 500, 0.8) < LEVEL < chance_of(round(0.75 * 500), 500, 0.8)


def test_the_level_is_of_as_many_designs_as_there_are() -> None:
    assert len(CLAIMS) + len(fewest()) == len(CLAIMS) + 10
