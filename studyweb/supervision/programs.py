"""The programs of an installation on one machine: broker, web, fast worker, generation worker, model conversion."""

import sys
from pathlib import Path

from django.conf import settings

from studyweb.supervision.child import Program

WEB_OPTIONS = "python:studyweb.web_options"


def broker() -> Program:
    """The embedded Valkey. It ends last, since the workers say goodbye to it."""
    folder = settings.DATA_DIR / "valkey"
    command = ["-m", "studyweb.supervision.broker", str(folder), str(settings.BROKER_SOCKET)]
    return _program("broker", command, last=True)


def web(listening: int) -> Program:
    """The web process on a socket that is bound already, and that keeps who connects while the process restarts.

    It is one, with threads: SQLite has one writer anyway, and a thread costs less than a process.
    """
    command = ["-m", "gunicorn", "studyweb.wsgi:application", "--config", WEB_OPTIONS, "--bind", f"fd://{listening}"]
    command += ["--workers", "1", "--graceful-timeout", "4"]
    return _program("web", command, inherits=(listening,))


def fast_worker() -> Program:
    """Reports, exports and other short work. Processes of their own for the tasks make their time limits hold.

    Two: while one writes a large export, or downloads a model, the other makes what somebody waits for.
    """
    return _program("fast", _worker("fast", "prefork", 2))


def generation_worker() -> Program:
    """Writes candidates. The solo pool, since a GPU's context does not survive a fork."""
    return _program("generation", _worker("generation", "solo", 1))


def model_conversion() -> Program:
    """Converts the built-in model where that was not done yet; it ends when it is done."""
    return _program("model", ["-m", "studyweb.supervision.model", str(settings.CACHE_DIR)])


def log_file(name: str) -> Path:
    """Where a program's output goes."""
    return Path(settings.DATA_DIR) / "logs" / f"{name}.log"


def _worker(queue: str, pool: str, at_once: int) -> list[str]:
    command = ["-m", "celery", "--app", "studyweb", "worker", "--queues", queue, "--hostname", f"{queue}@%h"]
    command += ["--pool", pool, "--concurrency", str(at_once), "--loglevel", settings.LOG_LEVEL]
    # One machine, two workers: they have nothing to tell each other.
    return [*command, "--without-gossip", "--without-mingle", "--without-heartbeat"]


def _program(name: str, command: list[str], *, inherits: tuple[int, ...] = (), last: bool = False) -> Program:
    # The children read the same folders whatever their working directory is.
    environment = {
        "STUDYWEB_DATA_DIR": str(settings.DATA_DIR),
        "STUDYWEB_CACHE_DIR": str(settings.CACHE_DIR),
        "PYTHONUNBUFFERED": "1",
    }
    return Program(
        name=name,
        command=[sys.executable, *command],
        folder=settings.BASE_DIR,
        log=log_file(name),
        environment=environment,
        inherits=inherits,
        last=last,
    )
