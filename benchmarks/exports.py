"""What an export of 1,000,000 ratings costs, beside a bare COPY of the same table, on one PostgreSQL in one run.

100,000 simulated people rated 10 of 200 articles each, three questions an article. The export is the one that the page
makes (`analysis/export_building.py`: CSV of every table, codebook, descriptors, zip, stored in parts), in a process of
its own whose largest memory is measured; Parquet, SPSS and the rest are measured one by one on the same table, and
Excel files are read back (`_excel_read_back.py`). Beside it stand PostgreSQL's `COPY` of the trials joined with their
answers into a file, and of the answers alone.
`python -m benchmarks.exports [--people N] [--formats csv parquet ...] [--kept FOLDER]` prints a table and one line
of JSON; what lies in FOLDER from an earlier run is measured again and not filled anew.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks._filled_study import ITEMS, PER_PERSON, fill, postgres

BAR_MEBIBYTES = 300


@dataclass(frozen=True)
class Turn:
    """One export in a process of its own."""

    formats: tuple[str, ...]
    ratings: int
    seconds: float
    cpu_seconds: float
    mebibytes: float
    megabytes_out: float


def main(people: int, formats: list[str], kept: str) -> int:
    """Fill the database, measure, print, and say whether the bar holds."""
    with tempfile.TemporaryDirectory() as name, postgres(kept) as url:
        environment = {**os.environ, "DATABASE_URL": url, "STUDYWEB_DATA_DIR": name}
        _child("fill", environment, str(people))
        copies = json.loads(_child("copy", environment, name))
        turns = [Turn(**json.loads(_child("export", environment, *_beside(each)))) for each in formats]
        checked = json.loads(_child("read-back", environment)) if "excel" in formats else {}
    ratings = people * PER_PERSON
    assert all(turn.ratings == ratings for turn in turns), "an export lacks ratings"
    print(f"{ratings:,} ratings of {people:,} people, {len(ITEMS)} answers each; {os.cpu_count()} cores\n")
    print(f"{'':34}{'s':>9}{'CPU s':>9}{'ratings/s':>12}{'MiB':>8}{'MB out':>9}")
    for what, seconds, size in copies:
        print(f"{what:34}{seconds:9.1f}{'':9}{ratings / seconds:12,.0f}{'':8}{size / 1e6:9.1f}")
    for turn in turns:
        what = "export: " + ", ".join(("csv", *turn.formats))
        rate = turn.ratings / turn.seconds
        print(
            f"{what:34}{turn.seconds:9.1f}{turn.cpu_seconds:9.1f}{rate:12,.0f}{turn.mebibytes:8.0f}"
            f"{turn.megabytes_out:9.1f}"
        )
    if checked:
        told = ", ".join(f"{rows:,} of {table}" for table, rows in checked.items())
        print(f"\nExcel, rows counted on all sheets, first and last as in the CSV file: {told}")
    holds = all(turn.mebibytes < BAR_MEBIBYTES for turn in turns)
    print()
    result = {
        "benchmark": "exports",
        "mebibytes": max((turn.mebibytes for turn in turns), default=0),
        "bar": BAR_MEBIBYTES,
        "holds": holds,
        "times_a_bare_copy": [round(turn.seconds / copies[0][1], 1) for turn in turns],
        "turns": [{**asdict(turn), "formats": list(turn.formats)} for turn in turns],
    }
    print(json.dumps(result))
    return 0 if holds else 1


def _beside(name: str) -> list[str]:
    """What is asked for beside CSV, which every export has."""
    return [] if name == "csv" else [name]


def _child(step: str, environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks.exports", "--step", step, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{step}: {done.stderr[-4000:]}")
    return done.stdout.splitlines()[-1] if done.stdout else ""


def copy(folder: str) -> list[tuple[str, float, int]]:
    """(what, seconds, bytes) of PostgreSQL's own COPY into a file."""
    from django.db import connection

    joined = """
        SELECT p.export_id, t.arm, a.key, t.article_sha256, t.position, t.shown_at, t.submitted_at,
               max(n.value) FILTER (WHERE n.item = 'believable'), max(n.value) FILTER (WHERE n.item = 'accurate'),
               max(n.value) FILTER (WHERE n.item = 'clear')
        FROM surveys_trial t JOIN surveys_participant p ON p.id = t.participant_id
        JOIN surveys_article a ON a.id = t.article_id JOIN surveys_answer n ON n.trial_id = t.id
        GROUP BY p.export_id, t.id, a.key ORDER BY p.export_id, t.position"""
    found = []
    for what, query in (
        ("COPY of the ratings (joined)", joined),
        ("COPY of the answers", "SELECT * FROM surveys_answer"),
    ):
        path = Path(folder) / "copy.csv"
        begun = time.perf_counter()
        command = f"COPY ({query}) TO STDOUT WITH (FORMAT csv, HEADER)"
        with connection.cursor() as cursor, path.open("wb") as file, cursor.copy(command) as rows:
            for piece in rows:
                file.write(piece)
        found.append((what, time.perf_counter() - begun, path.stat().st_size))
    return found


def export(formats: list[str]) -> Turn:
    """One export by the worker's own code, with the largest memory of this process."""
    from analysis import exports
    from analysis.models import Export
    from surveys.models import Mode, Study

    study = Study.objects.get()
    row = exports.request_export(study, by=study.created_by, mode=Mode.SIMULATED, formats=formats)
    begun, cpu = time.perf_counter(), time.process_time()
    exports.make(row.pk)
    seconds, used = time.perf_counter() - begun, time.process_time() - cpu
    row = Export.objects.get(pk=row.pk)
    assert row.status == Export.Status.DONE, row.error
    ratings = next(file["rows"] for file in row.manifest["files"] if "table-ratings_data" in file["name"])
    out = sum(file["size"] for file in row.manifest["files"])
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Turn(tuple(formats), ratings, seconds, used, most, out / 1e6)


def read_back() -> dict[str, int]:
    """{table: rows} of the newest export with Excel files, each held against the CSV file beside it."""
    from analysis import exports
    from analysis.models import Export
    from benchmarks._excel_read_back import held_against_csv

    row = next(row for row in Export.objects.order_by("-pk") if "excel" in row.formats)
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        for piece in exports.read(row):
            file.write(piece)
        file.flush()
        return held_against_csv(Path(file.name))


def _step(name: str, arguments: list[str]) -> Any:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyweb.settings")
    django.setup()
    if name == "fill":
        return fill(int(arguments[0]))
    if name == "read-back":
        return read_back()
    return copy(arguments[0]) if name == "copy" else asdict(export(arguments))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--formats", nargs="*", default=["csv", "parquet"], help="each in an export of its own")
    parser.add_argument("--kept", default="", metavar="FOLDER", help="where the database is kept for the next run")
    parser.add_argument("--step", choices=("fill", "copy", "export", "read-back"))
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    if options.step:
        print(json.dumps(_step(options.step, options.arguments)))
    else:
        sys.exit(main(options.people, options.formats, options.kept))
