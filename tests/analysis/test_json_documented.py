"""Every key of the command line's JSON is described in docs/report-json.md, and every described key is there."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.__main__ import main
from analysis.plan import Plan
from tests.analysis.ratings import simulated

PAGE = (Path(__file__).parents[2] / "docs" / "report-json.md").read_text(encoding="utf-8")


def described(heading: str, table: int = 0) -> set[str]:
    """The keys in the first column of a table below a heading of the page."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    part = section.split("|---|---|")[table + 1].split("\n\n")[0]
    return {
        key for row in part.splitlines() if row.startswith("|") for key in re.findall(r"`([^`]+)`", row.split("|")[1])
    }


@pytest.fixture(scope="module")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("json") / "ratings.csv"
    simulated(people=30).to_csv(path, index=False)
    return path


def written(arguments: list[str], folder: Path) -> dict[str, Any]:
    out = folder / "out.json"
    assert main([*arguments, "--json", str(out)]) == 0
    content: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return content


def fields(content: Any, path: str = "") -> dict[str, set[str]]:
    """The names in every object below ``content`` by its path; the objects of a list share one, that ends in []."""
    found: dict[str, set[str]] = {}
    below = (
        [(f"{path}.{name}".lstrip("."), value) for name, value in content.items()] if isinstance(content, dict) else []
    )
    if isinstance(content, dict):
        found[path] = set(content)
    if isinstance(content, list):
        below = [(f"{path}[]", value) for value in content]
    for place, value in below:
        for name, names in fields(value, place).items():
            found.setdefault(name, set()).update(names)
    return found


def rows_of(content: Any) -> dict[str, set[str]]:
    """The names in every kind of row below ``content``: {path that ends in []: names}."""
    return {path: names for path, names in fields(content).items() if path.endswith("[]")}


def described_rows(heading: str) -> dict[str, set[str]]:
    """What the page says of the fields of each kind of row below a heading: {path: names}."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [row.split("|") for row in section.splitlines() if row.startswith("| `") and "[]`" in row.split("|")[1]]
    return {row[1].strip(" `"): set(re.findall(r"`([^`]+)`", row[2])) for row in rows}


def test_every_field_of_every_kind_of_row_is_described(ratings: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(ratings)
    person = frame["participant"].str[1:].astype(int)
    frame = frame.assign(one=frame["credibility"], two=10 - person % 3 - frame["position"], source=1 + person % 5)
    frame.assign(age=20 + person).to_csv(tmp_path / "ratings.csv", index=False)
    people = frame.drop_duplicates("participant")[["participant", "arm"]].assign(outcome="completed")
    people.to_csv(tmp_path / "people.csv", index=False)
    arguments = ["report", str(tmp_path / "ratings.csv"), "--outcome", "credibility", "--people"]
    arguments += [str(tmp_path / "people.csv"), "--items", "one,two", "--attribution", "source", "--covariates", "age"]
    found = rows_of(written(arguments, tmp_path))
    frame = frame.assign(yes=(frame["credibility"] + frame["position"] > 7).astype(int))
    frame = frame.assign(
        true=frame["article"].str[-1].astype(int) % 2, article=frame["article"] + (person // 6 % 2).map(str)
    )
    frame.to_csv(tmp_path / "truth.csv", index=False)
    for path, names in rows_of(
        written(["report", str(tmp_path / "truth.csv"), "--outcome", "yes", "--truth", "true"], tmp_path)
    ).items():
        found.setdefault(path, set()).update(names)
    assert found == described_rows("report")


def test_the_reports_keys(ratings: Path, tmp_path: Path) -> None:
    content = written(["report", str(ratings), "--outcome", "credibility"], tmp_path)
    assert set(content) == described("report")
    assert set(content["results"]) == described("report", table=1)
    assert f"`{content['format']}`" in PAGE


def test_the_mixed_models_keys(ratings: Path, tmp_path: Path) -> None:
    formula = "credibility ~ arm + (1|participant) + (1|article)"
    content = written(["mixed", str(ratings), "--formula", formula], tmp_path)
    assert set(content) == described("mixed")
    assert rows_of(content) == described_rows("mixed")
    assert f"| `version` | {content['version']} |" in PAGE


def test_the_powers_keys(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    spreads = ["--sd-person", "1", "--sd-article", "0.3", "--sd-noise", "1"]
    assert main(["power", "--difference", "1", *spreads, "--small-simulations", "0", "--json", str(out)]) == 0
    content = json.loads(out.read_text(encoding="utf-8"))
    assert set(content) == described("power")
    assert f"| `version` | {content['version']} |" in PAGE.split("## power")[1]


def test_every_field_of_a_plan_is_described() -> None:
    page = (Path(__file__).parents[2] / "docs" / "plan.md").read_text(encoding="utf-8")
    rows = [row.split("|")[1] for row in page.splitlines() if row.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(Plan().as_dict())


def test_every_column_of_the_contract_is_described_once() -> None:
    from analysis.schema import RATINGS

    assert len(set(RATINGS.names)) == len(RATINGS.names)
    assert all(column.description.endswith(".") for column in RATINGS.columns)
    for name in re.findall(r"`(\w+)`", PAGE.split("## The table that goes in")[1].split("## report")[0]):
        if name not in {"analysis", "times"}:
            assert name in RATINGS.names, name
