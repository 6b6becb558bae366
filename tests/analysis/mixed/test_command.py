"""``python -m analysis mixed`` on files."""

import json
from pathlib import Path

import pandas as pd
import pytest

from analysis.__main__ import main
from analysis.mixed import fit_mixed
from analysis.mixed.profile import profile_intervals
from tests.analysis.mixed.ratings import crossed

MODEL = "y ~ origin + (1 | participant) + (1 | article)"


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    path = tmp_path / "ratings.csv"
    crossed(seed=4).to_csv(path, index=False)
    return path


def test_the_numbers_in_the_json_are_those_of_the_fit(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = file.with_suffix(".json")
    assert main(["mixed", str(file), "--formula", MODEL, "--json", str(out)]) == 0
    said = json.loads(out.read_text(encoding="utf-8"))
    fit = fit_mixed(pd.read_csv(file), MODEL)
    assert said["version"] == 1
    assert said["criterion"] == pytest.approx(fit.criterion)
    assert [row["estimate"] for row in said["fixed"]] == pytest.approx([row.estimate for row in fit.fixed])
    assert {row["group"] for row in said["variance_shares"]} == {"participant", "article", "residual"}
    assert "80 ratings; 20 of participant, 8 of article" in capsys.readouterr().out


def test_parquet_ml_degrees_of_freedom_and_reference(file: Path, tmp_path: Path) -> None:
    table, out = tmp_path / "ratings.parquet", tmp_path / "out.json"
    pd.read_csv(file).to_parquet(table)
    options = ["--ml", "--ddf", "normal", "--reference", "origin=synthetic", "--json", str(out)]
    assert main(["mixed", str(table), "--formula", MODEL, *options]) == 0
    said = json.loads(out.read_text(encoding="utf-8"))
    assert (said["method"], said["ddf"]) == ("ML", "normal")
    assert said["fixed"][1]["term"] == "origin[T.real]"
    assert said["fixed"][1]["df"] is None


def test_intervals_by_profile_are_printed_and_written(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = file.with_suffix(".json")
    assert main(["mixed", str(file), "--formula", MODEL, "--intervals", "profile", "--json", str(out)]) == 0
    said = json.loads(out.read_text(encoding="utf-8"))
    expected = profile_intervals(fit_mixed(pd.read_csv(file), MODEL)).to_frame()
    assert (said["method"], said["intervals"]["kind"], said["intervals"]["method"]) == ("REML", "profile", "ML")
    assert [row["ci_high"] for row in said["intervals"]["rows"]] == pytest.approx(expected["ci_high"].tolist())
    printed = capsys.readouterr().out
    assert "95% intervals by profile likelihood" in printed
    assert "those of maximum likelihood" in printed


def test_intervals_by_bootstrap_name_their_seed_and_are_the_same_again(file: Path) -> None:
    one, other = file.with_suffix(".one"), file.with_suffix(".other")
    options = ["--intervals", "bootstrap", "--bootstraps", "39", "--seed", "8"]
    for out in (one, other):
        assert main(["mixed", str(file), "--formula", MODEL, *options, "--json", str(out)]) == 0
    assert one.read_bytes() == other.read_bytes()
    said = json.loads(one.read_text(encoding="utf-8"))["intervals"]
    assert (said["draws"], said["seed"], said["n_failed"], len(said["rows"])) == (39, 8, 0, 5)


def test_without_a_wish_intervals_are_those_of_the_tests_and_spreads_have_none(file: Path) -> None:
    out = file.with_suffix(".json")
    assert main(["mixed", str(file), "--formula", MODEL, "--json", str(out)]) == 0
    said = json.loads(out.read_text(encoding="utf-8"))
    rows = said["intervals"]["rows"]
    assert said["intervals"]["kind"] == "wald"
    assert [row["ci_low"] for row in rows] == [None] * 3 + [row["ci_low"] for row in said["fixed"]]
    assert [row["estimate"] for row in rows[:3]] == [*(row["sd"] for row in said["random"]), said["residual_sd"]]


def test_people_whose_codes_differ_by_a_zero_stay_two(tmp_path: Path) -> None:
    frame = crossed()
    codes = ["1", "01", *map(str, range(2, 20))]
    names = dict(zip(frame["participant"].unique(), codes, strict=True))
    path, out = tmp_path / "coded.csv", tmp_path / "out.json"
    frame.assign(participant=frame["participant"].map(names)).to_csv(path, index=False)
    assert main(["mixed", str(path), "--formula", MODEL, "--json", str(out)]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["groups"][0]["levels"] == 20


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--formula", "y ~ arm + (1 | participant)"], "no column 'arm'"),
        (["--formula", "y ~ origin"], "no random term"),
        (["--formula", MODEL, "--reference", "origin=imagined"], "has no level 'imagined'; it has real, synthetic"),
        (["--formula", MODEL, "--reference", "origin"], "write COLUMN=LEVEL"),
        (["--formula", MODEL, "--alpha", "5"], "between 0 and 1"),
        (["--formula", MODEL, "--ml", "--ddf", "kenward-roger"], "need a fit by REML"),
        (["--formula", MODEL, "--seed", "3"], "--seed is of the bootstrap: ask for it with --intervals bootstrap"),
        (["--formula", MODEL, "--intervals", "profile", "--bootstraps", "99"], "--bootstraps is of the bootstrap"),
        (["--formula", MODEL, "--intervals", "bootstrap", "--bootstraps", "38"], "no 95% interval: take at least 39"),
        (["--formula", MODEL, "--intervals", "bootstrap", "--bootstraps", "1000001"], "take at most 100000"),
        (["--formula", MODEL, "--intervals", "bootstrap", "--seed", "-1"], "--seed is -1: give a whole number from 0"),
    ],
)
def test_what_cannot_be_done_is_said_and_ends_with_2(
    file: Path, options: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mixed", str(file), *options]) == 2
    assert complaint in capsys.readouterr().err


def test_of_two_columns_with_one_name_none_is_taken_in_silence(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.read_csv(file)
    pd.concat([frame, frame[["y"]] + 1], axis=1).to_csv(file, index=False)
    assert main(["mixed", str(file), "--formula", MODEL]) == 2
    assert "ratings.csv has these columns more than once: y. Keep one of each" in capsys.readouterr().err


def test_a_missing_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mixed", str(tmp_path / "none.csv"), "--formula", MODEL]) == 2
    assert "there is no file" in capsys.readouterr().err


def test_an_infinite_value_is_named_by_its_row_in_the_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[4] = lines[4].rsplit(",", 1)[0] + ",inf"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["mixed", str(file), "--formula", MODEL]) == 2
    assert "'y' is infinite in row 5" in capsys.readouterr().err


def test_a_word_among_the_outcomes_is_named_by_its_row(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[4] = lines[4].rsplit(",", 1)[0] + ",seven"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert main(["mixed", str(file), "--formula", MODEL]) == 2
    assert "the outcome 'y' holds str, not numbers; 'seven' stands in row 5" in capsys.readouterr().err


def test_rows_that_stand_in_the_file_twice_are_spoken_of(file: Path) -> None:
    out, lines = file.with_suffix(".json"), file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([*lines, lines[3]]) + "\n", encoding="utf-8")
    assert main(["mixed", str(file), "--formula", MODEL, "--json", str(out)]) == 0
    said = json.loads(out.read_text(encoding="utf-8"))["statements"]
    assert any(sentence.startswith("row 82 repeat") for sentence in said)


def test_a_value_far_from_all_others_is_spoken_of_as_in_the_report(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = crossed(seed=4)
    frame.loc[3, "y"] = 1e9
    frame.to_csv(file, index=False)
    assert main(["mixed", str(file), "--formula", MODEL]) == 0
    assert "such as 1e+09, lies more than 1,000 times as far" in capsys.readouterr().out


def test_none_is_a_level_and_empty_cells_and_na_are_missing_as_r_reads_them(tmp_path: Path) -> None:
    frame = crossed()
    frame["label"] = [("None", "Correct", "n/a", "NA", "")[n % 5] for n in range(len(frame))]
    frame["age"] = [("30", "41", "n/a", "52", "67")[n % 5] for n in range(len(frame))]
    path, out = tmp_path / "labelled.csv", tmp_path / "out.json"
    frame.to_csv(path, index=False)
    for column, terms, missing in (("label", ["label[T.None]", "label[T.n/a]"], 2), ("age", ["age"], 1)):
        assert main(["mixed", str(path), "--formula", f"y ~ {column} + (1 | participant)", "--json", str(out)]) == 0
        said = json.loads(out.read_text(encoding="utf-8"))
        assert [row["term"] for row in said["fixed"][1:]] == terms
        assert said["n"] == len(frame) * (5 - missing) // 5
