"""What holds of any logistic or ordinal mixed model, and what is said where there is none."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.mixed import FormulaError, MixedModelError
from analysis.mixed.covariance import layout
from analysis.mixed.design import make_design
from analysis.mixed.laplace import SeparationError, fit_logistic, fit_ordinal
from analysis.mixed.laplace.blocks import places
from analysis.mixed.laplace.criterion import Laplace
from analysis.mixed.laplace.family import Binomial, CumulativeLogit, Family
from tests.analysis.mixed.ratings import crossed

YES_NO = "c ~ origin + (1 | participant) + (1 | article)"
ORDINAL = "r ~ origin + (1 | participant) + (1 | article)"


def ratings(**options: Any) -> pd.DataFrame:
    """Crossed ratings with a yes-no outcome ``c`` and one of four categories, ``r``."""
    frame = crossed(people=30, articles=8, each=6, **options)
    return frame.assign(
        c=(frame["y"] > 4.7).astype(int), r=pd.cut(frame["y"], [-99, 3.6, 4.7, 5.6, 99], labels=False) + 1
    )


@pytest.mark.parametrize(
    "random",
    [
        "(1 | participant)",
        "(1 | participant) + (1 | article)",
        "(1 + signed | participant) + (1 | article)",
        "(1 | participant) + (1 + signed | article)",
        "(1 | participant) + (1 | article) + (1 | half)",
    ],
)
@pytest.mark.parametrize("outcome", ["c", "r"])
def test_the_slopes_are_those_of_the_criterion(outcome: str, random: str) -> None:
    data = ratings().assign(half=lambda frame: frame["article"].str[-1].astype(int) % 3)
    design = make_design(data, f"{outcome} ~ signed + {random}")
    x, category = design.x[:, 1:], (design.y - design.y.min()).astype(np.int64)
    family: Family = CumulativeLogit(category, 3)
    cuts = np.array([-1.2, 0.1, 1.4])
    if outcome == "c":
        family, cuts = Binomial(design.y, np.ones(len(x))), np.array([])
    where = layout(design.factors)
    criterion = Laplace(family, x, places(design.factors), where)
    point = np.concatenate([[-0.5], np.linspace(0.9, 0.4, len(where.row)), cuts])
    found = criterion.gradient(criterion.at(point))
    for n in range(len(point)):
        step = np.eye(len(point))[n] * 1e-5
        slope = (criterion.at(point + step).deviance - criterion.at(point - step).deviance) / 2e-5
        assert found[n] == pytest.approx(slope, rel=1e-6, abs=1e-6)


def test_two_categories_are_a_yes_no_model() -> None:
    data = ratings()
    logistic, ordinal = fit_logistic(data, YES_NO), fit_ordinal(data, YES_NO)
    assert ordinal.log_likelihood == pytest.approx(logistic.log_likelihood, abs=1e-8)
    assert ordinal.thresholds[0].estimate == pytest.approx(-logistic.fixed[0].estimate, abs=1e-5)
    assert ordinal.fixed[0].std_error == pytest.approx(logistic.fixed[1].std_error, rel=1e-5)


def test_counts_of_trials_give_the_coefficients_of_single_answers() -> None:
    data = ratings()
    counts = data.groupby(["participant", "origin"], as_index=False).agg(c=("c", "sum"), n=("c", "size"))
    single = fit_logistic(data, "c ~ origin + (1 | participant)")
    together = fit_logistic(counts, "c ~ origin + (1 | participant)", trials="n")
    for one, other in zip(single.fixed, together.fixed, strict=True):
        assert other.estimate == pytest.approx(one.estimate, abs=1e-5)
        assert other.std_error == pytest.approx(one.std_error, rel=1e-4)


def test_turning_the_scale_round_turns_the_coefficients_round() -> None:
    data = ratings()
    up, down = fit_ordinal(data, ORDINAL), fit_ordinal(data.assign(r=5 - data["r"]), ORDINAL)
    assert down.log_likelihood == pytest.approx(up.log_likelihood, abs=1e-7)
    assert down.fixed[0].estimate == pytest.approx(-up.fixed[0].estimate, abs=1e-4)
    assert [row.term for row in up.thresholds] == ["1|2", "2|3", "3|4"]


def test_a_planted_difference_is_found() -> None:
    rng = np.random.default_rng(5)
    person, article = np.repeat(np.arange(200), 12), np.tile(np.arange(12), 200)
    eta = 0.4 - 1.0 * (article % 2) + rng.normal(0, 0.9, 200)[person] + rng.normal(0, 0.3, 12)[article]
    data = pd.DataFrame({"p": person, "a": article, "x": article % 2, "y": (rng.logistic(eta) > 0).astype(int)})
    row = fit_logistic(data, "y ~ x + (1 | p) + (1 | a)").effect("x")
    assert row.ci_low < -1.0 < row.ci_high
    assert row.std_error < 0.4


def test_units_of_a_covariate_change_only_its_coefficient() -> None:
    data = ratings().assign(year=lambda frame: frame["signed"])
    plain = fit_logistic(data, "c ~ year + (1 | participant)")
    far = fit_logistic(data.assign(year=data["year"] * 1e6 + 1e9), "c ~ year + (1 | participant)")
    assert far.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
    assert far.effect("year").estimate * 1e6 == pytest.approx(plain.effect("year").estimate, rel=1e-5)


def test_odds_ratios_are_the_coefficients_exponentials() -> None:
    fit = fit_logistic(ratings(), YES_NO)
    (row,) = fit.odds_ratios().to_dict("records")
    assert row["estimate"] == pytest.approx(np.exp(fit.fixed[1].estimate))
    assert row["ci_low"] < row["estimate"] < row["ci_high"]
    assert fit.to_dict()["fixed"][1]["term"] == "origin[T.synthetic]"


def test_an_odds_ratio_beyond_every_number_is_infinite() -> None:
    far = ratings().assign(year=lambda frame: -frame["signed"] / 1e6)
    fit = fit_logistic(far, "c ~ year + (1 | participant)")
    (row,) = fit.odds_ratios().to_dict("records")
    assert fit.effect("year").estimate > 1000
    assert row["estimate"] == row["ci_high"] == np.inf


def test_a_group_that_always_answers_alike_is_refused_by_name() -> None:
    data = ratings()
    data.loc[data["origin"] == "synthetic", "c"] = 1
    with pytest.raises(SeparationError, match="perfect separation") as refused:
        fit_logistic(data, YES_NO)
    assert refused.value.terms == ("origin[T.synthetic]",)


def test_a_covariate_that_orders_the_categories_perfectly_is_refused() -> None:
    data = ratings()
    with pytest.raises(SeparationError, match="y tells"):
        fit_ordinal(data, "r ~ y + (1 | participant)")
    with pytest.raises(SeparationError, match="y tells"):
        fit_logistic(data, "c ~ y + (1 | participant)")


def test_covariates_that_overlap_are_not_called_separated() -> None:
    data = ratings().assign(noisy=lambda frame: frame["y"] + np.random.default_rng(2).normal(0, 1.0, len(frame)))
    assert fit_ordinal(data, "r ~ noisy + (1 | participant)").converged


def test_people_who_answer_all_in_one_way_are_spoken_of() -> None:
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(40), 10)
    data = pd.DataFrame({"p": person, "a": np.tile(np.arange(10), 40), "y": (person % 2)})
    data["x"] = rng.integers(0, 2, len(data))
    # One exception, since without any no finite fit exists.
    data.loc[0, "y"] = 1
    fit = fit_logistic(data, "y ~ x + (1 | p)")
    assert any("answers all in one way" in sentence or "search stopped" in sentence for sentence in fit.statements)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"c": 2}, "neither 0 nor 1 in row 4"),
        ({"c": np.inf}, "neither 0 nor 1 in row 4"),
        ({"c": "yes"}, "not 0 and 1"),
        ({"participant": 7}, "mixes text and other values"),
    ],
)
def test_broken_outcomes_are_refused_with_their_rows(change: dict[str, Any], complaint: str) -> None:
    data = ratings()
    for name, value in change.items():
        data[name] = data[name].astype("object" if isinstance(value, str) or name == "participant" else "float64")
        data.loc[4, name] = value
    with pytest.raises(MixedModelError, match=complaint):
        fit_logistic(data, YES_NO)


@pytest.mark.parametrize(
    ("data", "formula", "complaint"),
    [
        (ratings().assign(c=1), YES_NO, "nothing to explain"),
        (ratings().query("participant == 'p01'"), "c ~ origin + (1 | participant)", "one level only"),
        (ratings().query("article == 'a01'"), "c ~ 1 + (1 | article)", "one level only"),
        (ratings(), "nowhere ~ origin + (1 | participant)", "no column 'nowhere'"),
        (ratings(), "c ~ nowhere + (1 | participant)", "no column 'nowhere'"),
    ],
    ids=["constant", "one participant", "one article", "no outcome", "no covariate"],
)
def test_data_that_carry_no_model_are_refused(data: pd.DataFrame, formula: str, complaint: str) -> None:
    with pytest.raises(MixedModelError, match=complaint):
        fit_logistic(data, formula)


@pytest.mark.parametrize(
    ("outcome", "complaint"),
    [
        (lambda frame: frame["y"], "different values"),
        (lambda frame: frame["r"].map("level {}".format), "neither numbers nor ordered"),
        (lambda frame: frame["r"].astype("category"), "have no order"),
        (lambda frame: frame["r"].where(frame.index != 4, np.inf), "infinite in row 4"),
    ],
    ids=["continuous", "text", "unordered", "infinite"],
)
def test_outcomes_that_are_not_ordinal_are_refused(outcome: Any, complaint: str) -> None:
    data = ratings()
    with pytest.raises(MixedModelError, match=complaint):
        fit_ordinal(data.assign(r=outcome(data)), ORDINAL)


def test_an_ordinal_model_without_intercept_is_no_formula() -> None:
    with pytest.raises(FormulaError, match="thresholds take the place"):
        fit_ordinal(ratings(), "r ~ 0 + origin + (1 | participant)")


@pytest.mark.parametrize("trials", [0, -1, 2.5, np.inf])
def test_trials_that_are_none_are_refused(trials: float) -> None:
    data = ratings().assign(n=1.0)
    data.loc[2, "n"] = trials
    with pytest.raises(MixedModelError, match="no number of trials from 1 in row 2"):
        fit_logistic(data, YES_NO, trials="n")


def test_missing_values_are_left_out_and_counted() -> None:
    data = ratings()
    data["c"] = data["c"].astype("float64").where(data.index > 4)
    fit = fit_logistic(data, YES_NO)
    assert fit.n_missing == 5
    assert any("5 rows with missing values" in sentence for sentence in fit.statements)
    whole = fit_logistic(data.iloc[5:], YES_NO)
    assert whole.log_likelihood == pytest.approx(fit.log_likelihood)


def test_ordered_categories_keep_their_names_and_unused_ones_are_left_out() -> None:
    words = ["not at all", "a little", "rather", "very", "never said"]
    data = ratings()
    named = pd.Categorical([words[n - 1] for n in data["r"]], categories=words, ordered=True)
    fit = fit_ordinal(data.assign(r=named), ORDINAL)
    assert fit.categories == tuple(words[:4])
    assert fit.log_likelihood == pytest.approx(fit_ordinal(data, ORDINAL).log_likelihood)
