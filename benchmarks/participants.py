"""Server CPU a submitted page: studyweb as `manage.py up` runs it, a bare Django view, oTree; one PostgreSQL for all.

The pages are the same on all sides (peers/content.json): consent, five articles with four radio questions and a
comment each, end. Readers send plain forms, without scripts; in a row of its own, readers of studyweb send what its
scripts send besides: a draft after each of the five answers of a page, and a report on how it was taken. A submit is a
POST with the page that it redirects to, and all that belongs to the page; its cost is the CPU time (user and system) of
the web processes alone, the database's is listed apart. Commits are
durable. The sides take turns, in another order each round, and medians over the rounds are compared. Before any figure
is printed, each side's database is held against what was sent: every answer is there once, and nothing else.
`python -m benchmarks.participants` prints a table and one line of JSON.
"""

import argparse
import contextlib
import json
import os
import signal
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks._participants_servers import Postgres, cpu_seconds
from benchmarks._participants_sides import (
    BareDjango,
    OTree,
    Rows,
    Side,
    Studyweb,
    StudywebWithScripts,
    bare_django,
    otree,
    studyweb,
)
from benchmarks._participants_walk import SUBMITS, Given, ScriptedWalk, Walk, browser
from benchmarks._peer_environment import NotInstalled

READERS = 20
BAR = 6.0


class WrongRun(Exception):  # noqa: N818 -- it names what happened
    """A database does not hold what was sent: nothing that was measured counts."""


@dataclass(frozen=True)
class Turn:
    """One side's turn: CPU seconds of web, database and load generator over all submits, and seconds of each submit.

    ``dropped`` is the share of the reports on pages that the server did not take.
    """

    web: float
    database: float
    load: float
    seconds: tuple[float, ...]
    dropped: float = 0.0

    def ms(self, what: str) -> float:
        """Milliseconds of CPU a submitted page."""
        return 1000 * float(getattr(self, what)) / len(self.seconds)


def main(rounds: int) -> None:
    """Measure, print, and say whether the bar holds."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="participants-", dir="/tmp")))
        postgres = stack.enter_context(Postgres())
        own = stack.enter_context(studyweb(postgres, folder))
        assert isinstance(own, Studyweb)
        sides = [own, StudywebWithScripts(own), stack.enter_context(bare_django(postgres, folder))]
        try:
            sides.append(stack.enter_context(otree(postgres, folder)))
        except NotInstalled as reason:
            print(f"oTree: not installed, because {reason}")
        apart, together = _measured(sides, postgres, rounds)
    _print_table(apart, together, rounds)
    print(json.dumps(verdict({name: _median(turns, "web") for name, turns in apart.items()})))


def verdict(web_ms: dict[str, float]) -> dict[str, object]:
    """The line of JSON, from CPU milliseconds a submitted page by side. Without oTree there is no ratio to hold."""
    own, bare, peer = (web_ms.get(side.name) for side in (Studyweb, BareDjango, OTree))
    if own is None or bare is None:
        raise WrongRun("studyweb and bare Django belong to every run")
    ratio = peer / own if peer is not None else None
    return {
        "benchmark": "participants",
        "ratio": None if ratio is None else round(ratio, 2),
        "bar": BAR,
        "holds": ratio is not None and ratio >= BAR and own < bare,
        "against_bare_django": round(bare / own, 2),
    }


def check(side: str, sent: Iterable[Given], recorded: Counter[Given]) -> None:
    """Raise ``WrongRun`` unless all that was sent is recorded once, and nothing else is."""
    wanted = Counter(sent)
    if wanted != recorded:
        missing, unasked = wanted - recorded, recorded - wanted
        raise WrongRun(
            f"{side}: {missing.total()} pages are not recorded as they were sent, such as {next(iter(missing), None)}; "
            f"{unasked.total()} are recorded twice or were not sent, such as {next(iter(unasked), None)}"
        )


def percentile(seconds: Sequence[float], share: float) -> float:
    """The smallest of these numbers that at least this share of them does not exceed (nearest rank)."""
    ranked = sorted(seconds)
    return ranked[max(0, -(-int(share * 1000) * len(ranked) // 1000) - 1)]


def _measured(
    sides: list[Side], postgres: Postgres, rounds: int
) -> tuple[dict[str, list[Turn]], dict[str, list[Turn]]]:
    """The turns of each side, by its name: readers one after another, and all at once."""
    # What one database must hold: two sides may have one.
    sent: dict[Rows, list[Given]] = {side.database: [] for side in sides}
    apart: dict[str, list[Turn]] = {side.name: [] for side in sides}
    together: dict[str, list[Turn]] = {side.name: [] for side in sides}
    for side in sides:
        turn(side, postgres, "warming up", at_once=4, readers=4, sent=sent[side.database])
    for number in range(rounds):
        for side in sides[number % len(sides) :] + sides[: number % len(sides)]:
            label = f"round {number + 1}"
            apart[side.name].append(turn(side, postgres, f"{label}, apart", at_once=1, sent=sent[side.database]))
            together[side.name].append(
                turn(side, postgres, f"{label}, at once", at_once=READERS, sent=sent[side.database])
            )
    return apart, together


def turn(
    side: Side, postgres: Postgres, label: str, *, at_once: int, sent: list[Given], readers: int = READERS
) -> Turn:
    """Let so many readers walk, so many at once; what they send is added to ``sent`` and held against the database."""
    with contextlib.ExitStack() as stack:
        entries = side.entries(readers)
        walks = [
            side.walk(stack.enter_context(browser()), entry, f"{side.name}, {label}, reader {number}", side.consent)
            for number, entry in enumerate(entries)
        ]
        for walk in walks:
            walk.enter()
        web, database, load = side.cpu(), cpu_seconds(postgres.process), time.process_time()
        with ThreadPoolExecutor(at_once) as pool:
            seconds = [one for walk in pool.map(type(walks[0]).submit_all, walks) for one in walk]
        spent = Turn(
            side.cpu() - web,
            cpu_seconds(postgres.process) - database,
            time.process_time() - load,
            tuple(seconds),
            _dropped(walks),
        )
        for walk in walks:
            side.finish(walk)
            sent += walk.given
    check(side.name, sent, side.recorded())
    return spent


def _dropped(walks: Sequence[Walk]) -> float:
    scripted = [walk for walk in walks if isinstance(walk, ScriptedWalk)]
    reports = sum(walk.reports for walk in scripted)
    return sum(walk.dropped for walk in scripted) / reports if reports else 0.0


def _median(turns: Iterable[Turn], what: str) -> float:
    return statistics.median(turn.ms(what) for turn in turns)


def _print_table(apart: dict[str, list[Turn]], together: dict[str, list[Turn]], rounds: int) -> None:
    print(f"{os.cpu_count()} cores, {rounds} rounds of {READERS} readers and {SUBMITS} submitted pages each, per side;")
    print("CPU in ms a submitted page with its redirect, medians over the rounds; times in ms over all rounds\n")
    print(f"{'':16}{'one after another':>32}{f'{READERS} at once':>46}")
    columns = ("web CPU", "database", "p50", "p95", "web CPU", "database", "p50", "p95", "load CPU")
    print(f"{'':16}" + "".join(f"{column:>10}" for column in columns))
    for name in apart:
        cells = [*_cells(apart[name]), *_cells(together[name]), _median(together[name], "load")]
        print(f"{name:16}" + "".join(f"{cell:10.1f}" for cell in cells))
    lost = [
        100 * statistics.mean(turn.dropped for turn in turns[StudywebWithScripts.name]) for turns in (apart, together)
    ]
    print(f"\nreports on pages that were dropped: {lost[0]:.0f}% one after another, {lost[1]:.0f}% at once\n")


def _cells(turns: list[Turn]) -> list[float]:
    seconds = [one for turn in turns for one in turn.seconds]
    times = [1000 * percentile(seconds, share) for share in (0.5, 0.95)]
    return [_median(turns, "web"), _median(turns, "database"), *times]


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3, help="how often each side takes its turn")
    # Ended from outside, it ends its servers too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main(options.parse_args().rounds)
