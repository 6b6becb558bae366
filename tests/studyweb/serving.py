"""An application and a worker for the tests of the web process: each answer says how the worker came to the request."""

import resource
from collections.abc import Iterable
from typing import Any

from gunicorn.http.errors import NoMoreData  # type: ignore[import-untyped]  # its stubs are a package of their own

from studyweb.web_worker import OTHER_FILES, WaitingWorker

_handed = 0


class Patient(WaitingWorker):
    """Waits for longer than any test takes, and counts how often it handed a connection to a thread."""

    seconds = 60.0

    def enqueue_req(self, conn: Any) -> None:
        """Hand it over, as ever."""
        global _handed
        _handed += 1
        super().enqueue_req(conn)


class Hurried(WaitingWorker):
    """Has little patience with a request that does not come."""

    seconds_to_send = 0.9
    seconds_while_others_wait = 0.3
    seconds_to_take = 0.5


class Forgiving(Hurried):
    """Gives requests the time that they need, and threads little of it."""

    seconds_to_send = 60.0


class Cramped(Patient):
    """May hold few files open."""

    def init_process(self) -> None:
        """Begin to serve, under a limit that cannot be raised."""
        most = OTHER_FILES + 20
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        super().init_process()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """How many connections were handed to threads so far; below /large with more behind it than any network holds.

    What came in part alone is told so.
    """
    try:
        environ["wsgi.input"].read()
    except NoMoreData:
        start_response("408 Request Timeout", [("Content-Type", "text/plain"), ("Content-Length", "4")])
        return [b"part"]
    answer = str(_handed).encode()
    if environ["PATH_INFO"] == "/large":
        answer += bytes(64 * 1024 * 1024)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]
