"""One process that is watched: how it is started, whether it lives, how it and all that it started are ended."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LOG_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Program:
    """What is run, in which folder, and where its output goes.

    ``inherits`` are open file descriptors that the process gets; ``grace`` is how many seconds it has to end after
    SIGTERM before it is killed; ``last`` says that others need it while they end.
    """

    name: str
    command: Sequence[str]
    folder: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    inherits: Sequence[int] = ()
    grace: float = 5.0
    last: bool = False


class Child:
    """One running process of a program. It leads a process group of its own, so that nothing that it started is
    forgotten, and so that Ctrl-C in the terminal reaches only the supervisor, which ends all in order."""

    def __init__(self, program: Program) -> None:
        """Start it. Raises OSError when the program cannot be run at all."""
        self.program = program
        _keep_log_small(program.log)
        with program.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 -- the command is our own, without a shell
                list(program.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.program.folder,
                env={**os.environ, **program.environment},
                pass_fds=tuple(program.inherits),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process, and the process group, for it leads one."""
        return self._process.pid

    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    @property
    def exit_status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def how_it_ended(self) -> str:
        """In words; only after it ended."""
        code = self._process.returncode
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit status {code}"

    def ask_to_end(self) -> None:
        """Send SIGTERM to the leader, which ends its own children in its own way."""
        if not self.ended():
            self._process.terminate()

    def sweep(self) -> None:
        """Kill whatever is left of the group, the leader included, and wait for the leader."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            # macOS answers PermissionError for a group of which only unreaped processes are left.
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


def _keep_log_small(path: Path) -> None:
    """One older file is kept, so that a process that fails for ever does not fill the disk."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(path.suffix + ".1"))
