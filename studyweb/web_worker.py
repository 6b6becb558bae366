"""gunicorn's worker with threads, in which nobody waits for somebody slow: neither who is quick nor who comes after.

A browser that sends a page is led to the next, and asks for it at once on the connection that it has. gunicorn gives
each connection back to the thread that watches all of them, and that one to some thread again: while few people come
at a time, waking two threads and watching a socket twice costs a quarter of what the page does. So who has answered
waits a moment for the next request of the same connection.

And gunicorn reads a request in a thread, without a limit of time: as many half-sent ones as there are threads, from
phones that lost their network or from somebody who means it, would stop the study for everybody. Here the thread that
watches all connections also gathers what comes slowly, so that a thread is given a request that is there, and who has a
bad network costs nobody a thread and loses nothing. A request has to come in the end, and an answer has to be taken.

That thread also says goodbye, and would wait for two seconds for whoever does not hang up. Here it watches those as
well.
"""

import errno
import os
import re
import resource
import select
import selectors
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
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
# Of a request, in bytes, what is gathered before a thread reads on: all of what people answer. So much for each
# connection is what somebody who means it can have the process hold.
GATHERED = 64 * 1024
# Who sends the body only once the server says so.
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r|$)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*(?=\r|$)", re.IGNORECASE)
_END = b"\r\n\r\n"
# Open files that are no connections of browsers: those of the database, of the log, of what is read and sent.
OTHER_FILES = 200
# For how long somebody who was told goodbye is listened to: closed at once, what was sent last could be lost on its way
# (RFC 9112, 9.6).
SECONDS_TO_PART = 2.0
# What they may say meanwhile, in bytes, before nobody listens any more.
LAST_WORDS = 64 * 1024


class WaitingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Named by ``--worker-class``. Nobody is kept waiting by it: it waits only where no other connection does.

    At most half of the threads wait for a next request, and none once the worker is to end. A request that has begun
    has ``seconds_to_send`` to be there, or fewer once the worker is to end; what is longer than ``GATHERED`` is read by
    a thread from then on, which waits for fewer where others wait for it. Of an answer, a browser has
    ``seconds_to_take`` for each piece; one of the largest downloads has a megabyte.
    """

    seconds = SECONDS
    seconds_to_send = 60.0
    seconds_while_others_wait = 5.0
    seconds_while_ending = 1.0
    seconds_to_take = 120.0
    seconds_to_part_from_slow = 20.0

    def init_process(self) -> None:
        """Begin to serve."""
        self._waiting = threading.BoundedSemaphore(max(1, self.cfg.threads // 2))
        self._parting = list[_Parting]()
        self._coming = list[Any]()
        # gunicorn's worker dies, with everybody's requests, where a connection more is one file too many; the others
        # wait in the backlog.
        self.worker_connections = room_for(self.cfg.worker_connections)
        self.max_keepalived = max(1, self.worker_connections - self.cfg.threads)
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """Answer a request of the connection, and those that follow at once. What gunicorn's own says of the last.

        ``_DEFER`` for one that is not there yet.
        """
        if not self._has_begun(conn):
            return _DEFER
        while self._is_here(conn):
            kept = self._answered(conn)
            if kept is not True or not self._has_next(conn):
                return kept
        return _DEFER

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer one request, as gunicorn does. Raises ``BrokenPipeError`` where the answer is not taken.

        To gunicorn that is a browser that has gone away, of which there are many; a time that is over is an error.
        """
        conn.sock.settimeout(self.seconds_to_take)
        try:
            return super().handle_request(req, conn)
        except TimeoutError as late:
            self.log.info("A browser did not take its answer within %.0f seconds.", self.seconds_to_take)
            raise BrokenPipeError(errno.EPIPE, "The answer was not taken in time.") from late

    def finish_request(self, conn: Any, fs: Future[Any]) -> None:
        """What becomes of a connection: one whose request is still coming is watched, one to be closed parted from."""
        result = None if fs.cancelled() or fs.exception() is not None else fs.result()
        if result is _DEFER and conn.initialized:
            self._watch(conn)
        elif result is False:
            self._part(conn)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Give up who has had long enough; called about once a second."""
        super().murder_pending()
        for conn in [conn for conn in self._coming if conn.parser.unreader.is_overdue()]:
            self._hand_over(conn)  # as far as it came: its sender is told so
        for parting in [parting for parting in self._parting if parting.until <= monotonic()]:
            self._close(parting)

    def _watch(self, conn: Any) -> None:
        """Gather the rest of a request as it comes."""
        try:
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._gather, conn))
        except (OSError, ValueError, KeyError):  # it is gone already
            self.nr_conns -= 1
            conn.close()
        else:
            self._coming.append(conn)

    def _gather(self, conn: Any, _sock: Any) -> None:
        try:
            is_here = conn.parser.unreader.gather()
        except OSError:
            is_here = True  # a thread meets the same, and closes it
        if is_here:
            self._hand_over(conn)

    def _hand_over(self, conn: Any) -> None:
        self._coming.remove(conn)
        self.poller.unregister(conn.sock)
        self.enqueue_req(conn)

    def _part(self, conn: Any) -> None:
        """Say that nothing more comes, and close once the other side has heard it, or after a while.

        Who was too slow may need as long to hear it; closed at once, what they still send would undo the answer.
        """
        is_late = conn.initialized and conn.parser.unreader.is_late
        parting = _Parting(conn, monotonic() + (self.seconds_to_part_from_slow if is_late else SECONDS_TO_PART))
        self._parting.append(parting)
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._listen, parting))
        except (OSError, ValueError, KeyError):  # it is gone already
            self._close(parting)

    def _listen(self, parting: "_Parting", sock: Any) -> None:
        try:
            words = sock.recv(LAST_WORDS)
        except BlockingIOError:
            return
        except OSError:
            words = b""
        parting.said += len(words)
        if not words or parting.said > LAST_WORDS:
            self._close(parting)

    def _close(self, parting: "_Parting") -> None:
        self._parting.remove(parting)
        with suppress(OSError, ValueError, KeyError):  # it never was, or is closed
            self.poller.unregister(parting.conn.sock)
        self.nr_conns -= 1
        parting.conn.close()

    def _has_begun(self, conn: Any) -> bool:
        """Whether anything came yet of a new connection, which browsers also open for what they may want later."""
        if conn.initialized:
            return True
        if not conn.wait_for_data(SECONDS):
            return False
        conn.init()
        conn.parser.unreader = LimitedUnreader(conn.sock, self._patience, self._patience_of_a_thread)
        return True

    def _is_here(self, conn: Any) -> bool:
        """Whether the request can be read: it is there, or too long to be gathered, or nobody waits for it any longer.

        A thread that nobody else needs waits for it.
        """
        unreader = conn.parser.unreader
        if not unreader.is_begun:
            unreader.begin()
        try:
            while not unreader.gather() and not unreader.is_overdue():
                if not self.tpool._work_queue.empty():
                    return False
                _is_readable(conn.sock, GLANCE)
        except OSError:
            pass  # whoever reads meets the same
        return True

    def _answered(self, conn: Any) -> Any:
        kept = super().handle(conn)
        conn.parser.unreader.is_begun = False
        return kept

    def _patience(self) -> float:
        """For how many seconds a request may take to come, as things are now."""
        return self.seconds_to_send if self.alive else self.seconds_while_ending

    def _patience_of_a_thread(self) -> float:
        """The same for one that a thread is reading."""
        others_wait = self.alive and not self.tpool._work_queue.empty()
        return min(self._patience(), self.seconds_while_others_wait) if others_wait else self._patience()

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


def room_for(connections: int) -> int:
    """How many connections this process can hold, at most so many; its limit of open files is raised as far as it goes.

    Many systems give a process 1,024 files at first, and let it ask for more.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return connections if soft == resource.RLIM_INFINITY else max(1, min(connections, soft - OTHER_FILES))


@dataclass(eq=False)
class _Parting:
    """A connection that was told goodbye: until when it is listened to, and how many bytes it has said since."""

    conn: Any
    until: float
    said: int = 0


class LimitedUnreader(SocketUnreader):  # type: ignore[misc]
    """Reads requests from a socket, each for as long as ``patience()`` says while it comes, or as its size explains.

    ``of_a_thread()`` is the patience of who waits for the rest of one that was not gathered whole.
    """

    def __init__(self, sock: Any, patience: Callable[[], float], of_a_thread: Callable[[], float]) -> None:
        super().__init__(sock)
        self._patience, self._of_a_thread = patience, of_a_thread
        self.begin()

    def begin(self) -> None:
        """A request begins now."""
        self.is_begun, self.is_late, self._began, self._size = True, False, monotonic(), 0
        # How many bytes the request has, once its header is there, and up to where that was looked for.
        self._wanted, self._looked = GATHERED, 0

    def gather(self) -> bool:
        """Take what has come, without waiting. Whether the request is there, as far as it is gathered at all."""
        while not self._is_whole():
            if not _is_readable(self.sock, 0):
                return False
            data: bytes = super().chunk()
            if not data:  # whoever reads hears the same once more
                return True
            self._size += len(data)
            self.buf.seek(0, os.SEEK_END)
            self.buf.write(data)
        return True

    def _is_whole(self) -> bool:
        """Whether so much of a request has come that a thread need not wait for it, or more than is gathered.

        What was looked at once is not again: a byte at a time would else have the whole be copied for each.
        """
        size = self.buf.seek(0, os.SEEK_END)
        if self._looked < size and self._looked >= 0:
            self.buf.seek(self._looked)
            found = self.buf.read().find(_END)
            if found >= 0:
                self.buf.seek(0)
                self._wanted = min(GATHERED, _length(self.buf.read(self._looked + found)) + len(_END))
                self._looked = -1  # the header is known
            else:
                self._looked = max(0, size - len(_END) + 1)
            self.buf.seek(0, os.SEEK_END)
        return bool(size >= self._wanted)

    def chunk(self, size_hint: int | None = None) -> bytes:
        """What came next. Raises ``NoMoreData``, as for a connection that broke, once the request is late."""
        is_late = False
        while not is_late:
            is_late = self._takes_longer_than(self._of_a_thread())
            # What is there already is read, however late this thread comes to look for it.
            if _is_readable(self.sock, 0 if is_late else GLANCE):
                data: bytes = super().chunk(size_hint)
                self._size += len(data)
                return data
        self.is_late = True
        raise NoMoreData

    def is_overdue(self) -> bool:
        """Whether nobody waits for the request any longer."""
        return self._takes_longer_than(self._patience())

    def _takes_longer_than(self, seconds: float) -> bool:
        return monotonic() - self._began - self._size / SLOWEST_LINE > seconds


def _length(head: bytes) -> int:
    """How many bytes of a request with this header are waited for: none of a body that its sender keeps until asked.

    Whoever expects to be asked is so by the thread that reads on (RFC 9110, 10.1.1).
    """
    length = None if _EXPECTS.search(head) else _LENGTH.search(head)
    return len(head) + (int(length[1]) if length else 0)


def _is_readable(sock: Any, seconds: float) -> bool:
    watched = select.poll()
    watched.register(sock, select.POLLIN)
    return bool(watched.poll(1000 * seconds))
