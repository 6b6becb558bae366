"""Processes are restarted, said so, and never left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from studyweb.supervision.child import Program
from studyweb.supervision.sentinel import Sentinel, groups_left
from studyweb.supervision.supervisor import LONGEST_DELAY, Supervisor, restart_delay

PROJECT = Path(__file__).resolve().parents[3]


class Watched:
    """A supervisor with a list of the lines that it said."""

    def __init__(self, folder: Path) -> None:
        self.lines: list[str] = []
        self.sentinel = Sentinel(PROJECT)
        self.supervisor = Supervisor(self.sentinel, self.lines.append)
        self.folder = folder

    def program(self, name: str, script: str, *, grace: float = 5.0, last: bool = False) -> Program:
        """A shell script that is run as a program."""
        command = ["/bin/sh", "-c", script]
        return Program(name, command, self.folder, self.folder / f"{name}.log", grace=grace, last=last)

    def watch(self, finished: Callable[[], bool]) -> None:
        """Let the supervisor work until then, 20 s at most."""
        deadline = time.monotonic() + 20
        self.supervisor.run_until(lambda: finished() or time.monotonic() > deadline)
        assert finished(), self.lines

    def starts(self, name: str) -> list[int]:
        """The process numbers that a program wrote into its log, one a start."""
        log = self.folder / f"{name}.log"
        return [int(line) for line in log.read_text().split()] if log.exists() else []


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    watched.supervisor.end_all()
    watched.sentinel.dismiss()


def test_a_killed_program_is_restarted_at_once_and_said_so(watched: Watched) -> None:
    watched.supervisor.add(watched.program("steady", "echo $$; exec sleep 60"))
    watched.watch(lambda: len(watched.starts("steady")) == 1)
    os.kill(watched.starts("steady")[0], signal.SIGKILL)
    watched.watch(lambda: len(watched.starts("steady")) == 2)
    assert len(watched.lines) == 1
    assert watched.lines[0].startswith("steady was ended by SIGKILL; it is started again now. Log: ")


def test_what_the_dead_process_had_started_is_ended_before_the_restart(watched: Watched) -> None:
    watched.supervisor.add(watched.program("parent", "sleep 60 & echo $!; wait"))
    watched.watch(lambda: len(watched.starts("parent")) == 1)
    orphan = psutil.Process(watched.starts("parent")[0])
    parent = orphan.parent()
    assert parent is not None
    parent.kill()
    watched.watch(lambda: len(watched.starts("parent")) == 2)
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_a_program_that_fails_at_once_is_tried_ever_more_slowly(watched: Watched) -> None:
    watched.supervisor.add(watched.program("broken", "exit 3"))
    watched.watch(lambda: len(watched.lines) == 3)
    endings = [line.split(" Log: ")[0] for line in watched.lines]
    assert endings == [
        "broken ended with exit status 3; it is started again now.",
        "broken ended with exit status 3; it is started again in 1 s.",
        "broken ended with exit status 3; it is started again in 2 s.",
    ]


def test_the_delay_grows_to_a_bound() -> None:
    delays = [restart_delay(failures) for failures in range(1, 30)]
    assert delays == sorted(delays)
    assert delays[0] == 0
    assert delays[-1] == LONGEST_DELAY


def test_a_program_that_ignores_the_request_to_end_is_killed_after_its_grace(watched: Watched) -> None:
    watched.supervisor.add(watched.program("deaf", "trap '' TERM; echo $$; while :; do sleep 1; done", grace=0.3))
    watched.watch(lambda: len(watched.starts("deaf")) == 1)
    began = time.monotonic()
    watched.supervisor.end_all()
    assert 0.3 <= time.monotonic() - began < 3
    assert not psutil.pid_exists(watched.starts("deaf")[0])


def test_what_others_need_while_they_end_is_ended_last(watched: Watched) -> None:
    order = watched.folder / "order"
    for name, last in [("needed", True), ("user", False)]:
        script = f"trap 'echo {name} >> {order}; exit' TERM; echo $$; while :; do sleep 0.05; done"
        watched.supervisor.add(watched.program(name, script, last=last))
    watched.watch(lambda: bool(watched.starts("needed") and watched.starts("user")))
    watched.supervisor.end_all()
    assert order.read_text().split() == ["user", "needed"]


def test_a_program_that_runs_once_gives_its_status(watched: Watched) -> None:
    assert watched.supervisor.run_once(watched.program("once", "exit 7"), given_up=lambda: False) == 7
    assert watched.supervisor.run_once(watched.program("long", "sleep 60"), given_up=lambda: True) is None
    assert watched.lines == []


def test_the_sentinel_knows_the_groups_that_are_left() -> None:
    assert groups_left(["+1\n", "+2\n", "-1\n", "+3\n", "-3\n"]) == {2}


def test_the_sentinel_ends_the_group_of_a_killed_supervisor(tmp_path: Path) -> None:
    """A supervisor that is killed without a chance to act leaves no child and no grandchild."""
    code = f"""
import sys, time
from pathlib import Path
from studyweb.supervision.child import Program
from studyweb.supervision.sentinel import Sentinel
from studyweb.supervision.supervisor import Supervisor
folder = Path({str(tmp_path)!r})
supervisor = Supervisor(Sentinel(Path({str(PROJECT)!r})), print)
supervisor.add(Program("tree", ["/bin/sh", "-c", "sleep 60 & echo $! $$; wait"], folder, folder / "log"))
time.sleep(60)
"""
    killed = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT)
    log = tmp_path / "log"
    _wait(lambda: log.exists() and len(log.read_text().split()) == 2)
    killed.kill()
    killed.wait()
    numbers = [int(number) for number in log.read_text().split()]
    _wait(lambda: not any(_lives(number) for number in numbers))


def test_another_sentinel_takes_the_place_of_one_that_was_ended() -> None:
    sentinel = Sentinel(PROJECT)
    program = subprocess.Popen(["/bin/sleep", "60"], start_new_session=True)
    sentinel.started(program.pid)
    first = _sentinels()[0]
    first.kill()
    _wait(lambda: not _lives(first.pid))
    sentinel.look()
    sentinel.dismiss()
    assert program.wait(timeout=20) == -signal.SIGTERM


def _sentinels() -> list[psutil.Process]:
    children = psutil.Process().children()
    return [each for each in children if _lives(each.pid) and "supervision.sentinel" in " ".join(each.cmdline())]


def _lives(number: int) -> bool:
    return bool(psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE)


def _wait(finished: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not finished():
        assert time.monotonic() < deadline
        time.sleep(0.05)
