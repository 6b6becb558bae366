"""One request to an OpenAI-compatible server: retried within limits, refused in sentences, given up on request."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import httpx

from generation.engine.server_wording import Wording

ATTEMPTS = 5
WAITS = (0.5, 2.0, 8.0, 20.0)  # seconds before the second, third, ... attempt
LONGEST_WAIT = 60.0  # of those that a server asks for
PATIENCE = 600.0  # seconds of silence; a server that does not stream is silent until the whole text is written
PATIENCE_VARIABLE = "GENERATION_SERVER_SECONDS"
MOST_BYTES = 16 * 1024 * 1024

_TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_MISUNDERSTOOD = frozenset({400, 422})
_NO_SETTINGS = frozenset({"model", "prompt", "messages", "stream", "seed"})

# (address, path, model) -> how it wants its settings called: a name that was refused once is not sent again.
_learned: dict[tuple[str, str, str], Wording] = {}


class ServerError(RuntimeError):
    """A server refused, stayed away or answered nonsense; the message says what to do."""


class RefusedError(ServerError):
    """The server answered this request with something that is no text; another may fare better."""


class MisunderstoodError(ServerError):
    """The server took the request itself for wrong; `said` is all of what it said."""

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message)
        self.said = said


class GivenUpError(RuntimeError):
    """The client hung up while the request was under way."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One text, its length in tokens as the server counted it, and the tokens' log-probabilities where it gave them.

    `model` and `fingerprint` are what the server says wrote it: behind one name it may serve one model after the other.
    `sent` holds the settings under the names by which it took them.
    """

    text: str
    finish_reason: str
    tokens: int
    prompt_tokens: int
    logprobs: tuple[float, ...]
    model: str = ""
    fingerprint: str = ""
    sent: Mapping[str, Any] = field(default_factory=dict)


class _Reply(NamedTuple):
    """What came back, read to its end."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def said(self) -> str:
        """Its beginning, on one line, for a message."""
        return one_line(self.content[:300].decode(errors="replace")) or "no words"


class Client:
    """Asks one server. Safe to use from several threads."""

    def __init__(self, address: str, key: str, patience: float = PATIENCE) -> None:
        """`key` is sent as a bearer token, and never appears in a message; `patience` is in seconds of silence."""
        self.address = address.rstrip("/")
        self._patience = patience
        self.software = ""
        self._over = threading.Event()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # No proxy of the environment's and no redirect: the key goes to the address that was registered alone.
        self._http = httpx.Client(
            headers=headers, timeout=httpx.Timeout(patience, connect=10.0), follow_redirects=False, trust_env=False
        )

    def model(self, name: str) -> Mapping[str, Any]:
        """Return what the server says of its model; raises ServerError where it cannot be reached or has none."""
        listed = self._asked("GET", "/models", None).get("data")
        models = {str(entry.get("id")): entry for entry in listed or () if isinstance(entry, dict)}
        if name not in models:
            offered = ", ".join(sorted(models)[:10]) or "none"
            raise ServerError(f"The server {self.address} has no model {name!r}. It offers: {offered}.")
        return models[name]

    def complete(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Return one text; raises RefusedError, ServerError, and GivenUpError after the client hung up.

        A server that refuses a setting's name is asked once more by its other name, or without what says nothing.
        """
        said, sent = self._worded(path, body)
        if "choices" not in said:
            # An error of what stands behind the server, told with status 200: it passes, and says nothing of the text.
            raise ServerError(f"The server {self.address} gave no completion: {one_line(said.get('error') or said)}")
        try:
            choice, usage = said["choices"][0], said.get("usage") or {}
            text = choice["message"]["content"] if "message" in choice else choice["text"]
            reason = str(choice.get("finish_reason") or "stop")
            tokens, prompt_tokens = _count(usage.get("completion_tokens")), _count(usage.get("prompt_tokens"))
            logprobs = _logprobs(choice.get("logprobs"))
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise RefusedError(f"The server {self.address} gave an answer that is no completion: {error!r}.") from error
        if reason not in {"stop", "length"} or not isinstance(text, str):
            raise RefusedError(f"The server {self.address} wrote no text ({one_line(reason)}). Change the prompt.")
        return Answer(
            _well_formed(text),
            reason,
            tokens,
            prompt_tokens,
            logprobs,
            model=one_line(said.get("model")),
            fingerprint=one_line(said.get("system_fingerprint")),
            sent={name: value for name, value in sent.items() if name not in _NO_SETTINGS},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up: waits between attempts end, nothing more is sent, and what is under way fails."""
        self._over.set()
        self._http.close()

    def _worded(self, path: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the server said, and the body that it took, in its own wording."""
        place = (self.address, path, str(body.get("model")))
        wording = _learned.get(place, Wording())
        tried = {wording}
        while True:
            sent = wording.of(body)
            try:
                said = self._asked("POST", path, sent)
            except MisunderstoodError as error:
                other = wording.after(error.said, body)
                if other is None or other in tried:
                    raise
                tried.add(wording := other)
            else:
                _learned[place] = wording
                return said, sent

    def _asked(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        problem = ""
        for attempt in range(ATTEMPTS):
            if self._over.is_set():
                raise GivenUpError
            asked_to_wait = 0.0
            try:
                reply = self._reply(method, path, body)
            except httpx.ReadTimeout as error:
                if self._over.is_set():
                    raise GivenUpError from error
                # Not asked again: many servers write on at what nobody waits for, and would only become slower.
                raise ServerError(
                    f"The server {self.address} said nothing for {self._patience:g} seconds. Ask for shorter texts, or "
                    f"set {PATIENCE_VARIABLE} higher for the generation worker and start it again."
                ) from error
            except (httpx.TransportError, RuntimeError) as error:
                # httpx raises RuntimeError for a client that was closed under a request.
                if self._over.is_set():
                    raise GivenUpError from error
                if not isinstance(error, httpx.TransportError):
                    raise
                problem = f"cannot be reached ({error or type(error).__name__})"
            else:
                if reply.status not in _TRY_AGAIN:
                    return self._read(reply)
                problem = f"answers {reply.status} ({reply.said})"
                asked_to_wait = _retry_after(reply)
            if attempt < ATTEMPTS - 1:
                self._over.wait(min(max(WAITS[attempt], asked_to_wait), LONGEST_WAIT))
        raise ServerError(
            f"The server {self.address} {problem}, {ATTEMPTS} times in a row. See whether it runs, then try again."
        )

    def _reply(self, method: str, path: str, body: Mapping[str, Any] | None) -> _Reply:
        content = bytearray()
        with self._http.stream(method, f"{self.address}{path}", json=body) as response:
            for piece in response.iter_bytes():
                content += piece
                if len(content) > MOST_BYTES:
                    raise ServerError(f"The server {self.address} answers with more than {MOST_BYTES} bytes.")
        return _Reply(response.status_code, response.headers, bytes(content))

    def _read(self, reply: _Reply) -> dict[str, Any]:
        status = reply.status
        if status in {401, 403}:
            raise ServerError(
                f"The server {self.address} refuses the key ({status}). Look at the environment variable with it, and "
                "start the generation worker again."
            )
        if status != 200:
            message = f"The server {self.address} refuses the request ({status}): {reply.said}"
            if status in _MISUNDERSTOOD:
                raise MisunderstoodError(message, reply.content.decode(errors="replace"))
            raise ServerError(message)
        self.software = reply.headers.get("server", "")[:200]
        try:
            said = json.loads(reply.content)
        except (ValueError, RecursionError) as error:
            raise ServerError(
                f"The server {self.address} does not answer in JSON. Is it the address up to /v1?"
            ) from error
        if not isinstance(said, dict):
            raise ServerError(
                f"The server {self.address} gave an answer that is no object. Is it the address up to /v1?"
            )
        return said


def _logprobs(given: Any) -> tuple[float, ...]:
    """The tokens' log-probabilities, as completions and chats spell them; empty where there are none."""
    if not isinstance(given, dict):
        return ()
    if isinstance(content := given.get("content"), list):
        found = tuple(float(token["logprob"]) for token in content)
    else:
        found = tuple(float(value) for value in given.get("token_logprobs") or () if value is not None)
    # Of a token that could not come, some servers say minus infinity, which no database keeps and no mean survives.
    return found if all(map(math.isfinite, found)) else ()


def _count(given: Any) -> int:
    """A number of tokens; 0 where the server gives none, or one that cannot be."""
    return int(given) if isinstance(given, int | float) and 0 <= given < 2**31 else 0


def one_line(given: Any) -> str:
    """A word of the server's own as a short printable line; empty where it gives none."""
    words = "" if given is None else str(given)[:200]
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def _well_formed(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which JSON can hold and no file."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _retry_after(reply: _Reply) -> float:
    """The seconds that a server asks to wait; 0 where it asks for none, or names a date."""
    value = reply.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else 0.0
