"""What a page costs with few people in the table and with 100,000: what it asks of the database must not grow.

`python -m benchmarks.crowd` starts studyweb twice, as `manage.py up` runs it, each over a database of its own in one
PostgreSQL that commits durably. Each has the study of the participants' benchmark as a panel uses it: it keeps the
panel's ids, and keeps out who took part in an earlier study or read one of its stories there. One database holds a few
hundred people; the other's tables are filled besides with people who have completed one of the two studies, each with
an arm, five articles and a panel's id.

Readers come to the two in turn, round by round, so that whatever else the machine does meets both alike. What is told
is the processor's time, of the web process and of the database, for a submit with the page that follows: of the
consent, which asks about earlier participants, keeps the ids and randomises; and of a page of answers. A figure is the
median of the rounds, the first of which is thrown away, and the ratio is many people's over few people's. The bar holds
where neither ratio, of both processors together, is above 1.5.

Before that others settle the crowd (surveys/flow/tally.py), which in a study happens all along, and PostgreSQL looks at
its tables, as it does by itself within a minute.
"""

import argparse
import contextlib
import json
import os
import signal
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx

from benchmarks._participants_servers import Database, Postgres, cpu_seconds
from benchmarks._participants_sides import PROJECT, Rows, Studyweb, said, studyweb
from benchmarks._participants_walk import ARTICLES, Given, Walk, browser
from benchmarks.participants import WrongRun, check

READERS, ROUNDS = 16, 13
# So many of the crowd are settled by one consent (surveys.flow.tally.AT_MOST; a benchmark loads no Django).
AT_MOST = 2_000
MANY = 100_000
BAR = 1.5
# What differs between two people of the crowd; all else they have from somebody of their study and arm who walked it.
# None of them is in the allocation's tally before the first randomisation afterwards, as after an upgrade.
_OWN = {"settled": "false", "token_hash": "'crowd-' || n || '-' || first.id", "export_id": "n || '-' || first.id"}
_KINDS = ("consent", "page")


@dataclass(frozen=True)
class Spent:
    """Milliseconds of the processor for one submit with the page that follows."""

    web: float
    database: float

    @property
    def both(self) -> float:
        """Of web process and database together."""
        return self.web + self.database


@dataclass
class Place:
    """One of the two: its server, the earlier study's key, all that was sent there, and what each round took."""

    name: str
    side: Studyweb
    earlier: str
    database: Database
    sent: list[Given] = field(default_factory=list)
    spent: dict[str, list[Spent]] = field(default_factory=lambda: {kind: [] for kind in _KINDS})
    numbers: Iterator[int] = field(default_factory=count)

    def median(self, kind: str) -> Spent:
        """Of all rounds but the first."""
        rounds = self.spent[kind][1:]
        return Spent(statistics.median(s.web for s in rounds), statistics.median(s.database for s in rounds))


@dataclass(frozen=True)
class _Named:
    """The server of the databases, for a side that calls its own as the other one does."""

    postgres: Postgres
    name: str

    def new(self, name: str) -> Rows:
        return self.postgres.new(f"{name}_{self.name}")


def main(many: int) -> None:
    """Measure, print, and say whether the bar holds."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crowd-", dir="/tmp")))
        postgres = stack.enter_context(Postgres())
        few, crowded = (stack.enter_context(_place(name, postgres, folder)) for name in ("few", "many"))
        for place in (few, crowded):
            for key in (place.earlier, place.side.study_key):
                _walk(place, postgres, key, 4)
        fill(crowded.database, many)
        for key in (crowded.earlier, crowded.side.study_key):
            _walk(crowded, postgres, key, many // 2 // AT_MOST + 4)
        for place in (few, crowded):
            place.spent = {kind: [] for kind in _KINDS}
            place.database.run("ANALYZE")
        for number in range(ROUNDS):
            for place in (few, crowded)[:: 1 if number % 2 else -1]:
                _walk(place, postgres, place.side.study_key, READERS)
        for place in (few, crowded):
            check(place.side.name, place.sent, place.side.recorded())
    _print(few, crowded, many)
    ratios = {kind: crowded.median(kind).both / few.median(kind).both for kind in _KINDS}
    told = {"ratio": round(ratios["page"], 2), "consent_ratio": round(ratios["consent"], 2), "bar": BAR}
    print(json.dumps({"benchmark": "crowd", "people": many, **told, "holds": max(ratios.values()) <= BAR}))


@contextlib.contextmanager
def _place(name: str, postgres: Postgres, folder: Path) -> Iterator[Place]:
    own = folder / name
    own.mkdir()
    with studyweb(_Named(postgres, name), own) as side:
        assert isinstance(side, Studyweb)
        assert isinstance(side.database, Database)
        environment = {"DATABASE_URL": side.database.django_url, "STUDYWEB_DATA_DIR": str(own / "studyweb")}
        environment["DJANGO_SETTINGS_MODULE"] = "studyweb.settings"
        earlier = said([sys.executable, "-m", "benchmarks._crowd_study", side.study_key], PROJECT, environment).strip()
        yield Place(name, side, earlier, side.database)


def fill(database: Database, many: int) -> None:
    """Add so many people who have completed, as many to each study and arm, with their trials and a panel's id each.

    Their answers are left out.
    """
    first = "(SELECT DISTINCT ON (study_id, arm) * FROM surveys_participant WHERE completed_at IS NOT NULL "
    first += "ORDER BY study_id, arm, id)"
    people, trials = _columns(database, "surveys_participant"), _columns(database, "surveys_trial")
    theirs = ", ".join("made.id" if name == "participant_id" else f"trial.{name}" for name in trials)
    database.run(
        f"WITH first AS {first}, made AS (INSERT INTO surveys_participant ({', '.join(people)}) "  # noqa: S608 -- names of our own columns
        f"SELECT {', '.join(_OWN.get(name, f'first.{name}') for name in people)} "
        f"FROM first, generate_series(1, {many // 4}) AS n RETURNING id, study_id, mode, arm, token_hash), "
        "known AS (INSERT INTO surveys_panelidentity (study_id, mode, keyed_hash, panel, ciphertext, participant_id) "
        "SELECT study_id, mode, encode(sha256(token_hash::bytea), 'hex'), 'prolific', 'sealed', id FROM made) "
        f"INSERT INTO surveys_trial ({', '.join(trials)}) SELECT {theirs} FROM made "
        "JOIN first ON first.study_id = made.study_id AND first.arm = made.arm "
        "JOIN surveys_trial trial ON trial.participant_id = first.id"
    )
    database.run("ANALYZE")
    held = database.rows(
        "SELECT count(*), count(DISTINCT person.study_id), count(identity.participant_id) "
        "FROM surveys_participant person LEFT JOIN surveys_panelidentity identity "
        "ON identity.participant_id = person.id WHERE person.token_hash LIKE 'crowd-%'"
    )
    if held != [(4 * (many // 4), 2, 4 * (many // 4))]:
        raise WrongRun(f"the table holds {held[0]} (people, studies, ids) of a crowd of {many}")


def _columns(database: Database, table: str) -> list[str]:
    query = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' AND column_name <> 'id'"  # noqa: S608 -- our own table
    return [str(name) for (name,) in database.rows(query)]


def _walk(place: Place, postgres: Postgres, key: str, readers: int) -> None:
    """Let so many readers come to the study of this key: all consent, then all answer, one after the other."""
    with contextlib.ExitStack() as stack:
        walks = [_reader(place, key, stack.enter_context(browser())) for _ in range(readers)]
        for walk in walks:
            walk.enter()
        with _spending(place, postgres, "consent", readers):
            for walk in walks:
                walk.submit(place.side.consent)
        with _spending(place, postgres, "page", readers * ARTICLES):
            for walk in walks:
                walk.rate_all()
        for walk in walks:
            place.side.finish(walk)
            place.sent += walk.given


def _reader(place: Place, key: str, client: httpx.Client) -> Walk:
    number = next(place.numbers)
    entry = f"{place.side.address}/s/{key}/?PROLIFIC_PID={place.name}{number}&SESSION_ID=of-{number}"
    return Walk(client, entry, f"{place.name}, reader {number}")


@contextlib.contextmanager
def _spending(place: Place, postgres: Postgres, kind: str, submits: int) -> Iterator[None]:
    web, database = place.side.cpu(), cpu_seconds(postgres.process)
    yield
    web, database = place.side.cpu() - web, cpu_seconds(postgres.process) - database
    place.spent[kind].append(Spent(1000 * web / submits, 1000 * database / submits))


def _print(few: Place, crowded: Place, many: int) -> None:
    rounds = f"medians of {ROUNDS - 1} rounds of {READERS} readers"
    print(f"ms of the processor for a submit with the page that follows; PostgreSQL; {rounds}; load {_load()}\n")
    print(f"{'people in the tables':22}{'a page of answers':>30}{'the consent':>30}")
    print(f"{'':22}{('web' + 'database'.rjust(10) + 'both'.rjust(10)).rjust(30) * 2}")
    for name, place in (("at most 220", few), (f"{many:,}", crowded)):
        cells = [cell for kind in ("page", "consent") for cell in _cells(place.median(kind))]
        print(f"{name:22}" + "".join(f"{cell:10.2f}" for cell in cells))
    print(f"{'ratio':22}", end="")
    for kind in ("page", "consent"):
        pairs = zip(_cells(crowded.median(kind)), _cells(few.median(kind)), strict=True)
        print("".join(f"{one / other:10.2f}" for one, other in pairs), end="")
    print("\n")


def _cells(spent: Spent) -> Sequence[float]:
    return spent.web, spent.database, spent.both


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=MANY, help="how many are in the filled tables")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main(options.parse_args().people)
