"""The profiled deviance and its gradient against the n x n covariance matrix written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analysis.mixed.crossproducts as products
from analysis.mixed.covariance import Layout, layout
from analysis.mixed.crossproducts import cross_products
from analysis.mixed.design import Design, FloatArray, make_design
from analysis.mixed.deviance import Criterion
from analysis.mixed.formula import MixedModelError
from analysis.mixed.slopes import slopes
from tests.analysis.mixed.ratings import crossed

FORMULAS = (
    "y ~ origin + (1 | participant) + (1 | article)",
    "y ~ signed + (1 + signed | participant) + (1 | article)",
    "y ~ 1 + (1 | participant) + (1 + x + origin | article)",
    "y ~ x + (x || participant) + (0 + origin | article) + (1 | week)",
    "y ~ x + (x | participant)",
)


def design(formula: str) -> Design:
    frame = crossed(people=15, each=6)
    rng = np.random.default_rng(7)
    return make_design(frame.assign(x=rng.normal(2, 1, len(frame)), week=rng.integers(0, 4, len(frame))), formula)


def written_out(design: Design, where: Layout, theta: FloatArray, *, reml: bool) -> float:
    n, p = design.x.shape
    v = np.eye(n)
    for factor, triangle in zip(where.factors, where.triangles(theta), strict=True):
        z = np.zeros((n, len(factor.levels) * factor.width))
        for k, column in enumerate(factor.columns):
            z[np.arange(n), factor.codes * factor.width + k] = 1.0 if column is None else column
        v += z @ np.kron(np.eye(len(factor.levels)), triangle @ triangle.T) @ z.T
    inverse = np.linalg.inv(v)
    information = design.x.T @ inverse @ design.x
    residual = design.y - design.x @ np.linalg.solve(information, design.x.T @ inverse @ design.y)
    df = n - p if reml else n
    log_det = np.linalg.slogdet(v)[1] + (np.linalg.slogdet(information)[1] if reml else 0.0)
    return float(log_det + df * (1 + np.log(2 * np.pi * (residual @ inverse @ residual) / df)))


@pytest.fixture(params=["stored", "formed anew"])
def _products(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "formed anew":
        monkeypatch.setattr(products, "MOST_STORED", 0)


@pytest.mark.usefixtures("_products")
@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("reml", [True, False], ids=["REML", "ML"])
def test_deviance_and_gradient_are_those_of_the_whole_matrix(formula: str, *, reml: bool) -> None:
    data = design(formula)
    where = layout(data.factors)
    criterion = Criterion(cross_products(data), where, reml)
    for seed in range(3):
        theta = np.random.default_rng(seed).normal(0, 0.7, len(where.row))
        if seed == 2:
            theta[0] = 0.0
        at = criterion.at(theta)
        assert at.deviance == pytest.approx(written_out(data, where, theta, reml=reml), abs=1e-8)
        found_slopes = slopes(criterion, at)
        for n, found in enumerate(found_slopes.log_det + criterion.df / at.r2 * found_slopes.r2):
            step = np.zeros(len(theta))
            step[n] = 1e-5
            up, down = (written_out(data, where, theta + sign * step, reml=reml) for sign in (1, -1))
            assert found == pytest.approx((up - down) / 2e-5, abs=1e-5)


@given(theta=st.lists(st.floats(0, 3), min_size=3, max_size=3))
@settings(max_examples=25, deadline=None)
def test_it_does_not_matter_which_factor_is_eliminated(theta: list[float]) -> None:
    data = design("y ~ origin + (1 | participant) + (1 | article) + (1 | week)")
    values = [
        Criterion(cross_products(data, eliminate=factor.name), layout(data.factors), True).at(np.array(theta)).deviance
        for factor in data.factors
    ]
    assert values == pytest.approx([values[0]] * 3, abs=1e-9)


def test_too_many_effects_beside_the_largest_factor_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "LARGEST_DENSE", 7)
    with pytest.raises(MixedModelError, match="article have 8 effects beside 'participant'; 7 is the most"):
        cross_products(design(FORMULAS[0]))


def test_rows_that_are_fitted_exactly_are_refused() -> None:
    frame = crossed(noise=0.0)
    data = make_design(frame, "y ~ origin + (1 | participant) + (1 | article)")
    criterion = Criterion(cross_products(data), layout(data.factors), True)
    with pytest.raises(MixedModelError, match="fits every row exactly"):
        criterion.at(np.array([1e7, 1e7]))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_rows_that_the_fixed_part_fits_exactly_are_refused(scale: float) -> None:
    frame = crossed()
    frame["y"] = np.where(frame["origin"] == "real", 2.0, 9.0) * scale
    data = make_design(frame, "y ~ origin + (1 | participant) + (1 | article)")
    criterion = Criterion(cross_products(data), layout(data.factors), True)
    with pytest.raises(MixedModelError, match="fits every row exactly"):
        criterion.at(np.array([0.5, 0.5]))
