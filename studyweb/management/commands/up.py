"""`manage.py up`: the whole installation on this machine, from migrations to a sign-in link, until Ctrl-C."""

import argparse
import http.client
import os
import signal
import socket
import time
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, connections
from django.urls import reverse

from studyweb.checks import database_problems
from studyweb.demonstration import ensure_demonstration
from studyweb.supervision import programs
from studyweb.supervision.broker import BrokerError, check_socket_path
from studyweb.supervision.child import Program
from studyweb.supervision.claims import Claimed, claim_folder, claim_port, is_loopback, sign
from studyweb.supervision.sentinel import Sentinel
from studyweb.supervision.supervisor import Supervisor
from surveys.accounts import ensure_first_researcher, make_sign_in_link

WEB_START_SECONDS = 60.0


class Command(BaseCommand):
    help = "Start studyweb on this machine, watch its processes and print a sign-in link. Ctrl-C stops it."

    _asked_to_stop = False

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on; 0 takes a free one")
        parser.add_argument("--email", default="researcher@localhost", help="the first researcher's address")
        parser.add_argument("--no-demonstration", action="store_true", help="make no demonstration study")
        parser.add_argument("--no-generation", action="store_true", help="start no generation worker")

    def handle(self, *args: Any, **options: Any) -> None:
        self._listen_for_signals()
        lock, listening = _claimed(options["host"], options["port"])
        address = settings.PUBLIC_URL or _address(options["host"], listening)
        sign(lock, f"process {os.getpid()}, {address}/")
        # Answers of people are in the files that are made from here on: nobody else on this machine reads them.
        os.umask(0o077)
        self._prepare()
        sentinel = Sentinel(settings.BASE_DIR, keeps=[lock])
        supervisor = Supervisor(sentinel, self._say)
        try:
            self._start(supervisor, listening, options)
            link = self._first_link(options)
            self._wait_for_web(supervisor, listening)
            if not self._asked_to_stop:
                self._say(f"studyweb is ready. Sign in, once, within a day: {address}{link}")
            supervisor.run_until(lambda: self._asked_to_stop)
        finally:
            supervisor.end_all()
            sentinel.dismiss()
        self._say("studyweb has stopped.")

    def _listen_for_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        # Who started it with nohup wants it to outlive the terminal.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._stop)

    def _prepare(self) -> None:
        """What has to be true before any process starts."""
        if not (settings.DATA_DIR / "logs").exists():
            self._say("The first start prepares a database and a language model; it takes a minute or so.")
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except OperationalError as error:
            raise CommandError(
                f"The database cannot be used: {error} Is DATABASE_URL right, and is it running?"
            ) from error
        call_command("collectstatic", interactive=False, verbosity=0)
        problems = database_problems(connection)
        if problems:
            raise CommandError(" ".join(problems))
        (settings.DATA_DIR / "logs").mkdir(exist_ok=True)

    def _start(self, supervisor: Supervisor, listening: socket.socket, options: dict[str, Any]) -> None:
        if not settings.REDIS_URL:
            supervisor.add(programs.broker())
        supervisor.add(programs.web(listening.fileno()))
        supervisor.add(programs.fast_worker())
        if options["no_generation"]:
            return
        conversion = programs.model_conversion()
        status = supervisor.run_once(conversion, given_up=lambda: self._asked_to_stop)
        if status:
            self._say(f"The built-in model cannot be used. {_last_line(conversion)} Other models can.")
        supervisor.add(programs.generation_worker())

    def _first_link(self, options: dict[str, Any]) -> str:
        """The path that signs the first researcher in. No connection to the database stays open for it."""
        try:
            researcher = ensure_first_researcher(options["email"])
            if not options["no_demonstration"]:
                ensure_demonstration(researcher)
            return reverse("workbench:sign-in-by-link", args=[make_sign_in_link(researcher)])
        finally:
            connections.close_all()

    def _wait_for_web(self, supervisor: Supervisor, listening: socket.socket) -> None:
        deadline = time.monotonic() + WEB_START_SECONDS
        supervisor.run_until(lambda: self._asked_to_stop or _is_healthy(listening) or time.monotonic() > deadline)
        if time.monotonic() > deadline:
            raise CommandError(
                f"The web process does not answer after {WEB_START_SECONDS:.0f} s. "
                f"Its log says why: {programs.log_file('web')}"
            )

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _claimed(host: str, port: int) -> tuple[int, socket.socket]:
    """The lock on the data folder and the listening socket. Raises CommandError when one of them is not to be had."""
    if not is_loopback(host) and not settings.PUBLIC_URL:
        raise CommandError(
            f"To listen on {host}, set PUBLIC_URL to the address under which others reach this machine, for example "
            "PUBLIC_URL=https://study.example.org."
        )
    try:
        if not settings.REDIS_URL:
            check_socket_path(settings.BROKER_SOCKET)
        return claim_folder(settings.DATA_DIR), claim_port(host, port)
    except (Claimed, BrokerError) as refused:
        raise CommandError(str(refused)) from refused


def _address(host: str, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_healthy(listening: socket.socket) -> bool:
    """Whether the web process answers that the database does."""
    family = listening.family
    host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    own, port = listening.getsockname()[:2]
    asking = http.client.HTTPConnection(own if is_loopback(own) else host, port, timeout=2)
    try:
        asking.request("GET", "/health/", headers={"Host": "localhost"})
        return asking.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()


def _last_line(program: Program) -> str:
    lines = program.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else f"See {program.log}."
