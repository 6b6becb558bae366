"""A real web process as `manage.py up` starts it, on the database of the test, to be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
from django.conf import settings

from studyweb.supervision import programs
from tests import databases
from tests.surveys.participant.held import PATIENCE


class WebServer:
    """One socket, which keeps who connects, and the process that serves it now."""

    def __init__(self, folder: Path, *, patience: float | None = None) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._log = folder / "web.log"
        given = {"STUDYWEB_DATA_DIR": str(folder), "DATABASE_URL": databases.address()}
        self._environment = {**os.environ, **given, **({} if patience is None else {PATIENCE: str(patience)})}
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        subprocess.run(collect, cwd=settings.BASE_DIR, env=self._environment, check=True, timeout=120)
        self.start()

    def start(self) -> None:
        """Start a process on the socket; whoever has connected meanwhile is served."""
        program = programs.web(self._listening.fileno())
        command = [part.replace("studyweb.wsgi", "tests.surveys.participant.held") for part in program.command]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=program.folder,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=program.inherits,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to the process and all that it started."""
        workers = psutil.Process(self._process.pid).children(recursive=True)
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=30)
        psutil.wait_procs(workers, timeout=30)

    def close(self) -> None:
        """End it for good."""
        self.kill()
        self._listening.close()

    def log(self) -> str:
        """What it said."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-3000:]
