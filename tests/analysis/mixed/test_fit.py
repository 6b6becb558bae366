"""What a fit does whatever the data: closed forms, invariances, ML beside REML, and how a singular fit is told."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.mixed import MixedFit, fit_mixed
from tests.analysis.mixed.ratings import balanced, crossed

MODEL = "y ~ origin + (1 | participant) + (1 | article)"
SLOPES = "y ~ origin + (1 + signed | participant) + (1 | article)"
seeds = st.integers(0, 10_000)
few = settings(max_examples=12, deadline=None)


def numbers(fit: MixedFit) -> list[float]:
    """All estimates of a fit: criterion, coefficients, errors, degrees of freedom, standard deviations."""
    fixed = [value for row in fit.fixed for value in (row.estimate, row.std_error, row.df)]
    return [fit.criterion, *fixed, *(row.sd for row in fit.random), fit.residual_sd]


def same(one: MixedFit, other: MixedFit) -> bool:
    return numbers(one) == pytest.approx(numbers(other), rel=2e-5, abs=2e-5)


def mean_squares(frame: pd.DataFrame) -> tuple[float, float, float]:
    """Of people, of articles and of the rest, when everybody rates everything once."""
    table = frame.pivot_table(index="participant", columns="article", values="y").to_numpy()
    people, articles = table.shape
    row, column = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    rest = table - row - column + table.mean()
    ms_people = articles * float(((row - table.mean()) ** 2).sum()) / (people - 1)
    ms_articles = people * float(((column - table.mean()) ** 2).sum()) / (articles - 1)
    return ms_people, ms_articles, float((rest**2).sum()) / ((people - 1) * (articles - 1))


@given(seed=seeds, people=st.integers(4, 25), articles=st.integers(3, 9))
@few
def test_reml_of_balanced_crossed_ratings_is_the_analysis_of_variance(seed: int, people: int, articles: int) -> None:
    frame = balanced(people, articles, seed=seed)
    ms_people, ms_articles, ms_rest = mean_squares(frame)
    fit = fit_mixed(frame, "y ~ 1 + (1 | participant) + (1 | article)")
    if min(ms_people, ms_articles) < 1.001 * ms_rest:
        assert fit.singular or min(row.sd for row in fit.random) < 0.2
        return
    expected = ((ms_people - ms_rest) / articles, (ms_articles - ms_rest) / people)
    assert [row.variance for row in fit.random] == pytest.approx(expected, rel=1e-5)
    assert fit.residual_sd**2 == pytest.approx(ms_rest, rel=1e-6)
    combined = ms_people + ms_articles - ms_rest
    assert fit.fixed[0].std_error ** 2 == pytest.approx(combined / len(frame), rel=1e-6)
    dfs = (people - 1, articles - 1, (people - 1) * (articles - 1))
    spread = sum(ms**2 / df for ms, df in zip((ms_people, ms_articles, ms_rest), dfs, strict=True))
    assert fit.fixed[0].df == pytest.approx(combined**2 / spread, rel=1e-4)


@given(seed=seeds)
@few
def test_maximum_likelihood_of_balanced_groups_has_its_closed_form(seed: int) -> None:
    frame = balanced(12, 5, seed=seed, person_sd=2.0, article_sd=0.0)
    table = frame.pivot_table(index="participant", columns="article", values="y").to_numpy()
    between = 5 * float(((table.mean(axis=1) - table.mean()) ** 2).sum())
    within = float(((table - table.mean(axis=1, keepdims=True)) ** 2).sum()) / (12 * 4)
    fit = fit_mixed(frame, "y ~ 1 + (1 | participant)", reml=False)
    assert fit.residual_sd**2 == pytest.approx(within, rel=1e-6)
    assert fit.random[0].variance == pytest.approx((between / 12 - within) / 5, rel=1e-5)


@given(seed=seeds, order=st.randoms(use_true_random=False))
@few
def test_the_order_of_rows_and_the_names_of_levels_do_not_matter(seed: int, order: object) -> None:
    frame = crossed(seed=seed, slope_sd=0.5)
    shuffled = frame.sample(frac=1, random_state=seed % 1000)
    renamed = shuffled.assign(
        participant=shuffled["participant"].map({name: hash(name) for name in frame["participant"].unique()}),
        article=shuffled["article"].map({name: f"{n * 7 % 11}" for n, name in enumerate(frame["article"].unique())}),
    )
    assert same(fit_mixed(frame, SLOPES), fit_mixed(renamed, SLOPES))


@given(seed=seeds, shift=st.sampled_from([-3.0, 1e3, 1e6]))
@few
def test_a_constant_added_to_the_outcome_moves_the_intercept_alone(seed: int, shift: float) -> None:
    frame = crossed(seed=seed)
    one, other = fit_mixed(frame, MODEL), fit_mixed(frame.assign(y=frame["y"] + shift), MODEL)
    assert other.fixed[0].estimate == pytest.approx(one.fixed[0].estimate + shift, rel=1e-12)
    assert numbers(other)[2:] == pytest.approx(numbers(one)[2:], rel=2e-5, abs=2e-5)
    assert other.criterion == pytest.approx(one.criterion, abs=1e-6)


@given(seed=seeds, factor=st.sampled_from([0.01, 30.0, 1e9]))
@few
def test_a_change_of_units_scales_estimates_and_shifts_the_criterion(seed: int, factor: float) -> None:
    frame = crossed(seed=seed)
    one, other = fit_mixed(frame, MODEL), fit_mixed(frame.assign(y=frame["y"] * factor), MODEL)
    assert other.criterion == pytest.approx(one.criterion + 2 * (one.n - 2) * np.log(factor), abs=1e-5)
    for before, after in zip(one.fixed, other.fixed, strict=True):
        assert after.estimate == pytest.approx(before.estimate * factor, rel=1e-5)
        assert (after.df, after.p_value) == pytest.approx((before.df, before.p_value), rel=1e-4)


@given(seed=seeds, shift=st.sampled_from([-5.0, 100.0, 2000.0]), factor=st.sampled_from([0.001, 1.0, 1e4]))
@few
def test_where_a_slopes_covariate_has_its_zero_and_its_unit_does_not_matter(
    seed: int, shift: float, factor: float
) -> None:
    frame = crossed(seed=seed, people=25, slope_sd=1.0)
    moved = frame.assign(signed=(frame["signed"] + shift) * factor)
    formula = "y ~ signed + (1 + signed | participant) + (1 | article)"
    one, other = fit_mixed(frame, formula), fit_mixed(moved, formula)
    assert other.fixed[1].estimate * factor == pytest.approx(one.fixed[1].estimate, rel=1e-4, abs=1e-6)
    assert other.fixed[1].df == pytest.approx(one.fixed[1].df, rel=1e-3)
    assert other.random[1].sd * factor == pytest.approx(one.random[1].sd, rel=1e-4, abs=1e-6)
    assert other.residual_sd == pytest.approx(one.residual_sd, rel=1e-5)
    assert other.singular == one.singular


@given(seed=seeds)
@few
def test_maximum_likelihood_lies_at_or_below_any_other_fit_and_has_less_residual_variance(seed: int) -> None:
    frame = crossed(seed=seed)
    ml, reml = fit_mixed(frame, MODEL, reml=False), fit_mixed(frame, MODEL)
    elsewhere = ml.fitted.criterion.at(reml.fitted.optimum.at.theta)
    assert ml.criterion <= elsewhere.deviance + 1e-8
    assert reml.criterion <= reml.fitted.criterion.at(ml.fitted.optimum.at.theta).deviance + 1e-8
    assert ml.fixed[0].std_error < reml.fixed[0].std_error


@given(seed=seeds)
@few
def test_no_small_step_lowers_the_deviance(seed: int) -> None:
    fit = fit_mixed(crossed(seed=seed, people=10, each=3, article_sd=0.05, slope_sd=0.2), SLOPES)
    criterion, optimum = fit.fitted.criterion, fit.fitted.optimum
    rng = np.random.default_rng(seed)
    for _ in range(20):
        near = optimum.at.theta + rng.normal(0, 0.02, len(optimum.at.theta))
        assert criterion.at(near).deviance >= fit.criterion - 1e-7


def test_a_variance_of_zero_is_told_as_a_singular_fit() -> None:
    frame = crossed(seed=3)
    # The articles differ less than chance alone would make them.
    frame["y"] -= frame.groupby("article")["y"].transform("mean")
    fit = fit_mixed(frame, "y ~ 1 + (1 | participant) + (1 | article)")
    assert fit.random[1].sd == 0.0
    assert fit.singular
    assert any("the variance of Intercept over 'article' is estimated as zero" in line for line in fit.statements)
    assert fit.converged


def test_a_correlation_of_one_is_told_as_a_singular_fit() -> None:
    frame = crossed(people=10, each=4, seed=0, person_sd=1.0)
    fit = fit_mixed(frame, "y ~ signed + (1 + signed | participant) + (1 | article)")
    assert fit.random[1].correlations == pytest.approx((-1.0,), abs=1e-12)
    assert fit.singular
    assert any("effects over 'participant' are estimated as perfectly correlated" in line for line in fit.statements)


def test_a_small_factor_and_missing_and_dropped_columns_are_told() -> None:
    frame = crossed().assign(again=lambda rows: rows["signed"] * 2, week=lambda rows: rows.index % 3)
    frame.loc[[3, 9], "y"] = np.nan
    fit = fit_mixed(frame, "y ~ origin + again + (1 | participant) + (1 | week)")
    assert fit.n_missing == 2
    assert fit.dropped == ("again",)
    assert [row.term for row in fit.fixed] == ["Intercept", "origin[T.synthetic]"]
    told = " ".join(fit.statements)
    assert "2 rows with missing values were left out" in told
    assert "as sums of other columns: again" in told
    assert "'week' has 3 levels only" in told


def test_shares_of_variance_add_up_and_are_intraclass_correlations() -> None:
    fit = fit_mixed(crossed(seed=2), MODEL)
    shares = {row.group: row.share for row in fit.variance_shares()}
    total = sum(row.variance for row in fit.random) + fit.residual_sd**2
    assert shares["participant"] == pytest.approx(fit.random[0].variance / total)
    assert sum(shares.values()) == pytest.approx(1)


def test_normal_quantiles_make_narrower_intervals_than_satterthwaites() -> None:
    frame = crossed(seed=2)
    narrow, wide = fit_mixed(frame, MODEL, ddf="normal"), fit_mixed(frame, MODEL)
    term = "origin[T.synthetic]"
    assert np.isinf(narrow.effect(term).df)
    assert narrow.effect(term).std_error == wide.effect(term).std_error
    assert narrow.effect(term).ci_high < wide.effect(term).ci_high
    with pytest.raises(KeyError, match="the model has no term 'arm'; it has Intercept, origin"):
        wide.effect("arm")


def test_the_tables_have_stable_columns() -> None:
    fit = fit_mixed(crossed(), SLOPES)
    columns = ["term", "estimate", "std_error", "statistic", "df", "p_value", "ci_low", "ci_high"]
    assert list(fit.to_frame().columns) == columns
    assert list(fit.random_frame().columns) == ["group", "term", "sd", "variance", "correlations"]
