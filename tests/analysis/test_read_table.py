"""A file's columns are read as the contract has them: what it calls missing is missing, and nothing else."""

from pathlib import Path

import pandas as pd
import pytest

from analysis.__main__ import main
from analysis.read_table import as_covariate, read_ratings
from analysis.schema_levels import DISCLAIMERS, SOURCE_LABELS
from tests.analysis.ratings import simulated


def test_every_level_of_the_schema_is_one_of_a_covariate() -> None:
    for levels in (DISCLAIMERS, SOURCE_LABELS):
        codes = [level.code for level in levels]
        read = as_covariate(pd.Series(codes))
        assert list(read[read.notna()]) == [code for code in codes if code]


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        (["None", "Correct", "", "NA"], ["None", "Correct", None, None]),
        (["null", "n/a", "x", "x"], ["null", "n/a", "x", "x"]),
        (["1", "2.5", "n/a", ""], [1.0, 2.5, None, None]),
        (["1", "2", "none", ""], ["1", "2", "none", None]),
        (["", "NA", "", ""], [None, None, None, None]),
    ],
)
def test_words_for_a_missing_value_are_so_among_numbers_only(cells: list[str], read: list[object]) -> None:
    found = as_covariate(pd.Series(cells))
    assert list(found.astype("object").where(found.notna(), None)) == read


def test_a_report_compares_the_level_none_with_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = simulated(people=60)
    frame["source_label"] = [("none", "correct", "missing")[int(person[1:]) % 3] for person in frame["participant"]]
    path = tmp_path / "ratings.csv"
    frame.to_csv(path, index=False)
    assert len(read_ratings(path, outcome="credibility").frame) == len(frame)
    assert main(["report", str(path), "--outcome", "credibility", "--covariates", "source_label"]) == 0
    printed = capsys.readouterr().out
    assert "source_label: none" in printed
    assert "no value of source_label" not in printed


def test_blanks_around_a_key_make_no_second_arm_person_or_article(tmp_path: Path) -> None:
    frame = simulated(people=20)
    for name in ("participant", "arm", "article"):
        frame[name] = [f" {value} " if n % 3 else value for n, value in enumerate(frame[name])]
    path = tmp_path / "ratings.csv"
    frame.to_csv(path, index=False)
    read = read_ratings(path, outcome="credibility").frame
    plain = simulated(people=20)
    assert all((read[name].to_numpy() == plain[name].to_numpy()).all() for name in ("participant", "arm", "article"))


def test_answers_off_the_five_points_of_an_attribution_are_refused_with_their_values_and_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = simulated(people=20)
    path = tmp_path / "ratings.csv"
    for answers, named in (([0, 1], "0 stands in rows"), ([1, 6, 7], "6, 7 stands in rows")):
        frame.assign(whom=[answers[n % len(answers)] for n in range(len(frame))]).to_csv(path, index=False)
        assert main(["report", str(path), "--outcome", "credibility", "--attribution", "whom"]) == 2
        said = capsys.readouterr().err
        assert "the column 'whom' must hold whom readers take for the author" in said
        assert named in said
        assert "Recode" in said


def test_ratings_of_nobody_are_named_by_what_they_hold_and_not_by_their_row(tmp_path: Path) -> None:
    lines = [f"{arm},t{n % 3},{1 + n % 7},{n}" for n in range(12) for arm in "ab"]
    named = []
    for order in (lines, [*lines[7:], *lines[:7]][::-1]):
        path = tmp_path / "ratings.csv"
        path.write_text("\n".join(["arm,article,score,age", *order]) + "\n")
        frame = read_ratings(path, outcome="score").frame
        named.append(frame.sort_values("participant", ignore_index=True))
    assert named[0].equals(named[1])
    assert named[0]["participant"].tolist()[:2] == ["rating 01", "rating 02"]
