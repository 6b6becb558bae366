"""Who has answered a request waits for the next of the connection; nobody waits for a request that does not come."""

import contextlib
import io
import os
import resource
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from studyweb.supervision import programs
from studyweb.web_worker import GATHERED, OTHER_FILES, LimitedUnreader, room_for
from tests.studyweb.serving import Cramped, Forgiving, Hurried, Patient

THREADS = 4
Connect = Callable[[], HTTPConnection]
Serve = Callable[[type], contextlib.AbstractContextManager[Connect]]


@contextlib.contextmanager
def _serving(worker: type, log: Path) -> Iterator[Connect]:
    """What connects to a web process as `manage.py up` starts it, with this worker and few threads."""
    with socket.create_server(("127.0.0.1", 0)) as listening, log.open("wb") as output:
        program = programs.web(listening.fileno())
        served = {"studyweb.wsgi:application": "tests.studyweb.serving:application"}
        assert served.keys() <= set(program.command)
        command = [served.get(part, part) for part in program.command]
        command += ["--worker-class", f"{worker.__module__}.{worker.__name__}", "--threads", str(THREADS)]
        process = subprocess.Popen(
            command, cwd=program.folder, stdout=output, stderr=output, pass_fds=program.inherits, start_new_session=True
        )
        try:
            with contextlib.ExitStack() as stack:
                address = listening.getsockname()
                yield lambda: stack.enter_context(
                    contextlib.closing(HTTPConnection(address[0], address[1], timeout=20))
                )
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0, log.read_text(encoding="utf-8")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=20)


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    return lambda worker: _serving(worker, tmp_path / "web.log")


def _handed(connection: HTTPConnection, method: str = "GET") -> int:
    connection.request(method, "/", body=b"some=answer" if method == "POST" else None)
    return int(connection.getresponse().read())


def test_requests_that_follow_each_other_are_answered_by_the_thread_that_has_the_connection(serve: Serve) -> None:
    with serve(Patient) as connect:
        one, other = connect(), connect()
        assert [_handed(one, method) for method in ("POST", "GET", "POST", "GET")] == [1, 1, 1, 1]
        assert [_handed(connection) for connection in (other, one, other)] == [2, 2, 2]


def test_at_most_half_of_the_threads_wait_so_that_whoever_comes_is_answered(serve: Serve) -> None:
    with serve(Patient) as connect:
        known = [connect() for _ in range(3 * THREADS)]
        # Those that nobody waits for are watched by gunicorn, and handed over again.
        assert all(_handed(connection) for _ in range(2) for connection in known)
        assert _handed(connect()) > 4 * THREADS


def test_requests_that_are_sent_in_one_go_are_answered_in_turn(serve: Serve) -> None:
    with serve(Patient) as connect:
        connection = connect()
        connection.connect()
        post = b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\na=12"
        connection.sock.sendall(post + b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        with connection.sock.makefile("rb") as answers:
            assert answers.read().count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize("goodbye", [b"", b"GET", b"no request\r\n\r\n"])
def test_a_browser_that_goes_away_or_sends_rubbish_takes_no_thread_with_it(serve: Serve, goodbye: bytes) -> None:
    with serve(Patient) as connect:
        for _ in range(2 * THREADS):
            connection = connect()
            _handed(connection)
            connection.sock.sendall(goodbye)
            connection.close()
        connection = connect()
        # It is waited for, once the threads have seen that those before it are gone.
        assert any(_handed(connection) == _handed(connection) for _ in range(1000))


def _is_served(connection: HTTPConnection) -> bool:
    connection.request("GET", "/")
    return connection.getresponse().status == 200


HALF_A_HEADER = b"POST /s/ab12/reading-1/ HTTP/1.1\r\nHost: test\r\nContent-Le"
HALF_A_BODY = b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 40\r\n\r\nhalf="


@pytest.mark.parametrize("sent", [b"", HALF_A_HEADER, HALF_A_BODY])
def test_requests_that_stall_keep_nobody_waiting_and_do_not_hold_up_the_end(serve: Serve, sent: bytes) -> None:
    with serve(Hurried) as connect:
        for _ in range(2 * THREADS):
            stalled = connect()
            stalled.connect()
            stalled.sock.sendall(sent)
        assert _is_served(connect())


def test_a_request_that_comes_a_byte_at_a_time_is_given_up_as_well(serve: Serve) -> None:
    with serve(Hurried) as connect:
        trickling = [connect() for _ in range(THREADS)]
        for connection in trickling:
            connection.connect()
        is_answered = threading.Event()
        thread = threading.Thread(target=_trickle, args=([connection.sock for connection in trickling], is_answered))
        thread.start()
        try:
            assert _is_served(connect())
        finally:
            is_answered.set()
            thread.join()


def _trickle(open_sockets: list[socket.socket], until: threading.Event) -> None:
    """Send each a byte of a header that never ends, every tenth of a second."""
    for sock in open_sockets:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: te")
    while not until.wait(0.1):
        for sock in open_sockets:
            with contextlib.suppress(ConnectionError):  # it was given up, which is what is hoped for
                sock.sendall(b"x")


def test_a_body_that_comes_in_two_parts_in_time_is_read_whole(serve: Serve) -> None:
    with serve(Hurried) as connect:
        connection = connect()
        connection.connect()
        connection.sock.sendall(HALF_A_BODY)
        assert _is_served(connect())  # the other half waits until this was answered
        connection.sock.sendall(b"x" * 35)
        assert connection.sock.recv(15) == b"HTTP/1.1 200 OK"


@pytest.mark.parametrize("sent", [HALF_A_HEADER, HALF_A_BODY, HALF_A_BODY + b"x" * 34])
def test_who_sends_slowly_while_others_wait_for_a_thread_loses_nothing(serve: Serve, sent: bytes) -> None:
    whole = HALF_A_HEADER + b"ngth: 0\r\n\r\n" if sent == HALF_A_HEADER else HALF_A_BODY + b"x" * 35
    with serve(Forgiving) as connect:
        slow = [connect() for _ in range(2 * THREADS)]
        for connection in slow:
            connection.connect()
            connection.sock.sendall(sent)
        # More than a thread waits for while others do; each is answered by a connection of its own.
        served, until = 0, time.monotonic() + 2 * Forgiving.seconds_while_others_wait
        while time.monotonic() < until:
            served += _is_served(connect())
        assert served > THREADS
        for connection in slow:
            connection.sock.sendall(whole[len(sent) :])
        assert [connection.sock.recv(15) for connection in slow] == [b"HTTP/1.1 200 OK"] * len(slow)


def test_who_was_too_slow_hears_so_although_more_of_the_page_comes(serve: Serve) -> None:
    with serve(Hurried) as connect:
        connection = connect()
        connection.connect()
        connection.sock.sendall(HALF_A_BODY)
        assert select.select([connection.sock], [], [], 20)[0]
        # The rest meets a server that has answered; a connection that was closed would be reset, and the answer lost.
        for _ in range(3):
            connection.sock.sendall(b"x" * 10)
            assert not select.select([], [], [connection.sock], 0.1)[2]
        with connection.sock.makefile("rb") as answers:
            assert answers.read().split(b"\r\n")[0] == b"HTTP/1.1 408 Request Timeout"


def test_who_waits_to_be_asked_for_the_body_is_asked_at_once(serve: Serve) -> None:
    with serve(Forgiving) as connect:
        connection = connect()
        connection.connect()
        connection.sock.sendall(
            b"POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
        )
        with connection.sock.makefile("rb") as answers:
            assert answers.readline() == b"HTTP/1.1 100 Continue\r\n"
            connection.sock.sendall(b"some=body")
            assert b"HTTP/1.1 200 OK" in answers.read()


class _Counting(io.BytesIO):
    """Counts the bytes that are taken out of it."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.taken += len(found)
        return found

    def getvalue(self) -> bytes:
        self.taken += len(super().getvalue())
        return super().getvalue()


def test_what_comes_a_byte_at_a_time_is_not_looked_through_anew_for_each() -> None:
    request = b"POST / HTTP/1.1\r\nHost: test\r\nX-Long: %s\r\nContent-Length: 2000\r\n\r\n" % (b"x" * 2000)
    request += b"y" * 2000
    ours, theirs = socket.socketpair()
    with ours, theirs:
        unreader = LimitedUnreader(ours, lambda: 60.0, lambda: 60.0)
        unreader.buf = _Counting()
        for place in range(len(request)):
            assert not unreader.gather(), place
            theirs.sendall(request[place : place + 1])
        assert unreader.gather()
        assert unreader.buf.taken < 10 * len(request)
        assert unreader.buf.getvalue() == request
        # The next request of the connection is counted anew.
        unreader.buf = _Counting()
        unreader.begin()
        theirs.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r")
        assert not unreader.gather()
        theirs.sendall(b"\n")
        assert unreader.gather()


def test_what_is_longer_than_is_gathered_is_read_whole_by_a_thread(serve: Serve) -> None:
    length = 3 * GATHERED
    with serve(Hurried) as connect:
        connection = connect()
        connection.connect()
        connection.sock.sendall(b"POST / HTTP/1.1\r\nHost: test\r\ncontent-length: %d\r\n\r\n" % length)
        for _ in range(3):
            connection.sock.sendall(b"x" * GATHERED)
        assert connection.sock.recv(15) == b"HTTP/1.1 200 OK"


def test_who_sends_slowly_is_answered_when_the_server_is_to_end(serve: Serve) -> None:
    with serve(Forgiving) as connect:
        quick = connect()
        slow = socket.create_connection((quick.host, quick.port), timeout=20)
        slow.sendall(HALF_A_BODY)
        assert _is_served(quick)
    # The server has ended by itself, and what it said last is here.
    with slow, slow.makefile("rb") as answers:
        assert answers.read().startswith(b"HTTP/1.1 408 Request Timeout")


def test_a_browser_that_does_not_take_its_answer_is_let_go_without_an_error(serve: Serve, tmp_path: Path) -> None:
    with serve(Hurried) as connect:
        for _ in range(THREADS):
            slow = connect()
            slow.request("GET", "/large")
        assert _is_served(connect())
    log = (tmp_path / "web.log").read_text(encoding="utf-8")
    assert "A browser did not take its answer" in log
    assert "ERROR" not in log
    assert "Traceback" not in log


def test_whoever_is_told_goodbye_and_does_not_hang_up_keeps_nobody_waiting(serve: Serve) -> None:
    with serve(Patient) as connect:
        staying = [connect() for _ in range(14)]
        for connection in staying:
            connection.request("GET", "/", headers={"Connection": "close"})
        # A thread that waited two seconds for one after the other would not come to this one before it gives up.
        assert _is_served(connect())
        for connection in staying:
            assert connection.sock.makefile("rb").read().startswith(b"HTTP/1.1 200 OK")
            connection.close()


def test_more_connections_than_files_wait_for_their_turn_and_end_nobodys(serve: Serve, tmp_path: Path) -> None:
    with serve(Cramped) as connect:
        first = connect()
        assert _handed(first) == 1
        with contextlib.ExitStack() as crowd:
            for _ in range(300):
                somebody = crowd.enter_context(socket.socket())
                somebody.settimeout(1.5)  # who is not queued asks again after a second
                if somebody.connect_ex((first.host, first.port)):
                    break  # the worker takes no more, and those who wait to be taken are many
            assert _handed(first) > 0
        assert _handed(connect()) > 1
    assert "Exception in worker" not in (tmp_path / "web.log").read_text(encoding="utf-8")


def test_the_limit_of_open_files_is_raised_for_as_many_connections_as_there_may_be() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        assert room_for(400) == 400
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 400 + OTHER_FILES
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
