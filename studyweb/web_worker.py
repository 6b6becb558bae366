"""gunicorn's worker with threads, in which nobody waits for somebody slow: neither who is quick nor who comes after.

A browser that sends a page is led to the next, and asks for it at once on the connection that it has. gunicorn gives
each connection back to the thread that watches all of them, and that one to some thread again: while few people come
at a time, waking two threads and watching a socket twice costs a quarter of what the page does. So who has answered
waits a moment for the next request of the same connection.

And gunicorn reads a request without a limit of time: as many half-sent ones as there are threads, from phones that
lost their network or from somebody who means it, would stop the study for everybody. Here a request has to come.
"""

import select
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from gunicorn.http.errors import NoMoreData  # type: ignore[import-untyped]  # its stubs are a package of their own
from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]
from gunicorn.workers.gthread import _DEFER, ThreadWorker  # type: ignore[import-untyped]

# A little longer than a request and its answer take on their way through most networks.
SECONDS = 0.05
# How often a thread that waits for the rest of a request looks whether it still may.
GLANCE = 0.2
# What a line brings at the least, in bytes a second: a large file has the time that it needs.
SLOWEST_LINE = 16 * 1024
# How long a browser may take to accept one piece of an answer; a piece of the largest downloads has a megabyte.
SECONDS_TO_TAKE = 120


class TooSlowError(Exception):
    """A request did not come in time. gunicorn closes the connection of whom it meets this at, without a farewell."""


class WaitingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Named by ``--worker-class``. Nobody is kept waiting by it: it waits only where no other connection does.

    At most half of the threads wait for a next request, and none once the worker is to end. A request that has begun
    has ``seconds_to_send`` to be there; fewer where others wait for a thread, or the worker is to end.
    """

    seconds = SECONDS
    seconds_to_send = 20.0
    seconds_while_others_wait = 5.0
    seconds_while_ending = 1.0

    def init_process(self) -> None:
        """Begin to serve."""
        self._waiting = threading.BoundedSemaphore(max(1, self.cfg.threads // 2))
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """Answer a request of the connection, and those that follow at once. What gunicorn's own says of the last.

        Raises ``TooSlowError`` for one that does not come in time.
        """
        if not self._has_begun(conn):
            return _DEFER
        kept = self._answered(conn)
        while kept is True and self._has_next(conn):
            kept = self._answered(conn)
        return kept

    def _has_begun(self, conn: Any) -> bool:
        """Whether anything came yet of a new connection, which browsers also open for what they may want later."""
        if conn.initialized:
            return True
        if not conn.wait_for_data(SECONDS):
            return False
        conn.init()
        conn.parser.unreader = LimitedUnreader(conn.sock, self._patience)
        return True

    def _answered(self, conn: Any) -> Any:
        unreader = conn.parser.unreader
        unreader.begin()
        kept = super().handle(conn)
        # gunicorn would say goodbye in the thread that watches all connections, for as long as the other is silent.
        if unreader.is_late:
            raise TooSlowError
        return kept

    def _patience(self) -> float:
        """For how many seconds a thread may wait for a request that has begun, as things are now."""
        if not self.alive:
            return self.seconds_while_ending
        return self.seconds_to_send if self.tpool._work_queue.empty() else self.seconds_while_others_wait

    def _has_next(self, conn: Any) -> bool:
        """Whether the connection has its next request within the moment that this thread can wait for it."""
        is_read_already = bool(conn.parser.unreader.buf.getvalue())
        if not self.alive or is_read_already or not self.tpool._work_queue.empty():
            return False
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return _is_readable(conn.sock, self.seconds)
        finally:
            self._waiting.release()


class LimitedUnreader(SocketUnreader):  # type: ignore[misc]
    """Reads requests from a socket, each for as long as ``patience()`` says while it waits, or as its size explains."""

    def __init__(self, sock: Any, patience: Callable[[], float]) -> None:
        super().__init__(sock)
        self._patience = patience
        self.begin()

    def begin(self) -> None:
        """A request begins now."""
        self.is_late, self._began, self._size = False, monotonic(), 0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """What came next. Raises ``NoMoreData``, as for a connection that broke, once the request is late."""
        is_late = False
        while not is_late:
            is_late = self._is_overdue()
            # What is there already is read, however late this thread comes to look for it.
            if _is_readable(self.sock, 0 if is_late else GLANCE):
                self.sock.settimeout(SECONDS_TO_TAKE)
                data: bytes = super().chunk(size_hint)
                self._size += len(data)
                return data
        self.is_late = True
        raise NoMoreData

    def _is_overdue(self) -> bool:
        return monotonic() - self._began - self._size / SLOWEST_LINE > self._patience()


def _is_readable(sock: Any, seconds: float) -> bool:
    watched = select.poll()
    watched.register(sock, select.POLLIN)
    return bool(watched.poll(1000 * seconds))
