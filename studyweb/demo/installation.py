"""A studyweb of the demonstration's own: `manage.py up` in a folder of its own, started, awaited and stopped."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from django.conf import settings

READY = re.compile(r"(?P<address>http://\S+:\d+)/sign-in/\S+")


class InstallationError(Exception):
    """studyweb did not start; the message holds what it said."""


class Installation:
    """studyweb on a free port of this machine while the ``with`` block runs. ``address`` has no slash at its end."""

    address: str

    def __init__(self, said: Path, *, seconds: float = 240) -> None:
        self._said = said
        self._seconds = seconds

    def __enter__(self) -> "Installation":
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "up", "--port", "0", "--no-demonstration"]
        with self._said.open("wb") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)  # noqa: S603 -- our own
        try:
            self.address = self._awaited()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _awaited(self) -> str:
        deadline = time.monotonic() + self._seconds
        while time.monotonic() < deadline:
            said = self._said.read_text(encoding="utf-8", errors="replace")
            if found := READY.search(said):
                return found["address"]
            if self._process.poll() is not None:
                raise InstallationError(f"studyweb ended while it started:\n{said}")
            time.sleep(0.2)
        raise InstallationError(f"studyweb was not ready after {self._seconds:.0f} s:\n{said}")

    def _stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=60)
