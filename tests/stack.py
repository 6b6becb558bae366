"""The real installation as a test sees it: `manage.py up` in a throw-away data folder, with processes to kill."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import psutil
from celery import Celery

T = TypeVar("T")
PROJECT = Path(__file__).resolve().parent.parent
READY = re.compile(r"(?P<url>http://\S+:\d+)/sign-in/\S+")
# How each process is known among the supervisor's children: a part of its command line.
MARKS = {"web": "gunicorn", "fast": "fast@%h", "generation": "generation@%h", "broker": "supervision.broker"}


class Stack:
    """One installation. ``url`` has no slash at its end; ``sign_in_link`` works once a start."""

    url: str
    sign_in_link: str

    def __init__(self, *options: str, folder: Path | None = None) -> None:
        # Not under pytest's own folder: a socket's path must be short.
        self.folder = folder or Path(tempfile.mkdtemp(prefix="studyweb-stack-"))
        self._options = options
        self._output = self.folder.with_name(self.folder.name + ".out")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, within: float = 150) -> None:
        """Start it and wait until it prints its link. Fails with everything it has said if it does not."""
        with self._output.open("ab") as output:
            offset = output.tell()
            self._process = subprocess.Popen(
                self.command(), cwd=PROJECT, env=self.environment(), stdout=output, stderr=subprocess.STDOUT
            )
        process = self._process

        def ready() -> re.Match[str] | None:
            assert process.poll() is None, self.log()
            return READY.search(self._output.read_text(encoding="utf-8")[offset:])

        match = wait_for(ready, within=within, what=lambda: self.log())
        assert match is not None
        self.url, self.sign_in_link = match["url"], match[0]

    def command(self, *more: str) -> list[str]:
        return [sys.executable, "manage.py", "up", "--port", "0", *self._options, *more]

    def environment(self) -> dict[str, str]:
        outside = {"DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SECRET_KEY", "IDENTITY_KEY"}
        kept = {name: value for name, value in os.environ.items() if name not in outside}
        return {**kept, "STUDYWEB_DATA_DIR": str(self.folder), "PYTHONUNBUFFERED": "1"}

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of `manage.py` on the same data."""
        command = [sys.executable, "manage.py", *arguments]
        environment = self.environment()
        return subprocess.run(
            command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    @property
    def supervisor(self) -> psutil.Process:
        assert self._process is not None, "the stack is not started"
        return psutil.Process(self._process.pid)

    def pid_of(self, name: str) -> int:
        """The process of that name: web, fast, generation or broker."""
        pid = self._find(name)
        assert pid is not None, f"no process {name} is running\n{self.log()}"
        return pid

    def running(self) -> set[str]:
        """The names of the processes that run now."""
        return {name for name in MARKS if self._find(name) is not None}

    def kill(self, name: str) -> int:
        """SIGKILL to the process and all that it started; its number."""
        pid = self.pid_of(name)
        os.killpg(pid, signal.SIGKILL)
        return pid

    def power_cut(self) -> None:
        """SIGKILL to everything at once, as when the machine goes down: nothing is ended by anything else."""
        assert self._process is not None, "the stack is not started"
        processes = [self.supervisor, *self.supervisor.children(recursive=True)]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(timeout=30)
        psutil.wait_procs(processes, timeout=30)
        self._process = None

    def wait_for_restart(self, name: str, killed: int, *, within: float = 30) -> int:
        """The number of the process that took the place of the killed one."""

        def another() -> int | None:
            pid = self._find(name)
            return pid if pid != killed else None

        found = wait_for(another, within=within, what=self.log)
        assert found is not None
        return found

    def pings(self, queue: str) -> bool:
        """Whether the worker of that queue answers through the broker."""
        app = Celery(broker=f"redis+socket://{self.folder}/valkey.sock", set_as_current=False)
        with contextlib.suppress(app.connection().transport.connection_errors), app.connection() as connection:
            answers = app.control.ping(timeout=2, connection=connection)
            return any(name.startswith(f"{queue}@") for answer in answers for name in answer)
        return False

    def said(self) -> list[str]:
        """The lines that `up` has printed, over all starts."""
        return self._output.read_text(encoding="utf-8").splitlines()

    def log(self) -> str:
        """What it printed and the ends of its log files."""
        parts = [self._output.read_text(encoding="utf-8")]
        for path in sorted(self.folder.glob("logs/*.log")):
            parts.append(f"--- {path.name}\n{path.read_text(encoding='utf-8', errors='replace')[-3000:]}")
        return "\n".join(parts)

    def stop(self, number: signal.Signals = signal.SIGINT, *, within: float = 30) -> int:
        """End it as Ctrl-C does; its exit status."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(number)
        status = self._process.wait(timeout=within)
        self._process = None
        return status

    def left_over(self) -> list[str]:
        """The command lines of all processes that run on the data folder, whoever their parent is."""
        lines = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if process.environ().get("STUDYWEB_DATA_DIR") == str(self.folder):
                    lines.append(" ".join(process.cmdline()))
        return lines

    def remove(self) -> None:
        """Stop it if it runs, and delete its data."""
        if self._process is not None:
            self.stop()
        shutil.rmtree(self.folder)
        self._output.unlink(missing_ok=True)

    def _find(self, name: str) -> int | None:
        for child in self.supervisor.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if MARKS[name] in " ".join(child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE:
                    return int(child.pid)
        return None


def wait_for(question: Callable[[], T], *, within: float, what: Callable[[], str]) -> T:
    """The first answer that is true, asked for again and again; fails with ``what()`` after so many seconds."""
    deadline = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not within {within} s\n{what()}"
        time.sleep(0.1)
    return answer


def refused(command: Sequence[str], environment: dict[str, str]) -> str:
    """What a start that must be refused says."""
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr
