"""Keeps a set of programs running: starts them in order, restarts what dies, ends all of them together."""

import time
from collections.abc import Callable, Iterable

from studyweb.supervision.child import Child, Program
from studyweb.supervision.sentinel import Sentinel

STEADY_SECONDS = 30.0
LONGEST_DELAY = 30.0
TICK_SECONDS = 0.1


def restart_delay(failures: int) -> float:
    """Seconds to wait before the restart after so many failures in a row: 0, 1, 2, 4 … and 30 at most."""
    return 0.0 if failures <= 1 else min(LONGEST_DELAY, 2.0 ** (failures - 2))


class _Post:
    """One program's place: the child that fills it, and when the next one is due if nobody does."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.child: Child | None = None
        self.started_at = 0.0
        self.failures = 0
        self.due_at = 0.0


class Supervisor:
    """Watches its programs. ``say`` gets each line that a person should read.

    Nothing of it runs in threads: a step of :meth:`tick` looks at every program once.
    """

    def __init__(self, sentinel: Sentinel, say: Callable[[str], None]) -> None:
        self._sentinel = sentinel
        self._say = say
        self._posts: list[_Post] = []

    def add(self, program: Program) -> None:
        """Start a program and keep it running from now on."""
        post = _Post(program)
        self._posts.append(post)
        self._fill(post)

    def tick(self) -> None:
        """Restart what has died, when its time has come; say so, once for each death."""
        self._sentinel.look()
        for post in self._posts:
            if post.child is not None and post.child.ended():
                self._note_death(post, post.child)
            if post.child is None and time.monotonic() >= post.due_at:
                self._fill(post)

    def run_until(self, finished: Callable[[], bool]) -> None:
        """Watch until ``finished`` says so."""
        while not finished():
            self.tick()
            time.sleep(TICK_SECONDS)

    def run_once(self, program: Program, given_up: Callable[[], bool]) -> int | None:
        """Run a program to its end while the others are watched: its exit status, or None when it was given up."""
        child = Child(program)
        self._sentinel.started(child.pid)
        self.run_until(lambda: child.ended() or given_up())
        status = child.exit_status
        self._clear(child)
        return status

    def end_all(self) -> None:
        """Ask every program to end, kill what does not in its time; those marked ``last`` after the others."""
        for last in (False, True):
            self._end([post for post in self._posts if post.program.last is last])

    def _end(self, posts: Iterable[_Post]) -> None:
        children = [post.child for post in posts if post.child is not None]
        for child in children:
            child.ask_to_end()
        asked_at = time.monotonic()
        for child in children:
            while not child.ended() and time.monotonic() < asked_at + child.program.grace:
                time.sleep(0.02)
            self._clear(child)

    def _fill(self, post: _Post) -> None:
        post.child = Child(post.program)
        post.started_at = time.monotonic()
        self._sentinel.started(post.child.pid)

    def _clear(self, child: Child) -> None:
        """Nobody of a dead leader's group stays: an orphaned worker would hold its task, its port and its memory."""
        child.sweep()
        self._sentinel.gone(child.pid)

    def _note_death(self, post: _Post, child: Child) -> None:
        self._clear(child)
        now = time.monotonic()
        post.failures = 1 if now - post.started_at > STEADY_SECONDS else post.failures + 1
        delay = restart_delay(post.failures)
        post.child, post.due_at = None, now + delay
        when = "now" if not delay else f"in {delay:.0f} s"
        self._say(f"{post.program.name} {child.how_it_ended()}; it is started again {when}. Log: {post.program.log}")
