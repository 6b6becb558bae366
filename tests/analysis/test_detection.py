"""Detection: the formulas' numbers, the treatment of neutral answers, and intervals over people and articles."""

import doctest
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis import detection_counts
from analysis.detection import DetectionOptions, detection
from analysis.detection_counts import d_prime
from analysis.equivalence import detectable
from analysis.validation import FrameError

R: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "reference" / "measures.json").read_text(encoding="utf-8")
)
FEW = DetectionOptions(draws=60)


def answers(people: int = 20, articles: int = 8, *, strength: float = 0.8, seed: int = 1) -> pd.DataFrame:
    """Everybody judges every article on five points, half of the articles being synthetic."""
    rng = np.random.default_rng(seed)
    person, article = np.indices((people, articles)).reshape(2, -1)
    synthetic = article % 2 == 1
    felt = rng.normal(np.where(synthetic, strength / 2, -strength / 2)) + rng.normal(0, 0.3, articles)[article]
    return pd.DataFrame(
        {
            "participant": [f"p{n:02}" for n in person],
            "article": [f"a{n:02}" for n in article],
            "arm": np.where(synthetic, "synthetic", "real"),
            "origin": np.where(synthetic, "synthetic", "real"),
            "attribution": 1 + np.digitize(felt, [-1.2, -0.2, 0.2, 1.2]),
        }
    )


@pytest.mark.parametrize("case", R["detection"], ids=lambda case: str(case["counts"]))
def test_d_prime_and_criterion_with_the_log_linear_correction(case: dict[str, Any]) -> None:
    assert d_prime(*case["counts"]) == pytest.approx((case["d_prime"], case["criterion"]), abs=1e-10)


def test_the_examples_in_the_docstrings() -> None:
    assert doctest.testmod(detection_counts).failed == 0


@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_d_prime_is_finite_and_turns_round_with_the_roles(n_signal: int, n_noise: int, data: st.DataObject) -> None:
    hits, alarms = data.draw(st.integers(0, n_signal)), data.draw(st.integers(0, n_noise))
    value, criterion = d_prime(hits, n_signal, alarms, n_noise)
    assert math.isfinite(value)
    back, turned = d_prime(alarms, n_noise, hits, n_signal)
    assert (back, turned) == pytest.approx((-value, criterion), abs=1e-9)


def test_auc_counts_the_neutral_answers_that_it_ranks_and_the_people_who_gave_them() -> None:
    frame = answers()
    # One person is neutral on every real article: no hit rate against false alarms, but ranks.
    undecided = (frame["participant"] == "p00") & (frame["origin"] == "real")
    frame.loc[undecided, "attribution"] = 3
    found = detection(frame, FEW)
    neutral = int((frame["attribution"] == 3).sum())
    assert found.pooled("auc").n_answers == len(frame)
    assert found.pooled("d_prime").n_answers == len(frame) - neutral
    without = sum(1 for _, own in frame.groupby("participant") if lacks_a_kind(own))
    assert without >= 1
    assert found.per_person("auc").n_people == 20
    assert found.per_person("d_prime").n_people == 20 - without
    areas = []
    for _, own in frame.groupby("participant"):
        real, synthetic = (own.loc[own["origin"] == kind, "attribution"] for kind in ("real", "synthetic"))
        areas.append(stats.mannwhitneyu(synthetic, real).statistic / (len(real) * len(synthetic)))
    assert found.per_person("auc").estimate == pytest.approx(np.mean(areas))
    assert any("AUC ranks the whole scale and so has them all" in said for said in found.statements)


def lacks_a_kind(own: pd.DataFrame) -> bool:
    """Whether somebody's answers that are not neutral are all about one kind of article."""
    return own.loc[own["attribution"] != 3, "origin"].nunique() < 2


def test_auc_is_the_mann_whitney_share() -> None:
    frame = answers()
    value = frame.groupby("origin")["attribution"].apply(list)
    u = stats.mannwhitneyu(value["synthetic"], value["real"]).statistic
    found = detection(frame, FEW).pooled("auc").estimate
    assert found == pytest.approx(u / (len(value["synthetic"]) * len(value["real"])))


def test_the_mean_over_people_is_that_of_their_own_values() -> None:
    found = detection(answers(), FEW)
    people = found.people_frame()
    assert found.per_person("d_prime").estimate == pytest.approx(people["d_prime"].mean())
    assert found.per_person("criterion").estimate == pytest.approx(people["criterion"].mean())
    one = people.iloc[3]
    assert (one["d_prime"], one["criterion"]) == pytest.approx(
        d_prime(one["hits"], one["n_synthetic"], one["false_alarms"], one["n_real"])
    )


def test_neutral_answers_are_treated_as_stated() -> None:
    frame = answers()
    neutral = int((frame["attribution"] == 3).sum())
    assert neutral > 10
    by = {
        treatment: detection(frame, DetectionOptions(treatment=treatment, draws=40))
        for treatment in ("left-out", "as-human", "halved")
    }
    assert {found.n_neutral for found in by.values()} == {neutral}
    assert by["left-out"].pooled("d_prime").n_answers == len(frame) - neutral
    assert by["halved"].pooled("d_prime").n_answers == len(frame)
    synthetic = frame["origin"] == "synthetic"
    said, unsure = frame["attribution"] > 3, frame["attribution"] == 3
    hits = {
        "left-out": said[synthetic].sum() / (~unsure[synthetic]).sum(),
        "as-human": said[synthetic].mean(),
        "halved": (said + unsure / 2)[synthetic].mean(),
    }
    for treatment, found in by.items():
        assert found.pooled("hit_rate").estimate == pytest.approx(hits[treatment])
        assert any("eutral" in sentence and str(neutral) in sentence for sentence in found.statements)


def test_accuracy_of_answers_that_all_name_a_side() -> None:
    frame = answers().assign(attribution=lambda f: np.where(f["attribution"] > 3, 1.0, 0.0))
    found = detection(frame, DetectionOptions(neutral=None, cut=0.0, draws=40))
    right = (frame["attribution"] == 1) == (frame["origin"] == "synthetic")
    assert found.pooled("accuracy").estimate == pytest.approx(right.mean())


def test_d_prime_and_auc_say_how_far_from_guessing_would_be_found() -> None:
    rows = {(row.term, row.kind): row for row in detection(answers(), replace(FEW, alpha=0.1)).rows}
    for (term, _), row in rows.items():
        expected = detectable(row.std_error, math.inf, 0.1) if term in {"d_prime", "auc"} else math.nan
        assert row.detectable == pytest.approx(expected, nan_ok=True)


def test_articles_that_differ_widen_the_interval() -> None:
    alike = answers(people=60, articles=10, seed=4)
    # Each article is recognised by all or by none.
    clear = alike.assign(attribution=np.where(alike["article"].isin(["a01", "a02", "a05"]), 5, 1))
    wide, narrow = (detection(frame, DetectionOptions(draws=200)).pooled("hit_rate") for frame in (clear, alike))
    assert wide.ci_high - wide.ci_low > 2 * (narrow.ci_high - narrow.ci_low)


def test_equal_seeds_give_equal_intervals_whatever_the_order_of_rows() -> None:
    frame = answers()
    one, other = detection(frame, FEW), detection(frame.sample(frac=1, random_state=3), FEW)
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())
    assert list(one.to_frame().columns)[:6] == ["term", "kind", "estimate", "std_error", "ci_low", "ci_high"]


def test_people_without_one_kind_have_no_value_of_their_own_and_are_counted() -> None:
    frame = answers()
    frame = frame[~((frame["participant"] == "p03") & (frame["origin"] == "real"))]
    found = detection(frame, FEW)
    assert found.per_person("d_prime").n_people == 19
    assert math.isnan(next(row.d_prime for row in found.people if row.participant == "p03"))
    assert any(sentence.startswith("1 person has no answers") for sentence in found.statements)


def test_few_articles_are_spoken_of() -> None:
    assert any("2 synthetic articles only" in s for s in detection(answers(articles=4), FEW).statements)


def test_answers_to_one_kind_only_are_refused() -> None:
    with pytest.raises(FrameError, match="about real articles"):
        detection(answers().query("origin == 'synthetic'"), FEW)


def test_an_origin_that_is_neither_and_an_article_that_is_both_are_refused() -> None:
    frame = answers()
    with pytest.raises(FrameError, match="must be 'real' or 'synthetic'") as refused:
        detection(frame.assign(origin=frame["origin"].where(frame["article"] != frame["article"][5], "human")), FEW)
    assert 5 in refused.value.rows
    frame.loc[1, "origin"] = "real"
    with pytest.raises(FrameError, match="has in the column 'origin' 'real' in row 1 and 'synthetic' in rows"):
        detection(frame, FEW)


def test_a_scale_needs_a_neutral_point_or_a_cut() -> None:
    with pytest.raises(ValueError, match="one of the two"):
        detection(answers(), DetectionOptions(neutral=None))


def test_an_area_that_no_study_could_have_is_not_said_to_be_what_would_be_found() -> None:
    rated = pd.DataFrame(
        [
            {
                "participant": person,
                "arm": "a",
                "article": article,
                "origin": article[0],
                "attribution": 1 + (3 * n + 2 * m) % 5,
            }
            for n, person in enumerate("pqr")
            for m, article in enumerate(("r1", "r2", "r3", "s1", "s2", "s3"))
        ]
    ).replace({"origin": {"r": "real", "s": "synthetic"}})
    small, strict = (detection(rated, DetectionOptions(alpha=alpha)).pooled("auc") for alpha in (0.05, 0.001))
    assert small.detectable == pytest.approx(detectable(small.std_error, math.inf, 0.05))
    assert detectable(strict.std_error, math.inf, 0.001) > 0.5
    assert math.isnan(strict.detectable)
