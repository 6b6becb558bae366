"""``python -m analysis report`` works on anybody's CSV file, without Django, and says what is wrong with a bad one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.__main__ import main
from tests.analysis.ratings import simulated

REPOSITORY = Path(__file__).parent.parent.parent


@pytest.fixture
def ratings_csv(tmp_path: Path) -> Path:
    path = tmp_path / "ratings.csv"
    frame = simulated(people=30).rename(columns={"participant": "Person", "arm": "Condition", "article": "Text"})
    frame.to_csv(path, index=False)
    return path


NAMES = ["--arm", "Condition", "--participant", "Person", "--article", "Text", "--reference", "real"]


def test_it_runs_in_a_process_of_its_own_that_never_loads_django(ratings_csv: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from analysis.__main__ import main; status = main(sys.argv[1:]); "
        "assert not [name for name in sys.modules if name.partition('.')[0] in ('django', 'surveys', 'generation')]; "
        "sys.exit(status)"
    )
    out, page = tmp_path / "out.json", tmp_path / "out.html"
    arguments = ["report", str(ratings_csv), "--outcome", "credibility", *NAMES]
    arguments += ["--json", str(out), "--html", str(page)]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        cwd=REPOSITORY,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "small − real" in done.stdout
    assert json.loads(out.read_text())["results"]["n_people"] == 30
    assert page.read_text().startswith("<!doctype html>")


def test_columns_of_the_contracts_names_are_found_by_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ratings.csv"
    simulated(people=30).to_csv(path, index=False)
    assert main(["report", str(path), "--outcome", "credibility"]) == 0
    printed = capsys.readouterr().out
    assert "real (reference)" in printed
    assert "each row counts as one person" not in printed


def test_without_persons_every_row_is_one_and_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("arm,score\na,1\na,2\nb,3\nb,5\n")
    assert main(["report", str(path), "--outcome", "score"]) == 0
    printed = capsys.readouterr().out
    assert "each row counts as one person" in printed
    assert "No column says which article" in printed
    assert "Credible" not in printed


@pytest.mark.parametrize(
    ("content", "arguments", "says"),
    [
        (b"arm,score\na,1\na,x2\n", [], "holds 'x2' in row 3, which is no number"),
        (b"arm,score\na,1\nb,1;5\n", [], "holds '1;5' in row 3"),
        (b"arm,score\na,inf\n", [], "holds 'inf' in row 2"),
        (b"arm,score\na,1\n,2\n", [], "the column 'arm' has no value in row 3"),
        (b"arm,score\na,1\n", ["--reference", "z"], "the reference 'z' is no arm; there are a"),
        (b"arm,points\na,1\n", [], "has no column 'score'; it has arm, points"),
        (b"arm,score\n", [], "there are no ratings"),
        (b"", [], "is empty"),
        (b"arm,score\na,\xff\n", [], "is not UTF-8"),
        (b"arm,score\na,1,2\nb,2,3\n", [], "more cells than the header has names"),
        (b"arm,score\na,1\nb,2,3\n", [], "Expected 2 fields in line 3, saw 3"),
        (b"arm,score,participant,article\na,1,p,t\na,2,p,t\n", [], "stands in more than one row (rows 2, 3)"),
        (b"arm,score\na,1\n", ["--participant", "who"], "has no column 'who'"),
        (b"arm,score\na,1\n", ["--participant", "arm"], "one column cannot be two things"),
        (b"arm,score\na,1\n", ["--alpha", "2"], "alpha: 2 is not between 0 and 0.5"),
    ],
)
def test_a_bad_file_gets_a_sentence_and_status_2(
    content: bytes, arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    assert main(["report", str(path), "--outcome", "score", *arguments]) == 2
    caught = capsys.readouterr()
    assert says in caught.err
    assert caught.out == ""


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path / "none.csv"), "--outcome", "score"]) == 2
    assert "there is no file" in capsys.readouterr().err


def test_ids_stay_as_they_are_written_and_missing_outcomes_do_not_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ids.csv"
    path.write_text("participant,arm,article,score\n1,NA,t,1\n01,NA,t,2\n001,b,t,NA\n1.0,b,t,4\n2,b,t,\n3,b,t,5\n")
    out = tmp_path / "out.json"
    assert main(["report", str(path), "--outcome", "score", "--json", str(out)]) == 0
    results = json.loads(out.read_text())["results"]
    assert {arm["arm"]: arm["n_people"] for arm in results["arms"]} == {"NA": 2, "b": 2}
    assert results["n_missing"] == 2
