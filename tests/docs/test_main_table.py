"""The R script makes the report's main table anew from an export, on every design, and refuses bad files in words."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.crossed import crossed_contrasts
from analysis.plan import Plan
from tests.analysis.ratings import ratings_of
from tests.docs.exports import exported_ratings

pytestmark = pytest.mark.r

REPOSITORY = Path(__file__).parent.parent.parent
CASES: list[dict[str, Any]] = json.loads(
    (REPOSITORY / "tests" / "reference" / "crossed.json").read_text(encoding="utf-8")
)["cases"]
DESIGNS = {case["name"]: case for case in CASES}
# How far R's values may be from ours, as a share of the value.
DIGITS = {"estimate": 1e-5, "std_error": 1e-5, "df": 1e-3, "p_value": 1e-3, "p_adjusted": 1e-3}
DIGITS |= {"statistic": 1e-3, "ci_low": 1e-3, "ci_high": 1e-3}


def in_r(ratings: Path, out: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("Rscript")
    assert program, "there is no R: 'sh .ci/r' installs it or says how"
    return subprocess.run(
        [program, str(REPOSITORY / "docs" / "r" / "main_table.R"), str(ratings), str(out), *more],
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )


def agree(ratings: pd.DataFrame, path: Path, *, plan: Plan | None = None, more: tuple[str, ...] = ()) -> str:
    """Holds R's table of the file at ``path`` against ours of ``ratings``; returns the random part of both."""
    ours = crossed_contrasts(ratings, plan or Plan())
    out = path.with_name("main-table.csv")
    done = in_r(path, out, *more)
    assert done.returncode == 0, done.stderr
    expected, found = ours.to_frame(), pd.read_csv(out)
    assert np.isfinite(expected["p_value"]).all()
    exact = [name for name in found.columns if name not in DIGITS]
    assert exact == ["contrast", "arm", "reference", "n", "n_reference", "n_articles", "n_articles_reference"]
    pd.testing.assert_frame_equal(found[exact], expected[exact], check_dtype=False)
    for name, digits in DIGITS.items():
        assert list(found[name]) == pytest.approx(list(expected[name]), rel=digits, abs=1e-12), name
    random = ours.formula.partition(" ~ arm + ")[2]
    # R's script calls the origin 'signed', as it is -0.5 and 0.5 there.
    assert f"rating ~ arm + {random.replace('origin', 'signed')}," in done.stderr
    return random


def test_the_table_of_an_export_is_the_reports(tmp_path: Path) -> None:
    path = tmp_path / "table-ratings_data.csv"
    assert agree(exported_ratings(path), path) == "(1 | participant) + (1 | article)"


@pytest.mark.parametrize(
    ("design", "random"),
    [
        ("within", "(1 + origin | participant) + (1 | article)"),
        ("within, three arms", "(1 + origin | participant) + (1 | participant:arm) + (1 | article)"),
        ("mixed", "(1 | participant) + (1 | participant:arm) + (1 | article)"),
        ("unbalanced", "(1 | participant) + (1 | article)"),
        ("the same articles in both arms", "(1 | participant) + (1 | article) + (1 | article:arm)"),
        ("the same stories in every arm", "(1 | participant) + (1 | story) + (1 | article)"),
    ],
)
def test_the_table_of_every_design_is_the_reports(design: str, random: str, tmp_path: Path) -> None:
    path, ratings = tmp_path / "ratings.csv", pd.DataFrame(DESIGNS[design]["data"])
    ratings.to_csv(path, index=False)
    more = ("credibility", "real")
    assert agree(ratings, path, plan=Plan(reference="real"), more=more) == random


def test_one_rating_a_person_leaves_people_out_of_both_models(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    ratings = ratings_of({arm: [float(value) for value in rng.normal(6, 1, 60)] for arm in ("größer", "real")}, 6)
    ratings["trust"] = ratings.pop("credibility") + ratings["article"].str[-1].astype(int) * 0.4
    path = tmp_path / "ratings.csv"
    ratings.to_csv(path, index=False, encoding="utf-8-sig")
    assert agree(ratings, path, plan=Plan(outcome="trust"), more=("trust",)) == "(1 | article)"


def test_a_small_arm_of_repeats_beside_a_large_one_of_single_ratings_keeps_its_people_in_both_models(
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(1)
    ratings = ratings_of({"real": list(rng.normal(6, 1.4, 200)), "small": list(rng.normal(6, 1.4, 12))}, 6)
    level, own = rng.normal(0, 1.5, 4), ratings["arm"] == "small"
    person = np.arange(12) // 3
    ratings.loc[own, "participant"] = [f"small-{n}" for n in person]
    ratings.loc[own, "article"] = [f"small-{(n + row) % 6}" for row, n in enumerate(person)]
    ratings.loc[own, "credibility"] += level[person]
    path = tmp_path / "ratings.csv"
    ratings.to_csv(path, index=False)
    assert agree(ratings, path, plan=Plan(reference="real"), more=("credibility", "real")) == (
        "(1 | participant) + (1 | article)"
    )


@pytest.mark.parametrize(
    ("spoil", "more", "sentence"),
    [
        (lambda frame: frame.drop(columns="article"), (), "has no column 'article'"),
        (lambda frame: frame, ("warmth",), "has no column 'warmth'"),
        (lambda frame: frame, ("credibility", "huge"), "the reference 'huge' is no arm; there are real, small"),
        (lambda frame: frame.assign(mode=["live"] + ["pilot"] * 9), (), "holds several modes (live, pilot)"),
        (lambda frame: frame.assign(credibility=["high"] + ["5"] * 9), (), "row 2 of"),
        (lambda frame: pd.concat([frame, frame[:1]]), (), "row 12 of"),
        (lambda frame: frame.assign(article=frame["participant"]), (), "there is no mixed model"),
        (lambda frame: frame.assign(participant=frame["arm"]), (), "an arm has one participant only"),
        (lambda frame: frame.assign(arm="real"), (), "fewer than two arms have ratings"),
        (lambda frame: frame[:0], (), "no ratings"),
    ],
)
def test_a_file_that_cannot_be_analysed_is_refused_with_the_place(
    spoil: Callable[[pd.DataFrame], pd.DataFrame], more: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    path, out = tmp_path / "ratings.csv", tmp_path / "main-table.csv"
    spoil(ratings_of({"real": [5.0, 6.0, 7.0, 4.0, 5.0], "small": [3.0, 4.0, 5.0, 6.0, 2.0]})).to_csv(path, index=False)
    done = in_r(path, out, *more)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert not out.exists()
