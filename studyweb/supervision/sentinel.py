"""The process that ends all others when the supervisor is killed without a chance to do it itself.

It reads from a pipe that only the supervisor holds open for writing: ``+123`` when the process group 123 was started,
``-123`` when it is gone. When the pipe ends, the supervisor has ended, in whatever way; the groups that are left are
ended then. It works on every Unix, and reaches grandchildren, which a death signal from the kernel does not.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

GRACE_SECONDS = 3.0


class Sentinel:
    """The supervisor's end of the pipe. ``keeps`` are descriptors that stay open until the last group is gone."""

    def __init__(self, folder: Path, keeps: Iterable[int] = ()) -> None:
        self._folder = folder
        self._keeps = tuple(keeps)
        self._groups: set[int] = set()
        self._begin()

    def started(self, group: int) -> None:
        """Tell of a process group that must not outlive the supervisor."""
        self._groups.add(group)
        self._tell(f"+{group}\n")

    def gone(self, group: int) -> None:
        """Tell that nothing of the group is left; its number may now mean another."""
        self._groups.discard(group)
        self._tell(f"-{group}\n")

    def look(self) -> None:
        """Put a new one in its place if somebody ended it."""
        if self._process.poll() is not None:
            os.close(self._writing)
            self._begin()

    def dismiss(self) -> None:
        """End the sentinel, and whatever was not told as gone."""
        os.close(self._writing)
        self._process.wait()

    def _begin(self) -> None:
        reading, self._writing = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "studyweb.supervision.sentinel"],
            stdin=reading,
            pass_fds=self._keeps,
            cwd=self._folder,
            start_new_session=True,
        )
        os.close(reading)
        self._tell("".join(f"+{group}\n" for group in sorted(self._groups)))

    def _tell(self, lines: str) -> None:
        # A sentinel that is gone is told nothing: the next look() starts another, which is told all.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._writing, lines.encode())


def groups_left(lines: Iterable[str]) -> set[int]:
    """The groups that were started and not told as gone, once the lines have ended."""
    groups: set[int] = set()
    for line in lines:
        sign, number = line[:1], int(line[1:])
        if sign == "+":
            groups.add(number)
        else:
            groups.discard(number)
    return groups


def end_groups(groups: Iterable[int], grace: float = GRACE_SECONDS) -> None:
    """SIGTERM to every group, and SIGKILL to those of which something is left after so many seconds."""
    left = {group for group in groups if _send(group, signal.SIGTERM)}
    deadline = time.monotonic() + grace
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group for group in left if _send(group, 0)}
    for group in left:
        _send(group, signal.SIGKILL)


def _send(group: int, number: int) -> bool:
    """Whether there was anybody to send it to."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
        return True
    return False


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # It ends with the supervisor and never before.
        signal.signal(number, signal.SIG_IGN)
    end_groups(groups_left(sys.stdin))


if __name__ == "__main__":
    main()
