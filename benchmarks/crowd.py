"""A page's time with 10 people in the table and with 100,000: what a page asks of the database must not grow with them.

`python -m benchmarks.crowd` starts studyweb as `manage.py up` runs it, over PostgreSQL committing durably, with the
study of the participants' benchmark. Readers walk it one after another; then the table is filled with people who have
completed, each with an arm and five articles, and others walk it again. Two times are told: of a submitted page with
the page that follows, and of the consent, behind which the randomisation counts who was given what. It prints a table
and one line of JSON, which says whether neither a page nor a consent takes more than half as long again. Before the
second readers others settle the crowd (surveys/flow/tally.py), which in a study happens all along, and PostgreSQL looks
at its tables again, as it does by itself within a minute.
"""

import argparse
import contextlib
import json
import signal
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks._participants_servers import Database, Postgres, cpu_seconds
from benchmarks._participants_sides import Studyweb, studyweb
from benchmarks._participants_walk import Given, browser
from benchmarks.participants import WrongRun, check, percentile

READERS = 40
# So many of the crowd are settled by one consent (surveys.flow.tally.AT_MOST; a benchmark loads no Django).
AT_MOST = 2_000
MANY = 100_000
BAR = 1.5
# What differs between two people of the crowd; all else they have from somebody of their arm who walked the study.
# None of them is in the allocation's tally before the first randomisation afterwards, as after an upgrade.
_OWN = {"settled": "false", "token_hash": "'crowd-' || n || '-' || first.id", "export_id": "n || '-' || first.id"}


@dataclass(frozen=True)
class Walked:
    """Seconds of each consent and of each page of answers, and the database's CPU seconds for all of them."""

    consents: tuple[float, ...]
    pages: tuple[float, ...]
    database: float


def main(many: int) -> None:
    """Measure, print, and say whether the bar holds."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crowd-", dir="/tmp")))
        postgres = stack.enter_context(Postgres())
        side = stack.enter_context(studyweb(postgres, folder))
        assert isinstance(side, Studyweb)
        assert isinstance(side.database, Database)
        sent: list[Given] = []
        _walked(side, postgres, "warming up", 10, sent)
        few = _walked(side, postgres, "few", READERS, sent)
        fill(side.database, many)
        _walked(side, postgres, "warming up again", many // AT_MOST + 4, sent)
        side.database.run("ANALYZE")
        crowded = _walked(side, postgres, "many", READERS, sent)
    _print(few, crowded, many)
    page = statistics.median(crowded.pages) / statistics.median(few.pages)
    consent = statistics.median(crowded.consents) / statistics.median(few.consents)
    told = {"ratio": round(page, 2), "consent_ratio": round(consent, 2), "bar": BAR, "holds": max(page, consent) <= BAR}
    print(json.dumps({"benchmark": "crowd", "people": many, **told}))


def fill(database: Database, many: int) -> None:
    """Add so many people who have completed, half in each arm, with their trials; their answers are left out."""
    first = "(SELECT DISTINCT ON (arm) * FROM surveys_participant WHERE completed_at IS NOT NULL ORDER BY arm, id)"
    people = _columns(database, "surveys_participant")
    trials = _columns(database, "surveys_trial")
    theirs = ", ".join("made.id" if name == "participant_id" else f"trial.{name}" for name in trials)
    database.run(
        f"WITH first AS {first}, made AS (INSERT INTO surveys_participant ({', '.join(people)}) "  # noqa: S608 -- names of our own columns
        f"SELECT {', '.join(_OWN.get(name, f'first.{name}') for name in people)} "
        f"FROM first, generate_series(1, {many // 2}) AS n RETURNING id, arm) "
        f"INSERT INTO surveys_trial ({', '.join(trials)}) SELECT {theirs} "
        "FROM made JOIN first ON first.arm = made.arm JOIN surveys_trial trial ON trial.participant_id = first.id"
    )
    database.run("ANALYZE")
    held = database.rows("SELECT count(*) FROM surveys_participant WHERE token_hash LIKE 'crowd-%'")
    if held != [(2 * (many // 2),)]:
        raise WrongRun(f"the table holds {held[0][0]} people of a crowd of {many}")


def _columns(database: Database, table: str) -> list[str]:
    query = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' AND column_name <> 'id'"  # noqa: S608 -- our own table
    return [str(name) for (name,) in database.rows(query)]


def _walked(side: Studyweb, postgres: Postgres, label: str, readers: int, sent: list[Given]) -> Walked:
    """Let so many readers walk one after another; what they send is held against the database."""
    consents, pages, database = list[float](), list[float](), 0.0
    for number, entry in enumerate(side.entries(readers)):
        with browser() as client:
            walk = side.walk(client, entry, f"{label}, reader {number}", side.consent)
            walk.enter()
            before = cpu_seconds(postgres.process)
            seconds = walk.submit_all()
            database += cpu_seconds(postgres.process) - before
            side.finish(walk)
        consents.append(seconds[0])
        pages += seconds[1:]
        sent += walk.given
    check(side.name, sent, side.recorded())
    return Walked(tuple(consents), tuple(pages), database)


def _print(few: Walked, crowded: Walked, many: int) -> None:
    print(f"{READERS} readers one after another, PostgreSQL; times in ms\n")
    print(f"{'people in the table':22}{'a page':>16}{'consent':>20}{'database CPU':>16}")
    print(f"{'':22}{'p50':>8}{'p95':>8}{'p50':>12}{'p95':>8}{'a submit':>16}")
    for name, walked in (("some 10", few), (f"{many:,}", crowded)):
        cells = [1000 * cell for cell in (*_times(walked.pages), *_times(walked.consents))]
        spent = 1000 * walked.database / (len(walked.pages) + len(walked.consents))
        print(f"{name:22}{cells[0]:8.1f}{cells[1]:8.1f}{cells[2]:12.1f}{cells[3]:8.1f}{spent:16.1f}")
    print()


def _times(seconds: Sequence[float]) -> list[float]:
    return [percentile(seconds, share) for share in (0.5, 0.95)]


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=MANY, help="how many are in the table at the end")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main(options.parse_args().people)
