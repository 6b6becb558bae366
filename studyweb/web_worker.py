"""gunicorn's worker with threads, in which who has answered waits a moment for the next request of the same connection.

A browser that sends a page is led to the next, and asks for it at once on the connection that it has. gunicorn gives
each connection back to the thread that watches all of them, and that one to some thread again: while few people come
at a time, waking two threads and watching a socket twice costs a quarter of what the page does.
"""

import select
import threading
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]  # its stubs are a package of their own

# A little longer than a request and its answer take on their way through most networks.
SECONDS = 0.05


class WaitingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Named by ``--worker-class``. Nobody is kept waiting by it: it waits only where no other connection does.

    At most half of the threads wait so, and none once the worker is to end.
    """

    seconds = SECONDS

    def init_process(self) -> None:
        """Begin to serve."""
        self._waiting = threading.BoundedSemaphore(max(1, self.cfg.threads // 2))
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """Answer a request of the connection, and those that follow at once. What gunicorn's own says of the last."""
        kept = super().handle(conn)
        while kept is True and self._has_next(conn):
            kept = super().handle(conn)
        return kept

    def _has_next(self, conn: Any) -> bool:
        """Whether the connection has its next request within the moment that this thread can wait for it."""
        is_read_already = bool(conn.parser.unreader.buf.getvalue())
        if not self.alive or is_read_already or not self.tpool._work_queue.empty():
            return False
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            watched = select.poll()
            watched.register(conn.sock, select.POLLIN)
            return bool(watched.poll(1000 * self.seconds))
        finally:
            self._waiting.release()
