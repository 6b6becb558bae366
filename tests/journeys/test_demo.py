"""`manage.py demo`: the whole chain with nobody at the keyboard, with real processes and the real model."""

import csv
import hashlib
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def output() -> Iterator[Path]:
    """A folder whose path is short: a socket lies in it."""
    with tempfile.TemporaryDirectory(prefix="studyweb-demo-") as folder:
        yield Path(folder) / "out"


@pytest.mark.stack
@pytest.mark.model
def test_the_demonstration_walks_the_whole_chain(output: Path) -> None:
    command = [sys.executable, "manage.py", "demo", "--output", str(output)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr

    exports = output / "exports"
    manifest = json.loads((exports / "manifest.json").read_text())
    for file in manifest["files"]:
        assert hashlib.sha256((exports / file["name"]).read_bytes()).hexdigest() == file["sha256"]
    with (exports / "data/table-participants_data.csv").open(newline="") as file:
        people = list(csv.DictReader(file))
    assert Counter(person["outcome"] for person in people) == {"completed": 160}
    with (exports / "data/table-ratings_data.csv").open(newline="") as file:
        ratings = list(csv.DictReader(file))
    assert Counter((row["origin"], row["curation"]) for row in ratings).keys() == {
        ("real", ""),
        ("synthetic", "curated"),
        ("synthetic", "uncurated"),
    }
    assert len(ratings) == 320
    assert {row["mode"] for row in ratings} == {"simulated"}

    report = json.loads((output / "report.json").read_text())
    assert {row["arm"] for row in report["results"]["means"]} == {"curated", "uncurated"}
    assert "planted -0.60" in done.stdout
    assert "planted -1.20" in done.stdout
