"""Thresholds out of order, which a search can try, are no place of the likelihood and are told apart from one."""

import numpy as np
import pytest

from analysis.mixed import MixedModelError
from analysis.mixed.laplace.family import CumulativeLogit

CATEGORIES = CumulativeLogit(np.array([0, 1, 2]), 2)


def test_thresholds_in_order_have_a_likelihood() -> None:
    # The three shares at an eta of 0 are those of the logistic distribution between the thresholds.
    shares = np.diff([0, *(1 / (1 + np.exp(-np.array([-1.0, 0.5])))), 1])
    assert CATEGORIES.log_likelihood(np.zeros(3), np.array([-1.0, 0.5])) == pytest.approx(np.log(shares).sum())


@pytest.mark.parametrize("cuts", [[0.5, -1.0], [0.5, 0.5]])
def test_thresholds_out_of_order_are_refused(cuts: list[float]) -> None:
    with pytest.raises(MixedModelError, match="out of order"):
        CATEGORIES.log_likelihood(np.zeros(3), np.array(cuts))
