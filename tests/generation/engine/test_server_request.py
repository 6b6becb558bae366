"""One request to a server that misbehaves: what is tried again, what is refused in a sentence, and the key."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from generation.engine import server_request
from generation.engine.server_request import Answer, Client, GivenUpError, ServerError

Said = tuple[int, dict[str, str], bytes]
COMPLETION = {
    "choices": [{"text": " a bridge", "finish_reason": "length", "logprobs": {"token_logprobs": [None, -0.5]}}],
    "usage": {"completion_tokens": 2, "prompt_tokens": 5},
}


@contextmanager
def answering(answer: Callable[[int, dict[str, Any], dict[str, str]], Said]) -> Iterator[str]:
    """A server that answers its n-th request (from 0, its body, its headers) as told; its address."""
    number = iter(range(10**6))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            status, headers, content = answer(next(number), body, dict(self.headers.items()))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def said(content: Any, status: int = 200, **headers: str) -> Said:
    return status, headers, content if isinstance(content, bytes) else json.dumps(content).encode()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of no length between the attempts."""
    monkeypatch.setattr(server_request, "WAITS", (0.0,) * 4)


def test_a_completion_is_read_with_its_length_and_log_probabilities() -> None:
    with answering(lambda *_: said(COMPLETION)) as address, Client(address, "") as client:
        assert client.complete("/completions", {}) == Answer(" a bridge", "length", 2, 5, (-0.5,))


def test_a_chats_answer_is_read_too() -> None:
    chat = {
        "choices": [
            {"message": {"content": "Yes."}, "finish_reason": "stop", "logprobs": {"content": [{"logprob": -0.25}]}}
        ]
    }
    with answering(lambda *_: said(chat)) as address, Client(address, "") as client:
        assert client.complete("/chat/completions", {}) == Answer("Yes.", "stop", 0, 0, (-0.25,))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_that_is_busy_is_asked_again(status: int) -> None:
    with (
        answering(lambda n, *_: said(COMPLETION) if n == 2 else said(b"busy", status)) as address,
        Client(address, "") as client,
    ):
        assert client.complete("/completions", {}).text == " a bridge"


@pytest.mark.usefixtures("impatient")
def test_a_server_that_stays_busy_is_given_up_with_its_own_words() -> None:
    asked: list[int] = []
    with (
        answering(lambda n, *_: asked.append(n) or said(b"no room left", 503)) as address,  # type: ignore[func-returns-value]
        Client(address, "") as client,
        pytest.raises(ServerError, match=r"503 \(no room left\), 5 times in a row"),
    ):
        client.complete("/completions", {})
    assert len(asked) == server_request.ATTEMPTS


def test_a_wait_that_the_server_asks_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_request, "WAITS", (0.0,) * 4)
    asked_at: list[float] = []

    def later(n: int, *_: Any) -> Said:
        asked_at.append(time.monotonic())
        return said(COMPLETION) if n else said(b"", 429, **{"Retry-After": "1"})

    with answering(later) as address, Client(address, "") as client:
        client.complete("/completions", {})
    assert asked_at[1] - asked_at[0] >= 1


@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_not_there_is_named() -> None:
    with (
        Client("http://127.0.0.1:9/v1", "") as client,
        pytest.raises(ServerError, match=r"127\.0\.0\.1:9/v1 cannot be"),
    ):
        client.model("any")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (said(b"who are you?", 401), "refuses the key"),
        (said({"error": {"message": "max_tokens is too large"}}, 400), "max_tokens is too large"),
        (said(b"<html>a page</html>"), "does not answer in JSON"),
        (said([1, 2]), "no object"),
        (said({"choices": []}), "no completion"),
        (said({"choices": [{"text": None}]}), "wrote no text"),
        (said({"choices": [{"text": "", "finish_reason": "content_filter"}]}), "content_filter"),
        (said(b"", 302, Location="http://elsewhere.example/"), "refuses the request"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(answer: Said, sentence: str) -> None:
    with (
        answering(lambda *_: answer) as address,
        Client(address, "") as client,
        pytest.raises(ServerError, match=sentence),
    ):
        client.complete("/completions", {})


def test_an_answer_without_end_is_left_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_request, "MOST_BYTES", 10**5)
    # More is announced than ever comes: who reads to the end first finds a broken connection.
    endless: Said = (200, {"Content-Length": str(10**9)}, b"x" * 10**6)
    with (
        answering(lambda *_: endless) as address,
        Client(address, "") as client,
        pytest.raises(ServerError, match="more than 100000 bytes"),
    ):
        client.complete("/completions", {})


def test_the_key_goes_in_the_header_and_into_no_message() -> None:
    seen: list[str] = []

    def refuse(_n: int, _body: dict[str, Any], headers: dict[str, str]) -> Said:
        seen.append(headers.get("Authorization", ""))
        return said(b"no", 403)

    with (
        answering(refuse) as address,
        Client(address, "an-invented-key") as client,
        pytest.raises(ServerError) as refused,
    ):
        client.complete("/completions", {})
    assert seen == ["Bearer an-invented-key"]
    assert "an-invented-key" not in str(refused.value)


def test_a_model_that_the_server_does_not_have_is_said_with_those_that_it_has() -> None:
    with (
        answering(lambda *_: said({"data": [{"id": "another"}]})) as address,
        Client(address, "") as client,
        pytest.raises(ServerError, match=r"no model 'mine'. It offers: another"),
    ):
        client.model("mine")


def test_hanging_up_ends_the_wait_between_two_attempts() -> None:
    with answering(lambda *_: said(b"", 503, **{"Retry-After": "50"})) as address:
        client = Client(address, "")
        failed: list[BaseException] = []

        def ask() -> None:
            try:
                client.complete("/completions", {})
            except GivenUpError as error:
                failed.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.2)
        client.__exit__()
        thread.join(timeout=5)
        assert not thread.is_alive()
        assert len(failed) == 1


def test_an_error_that_is_told_with_status_200_is_the_servers_and_refuses_no_text() -> None:
    wrong = {"error": {"message": "the model behind is away", "code": 502}}
    with answering(lambda *_: said(wrong)) as address, Client(address, "") as client:  # noqa: SIM117
        with pytest.raises(ServerError, match="the model behind is away") as told:
            client.complete("completions", {})
    assert not isinstance(told.value, server_request.RefusedError)


def test_a_server_that_is_silent_for_too_long_is_asked_once_and_the_limit_is_named() -> None:
    asked: list[int] = []
    begun, done = threading.Event(), threading.Event()

    def silent(number: int, *_: object) -> Said:
        asked.append(number)
        begun.set()
        done.wait(20)
        return said(COMPLETION)

    with answering(silent) as address, Client(address, "", patience=1) as client:
        try:
            with pytest.raises(ServerError, match=r"said nothing for 1 seconds.*GENERATION_SERVER_SECONDS"):
                client.complete("/completions", {})
            assert begun.wait(20)
        finally:
            done.set()
    assert asked == [0]
