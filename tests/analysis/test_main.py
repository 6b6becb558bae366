"""``python -m analysis report`` works on anybody's CSV file, without Django, and says what is wrong with a bad one."""

import json
import os
import subprocess
import sys
import zipfile
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
        (b"arm;score\na;1,5\n", [], "bad.csv has semicolons between its columns: save it with commas"),
        (b"arm\tscore\na\t1\n", [], "bad.csv has tabs between its columns"),
        (b"arm,points\na,1\n", [], "has no column 'score'; it has arm, points"),
        (b"arm,score\n", [], "there are no ratings"),
        (b"", [], "is empty"),
        (b"arm,score\na,\xff\n", [], "is not UTF-8"),
        (b"arm,score\na,1,2\nb,2,3\n", [], "more cells than the header has names"),
        (b"arm,score\na,1\nb,2,3\n", [], "Expected 2 fields in line 3, saw 3"),
        (
            b"arm,score,participant,article\na,1,p,t\na,2,p,t\n",
            [],
            "participant 'p', article 't' stands in rows 2, 3. Keep one row of each",
        ),
        (
            b"arm,score,participant,article\na,1,p,t\na,2,p,t\na,1,q,t\na,2,q,t\n",
            [],
            "participant 'p', article 't' stands in rows 2, 3, and 1 other stands in several rows too",
        ),
        (b"arm,score,score\na,1,2\nb,2,3\n", [], "has these columns more than once: score. Keep one of each"),
        (b"participant,arm,article,score\np,a,t,1\nNA,b,t,2\nNA,b,u,3\n", [], "(empty or NA) in rows 3, 4; every"),
        (b"participant,arm,article,score\np,a,NA,1\nq,b,t,2\n", [], "'article' of bad.csv has no value (empty or NA)"),
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


@pytest.mark.parametrize("target", ["paper", "paper.zip"])
def test_the_files_of_a_paper_are_those_of_the_platforms_archive(
    ratings_csv: Path, tmp_path: Path, target: str
) -> None:
    written = tmp_path / target
    assert main(["report", str(ratings_csv), "--outcome", "credibility", *NAMES, "--files", str(written)]) == 0
    if target.endswith(".zip"):
        with zipfile.ZipFile(written) as packed:
            files = {name: packed.read(name) for name in packed.namelist()}
    else:
        files = {str(path.relative_to(written)): path.read_bytes() for path in written.rglob("*") if path.is_file()}
    assert {"report.html", "report.json", "figures/mean-outcome.svg", "figures/mean-outcome.png"} <= set(files)
    assert {f"tables/means.{ending}" for ending in ("csv", "tex", "html")} <= set(files)
    assert files["figures/mean-outcome.png"].startswith(b"\x89PNG")


def test_a_slip_of_one_capital_is_named_before_it_makes_an_arm(
    ratings_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = ratings_csv.read_text().replace(",real,", ",Real,", 1)
    ratings_csv.write_text(text)
    assert main(["report", str(ratings_csv), "--outcome", "credibility", *NAMES]) == 0
    printed = capsys.readouterr().out
    assert "The arms 'Real' and 'real' differ in capitals or blanks alone" in printed
    assert "compares the 1 person who is in both arms" in printed


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


def test_a_parquet_file_gives_what_the_same_csv_file_gives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = simulated(people=30)
    frame.to_csv(tmp_path / "ratings.csv", index=False)
    frame.to_parquet(tmp_path / "ratings.parquet")
    found = []
    for name in ("ratings.csv", "ratings.parquet"):
        out = tmp_path / "out.json"
        assert main(["report", str(tmp_path / name), "--outcome", "credibility", "--json", str(out)]) == 0
        found.append(json.loads(out.read_text())["results"])
    assert found[0] == found[1]
    (tmp_path / "no.parquet").write_bytes(b"PAR1 and nothing of the sort")
    capsys.readouterr()
    assert main(["report", str(tmp_path / "no.parquet"), "--outcome", "credibility"]) == 2
    assert "is no Parquet file that can be read" in capsys.readouterr().err


def test_with_truth_the_arms_are_compared_by_discernment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "judged.csv"
    rows = ["participant,arm,article,believed,is_true"]
    for n in range(40):
        arm = "real" if n % 2 else "small"
        for article in range(4):
            says = "yes" if (article % 2 == 1) == (arm == "real" or n % 4 != 0) else "No"
            rows.append(f"p{n},{arm},a{article},{says},{'TRUE' if article % 2 else 'false'}")
    path.write_text("\n".join(rows) + "\n")
    out = tmp_path / "out.json"
    arguments = ["report", str(path), "--outcome", "believed", "--truth", "is_true", "--reference", "real"]
    assert main([*arguments, "--json", str(out)]) == 0
    results = json.loads(out.read_text())["results"]
    assert {row["arm"]: row["estimate"] for row in results["discernment"]} == {"real": 1.0, "small": 0.0}
    assert results["n_people"] == 40
    assert [row["contrast"] for row in results["pairwise"]] == ["small - real"]
    assert {"Welch's ANOVA", "Classical ANOVA", "Kruskal-Wallis", "Levene"} == {r["term"] for r in results["omnibus"]}
    assert "made over the articles that they judged (4 in all)" in capsys.readouterr().out
    path.write_text(path.read_text().replace("FALSE", "false").replace("TRUE", "false"))
    assert main(arguments) == 2
    assert "nobody answered about both true and false articles" in capsys.readouterr().err


def test_a_plan_is_followed_and_every_departure_from_it_is_said(
    ratings_csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, out = tmp_path / "plan.toml", tmp_path / "out.json"
    plan.write_text('[plan]\nreference = "large"\nalpha = 0.1\nequivalence_bound = "0.5"\n')
    arguments = ["report", str(ratings_csv), "--outcome", "credibility", *NAMES[:-2], "--plan", str(plan)]
    assert main([*arguments, "--json", str(out)]) == 0
    content = json.loads(out.read_text())
    assert (content["plan"]["alpha"], content["results"]["reference"]) == (0.1, "large")
    assert content["study"]["deviations"] == []
    assert main([*arguments, "--alpha", "0.05", "--json", str(out)]) == 0
    assert json.loads(out.read_text())["study"]["deviations"] == [
        "The plan's alpha is 0.1; this report was asked for 0.05."
    ]
    capsys.readouterr()
    for wrong, says in (
        ("alpha = 7", "alpha: 7 is not between"),
        ("alpha = ", "is no TOML file"),
        ("plan = 3", "[plan]"),
    ):
        plan.write_text(wrong)
        assert main(arguments) == 2
        assert says in capsys.readouterr().err
    assert main([*arguments[:-1], str(tmp_path / "none.toml")]) == 2
    assert "there is no file" in capsys.readouterr().err


def test_the_cut_is_of_the_outcome_that_it_was_planned_for(
    ratings_csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, path, out = tmp_path / "plan.toml", tmp_path / "trust.csv", tmp_path / "out.json"
    path.write_text(ratings_csv.read_text().replace("credibility", "trust"))
    arguments = ["report", str(path), "--outcome", "trust", *NAMES, "--plan", str(plan), "--json", str(out)]
    plan.write_text('outcome = "trust"\n')
    assert main(arguments) == 0
    assert json.loads(out.read_text())["results"]["credible_cut"] is None
    plan.write_text('outcome = "credibility"\n')
    assert main(arguments) == 0
    content = json.loads(out.read_text())
    assert content["results"]["credible_cut"] is None
    assert content["study"]["deviations"] == [
        "The plan's outcome is 'credibility'; this report was asked for 'trust'.",
        "The plan's reference is ''; this report was asked for 'real'.",
        "The plan's credible_cut is of 'credibility' and is not applied to another outcome.",
    ]
    plan.write_text('outcome = "trust"\ncredible_cut = 5\n')
    assert main(arguments) == 0
    said = " ".join(json.loads(out.read_text())["methods"])
    assert "A rating counts as credible from 5 upwards. The cut is this study's own choice. Shares" in said
    capsys.readouterr()
    of_index = ["report", str(ratings_csv), "--outcome", "credibility", *NAMES, "--credible-cut", "11"]
    assert main(of_index) == 2
    assert "as credibility lies from 1 to 10" in capsys.readouterr().err


def test_people_items_attribution_and_covariates_come_from_columns_and_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = simulated(people=30)
    person = frame["participant"].str[1:].astype(int)
    frame = frame.assign(one=frame["credibility"], two=10 - person % 3 - frame["position"], source=1 + person % 5)
    frame = frame.assign(party=["left" if n % 2 else "right" for n in person], age=20 + person)
    frame.to_csv(tmp_path / "ratings.csv", index=False)
    people = frame.drop_duplicates("participant")[["participant", "arm"]].assign(outcome="completed")
    people.to_csv(tmp_path / "people.csv", index=False)
    out = tmp_path / "out.json"
    arguments = ["report", str(tmp_path / "ratings.csv"), "--outcome", "credibility", "--reference", "real"]
    arguments += ["--people", str(tmp_path / "people.csv"), "--items", "one,two", "--attribution", "source"]
    assert main([*arguments, "--covariates", "party, age", "--json", str(out)]) == 0
    content = json.loads(out.read_text())
    assert content["results"]["flow"]["arrived"] == 30
    assert [row["item"] for row in content["results"]["reliability"]["items"]] == ["one", "two"]
    assert content["results"]["detection"]["rows"]
    assert [one["covariate"] for one in content["results"]["heterogeneity"]] == ["party", "age"]
    assert {row["group"] for row in content["results"]["heterogeneity"][1]["rows"]} == {"one unit more"}
    capsys.readouterr()
    for wrong, says in (
        (["--items", "one,three"], "has no column 'three'"),
        (["--attribution", "party"], "holds 'right' in row 2, which is no number"),
        (["--covariates", "height"], "has no column 'height'"),
        (["--people", str(tmp_path / "none.csv")], "there is no file"),
        (["--people", str(tmp_path / "ratings.csv")], "has no column 'outcome'"),
    ):
        assert main([*arguments, *wrong]) == 2
        assert says in capsys.readouterr().err


def test_the_indexs_items_are_held_to_their_scale_and_to_the_index(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = simulated(people=30)
    for name, more in (("believable", 4), ("accurate", 3), ("clear", 2)):
        frame[name] = ((frame["credibility"] + more) // 3).clip(1, 4)
    frame["credibility"] = frame[["believable", "accurate", "clear"]].sum(axis=1) - 2
    path = tmp_path / "ratings.csv"
    arguments = ["report", str(path), "--outcome", "credibility", "--reference", "real"]
    arguments += ["--items", "believable,accurate,clear"]
    frame.to_csv(path, index=False)
    assert main(arguments) == 0
    assert "credibility is not believable + accurate + clear" not in capsys.readouterr().out
    frame.loc[0, "believable"] = 5 - frame["believable"].iloc[0]
    frame.to_csv(path, index=False)
    assert main(arguments) == 0
    said = f"In 1 of {len(frame)} ratings (such as that of real-0 by p0000) credibility is not believable + accurate"
    assert said in capsys.readouterr().out
    frame.loc[0, "believable"] = 9
    frame.to_csv(path, index=False)
    assert main(arguments) == 2
    assert "the column 'believable' must lie from 1 to 4, unlike 9.0 in row 2" in capsys.readouterr().err


def test_a_column_of_the_contract_that_breaks_it_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("participant,arm,article,position,score\n1,a,t,first,1\n2,b,t,2,2\n")
    assert main(["report", str(path), "--outcome", "score"]) == 2
    assert "the column 'position' must hold numbers, not 'first' in row 2" in capsys.readouterr().err


def test_an_outcome_of_the_contracts_name_is_held_to_its_bounds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("participant,arm,article,credibility\n1,a,t,5\n2,b,t,1000000000\n")
    assert main(["report", str(path), "--outcome", "credibility"]) == 2
    said = capsys.readouterr().err
    assert "the column 'credibility' must lie from 1 to 10, unlike 1000000000.0 in row 3" in said
    assert "give the column another name" in said


def test_one_row_an_item_is_no_rating_given_twice(tmp_path: Path) -> None:
    path, out = tmp_path / "items.csv", tmp_path / "out.json"
    path.write_text(
        "participant,arm,article,item,score\n"
        + "".join(f"{p},{'ab'[p % 2]},t{p % 2},{item},{p + n}\n" for p in range(8) for n, item in enumerate(("x", "y")))
    )
    assert main(["report", str(path), "--outcome", "score", "--json", str(out)]) == 0
    assert json.loads(out.read_text())["results"]["n_ratings"] == 16
