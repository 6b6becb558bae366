"""The curvature of Laplace's approximation: products by kept places are the sparse product, to the last digit."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.mixed.design import Factor
from analysis.mixed.laplace import blocks
from analysis.mixed.laplace.blocks import Loadings, curvature, places

ROWS, PEOPLE, ARTICLES = 600, 40, 23


def _factor(name: str, codes: np.ndarray, levels: int, columns: tuple[np.ndarray | None, ...]) -> Factor:
    labels = tuple(f"{name}{n}" for n in range(levels))
    return Factor(name, (name,), labels, codes, (), columns)


@pytest.mark.parametrize("slopes", [0, 1])
def test_kept_places_give_what_a_sparse_product_gives(slopes: int) -> None:
    rng = np.random.default_rng(3)
    covariate = rng.normal(size=ROWS)
    own = (None, covariate)[: 1 + slopes]
    person = _factor("person", rng.integers(0, PEOPLE, ROWS), PEOPLE, own)
    article = _factor("article", rng.integers(0, ARTICLES, ROWS), ARTICLES, (None,))
    where = places((person, article))
    loadings = Loadings(rng.normal(size=(ROWS, 1 + slopes)), (rng.normal(size=ROWS),))
    weight = rng.uniform(0.1, 0.3, ROWS)

    kept = curvature(where, loadings, weight)
    sparse = curvature(replace(where, pairs=None), loadings, weight)

    assert where.pairs is not None
    assert kept.log_det == sparse.log_det
    assert np.array_equal(kept.factor, sparse.factor)


def test_places_of_very_many_pairs_are_not_kept() -> None:
    entries = int((2 * blocks.MOST_PAIRS) ** 0.5) + 1
    one_person = _factor("person", np.zeros(entries, dtype=np.int64), 1, (None,) * (entries + 1))
    article = _factor("article", np.arange(entries), entries, (None,))
    assert places((one_person, article)).pairs is None
