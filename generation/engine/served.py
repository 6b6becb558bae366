"""Drafts by a server that speaks the OpenAI-compatible protocol: vLLM or llama.cpp elsewhere, or a hosted model.

It has the local drafter's face: a prompt, a sampling specification and seeds go in, drafts come out one by one. What it
cannot know (the hash of the weights, the tokens' ranks) its identity and drafts leave empty and say so. Whether a seed
gives the same text again is the server's affair.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, fields
from typing import Any

from generation.engine.draft import Draft, FinishReason, Refused
from generation.engine.fields import as_head, read
from generation.engine.identity import EngineVersions, ModelIdentity, python_version
from generation.engine.prompt import FIELDS, INSTRUCTION, Prompt
from generation.engine.sampling import Sampling
from generation.engine.server_request import PATIENCE, Answer, Client, RefusedError, ServerError, one_line

__all__ = ["KEY_PREFIX", "ServedDrafter", "ServedTokens", "Server", "ServerError", "unsupported"]

KEY_PREFIX = "STUDYWEB_MODEL_KEY_"
"""Only variables with this prefix are sent to a server: a registry's row must not be able to name another secret."""

ENGINE = "served-3"
AT_ONCE = 8  # requests under way: servers batch what comes together
MOST_REFUSED = 16  # in a row; what refuses so many refuses the prompt, and each may have its price

# dialect -> {field of Sampling: the server's name for it}, beyond temperature, top_p and max_tokens, which all know.
_EXTRA = {
    "openai": {},
    "vllm": {
        "top_k": "top_k",
        "min_p": "min_p",
        "repetition_penalty": "repetition_penalty",
        "min_tokens": "min_tokens",
    },
    "llama.cpp": {"top_k": "top_k", "min_p": "min_p", "repetition_penalty": "repeat_penalty"},
}
# dialect -> what is sent besides, so that the server draws by the rule of `Sampling`: llama.cpp's own would limit first
# and divide by the temperature last, and its penalty would look at the last 64 tokens alone.
_ALWAYS: dict[str, dict[str, Any]] = {
    "llama.cpp": {"samplers": ["penalties", "temperature", "top_k", "top_p", "min_p"], "repeat_last_n": -1}
}
_COMMON = {"temperature": "temperature", "top_p": "top_p", "max_tokens": "max_tokens"}
_STOP = "stop"
_SEED_BITS = 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class Server:
    """Where a model is served: the address up to and with /v1, the model's name there, and how it is asked.

    `key_variable` names the environment variable with the server's key, '' for none. `context_length` is in tokens,
    `patience` in seconds that the server may say nothing.
    """

    address: str
    model: str
    dialect: str = "openai"
    key_variable: str = ""
    context_length: int = 4096
    patience: float = PATIENCE

    def problems(self) -> dict[str, str]:
        """Return {field: what to do} for each value that cannot be; empty where all can."""
        found: dict[str, str] = {}
        if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", self.address):
            found["address"] = "must be a whole address such as http://gpu.example.org:8000/v1, without a password"
        if not self.model.strip() or len(self.model) > 200:
            found["model"] = "must be the model's name at the server"
        if self.dialect not in _EXTRA:
            found["dialect"] = f"must be one of {', '.join(_EXTRA)}"
        if self.key_variable and not re.fullmatch(rf"{KEY_PREFIX}[A-Z0-9_]+", self.key_variable):
            found["key_variable"] = f"must begin with {KEY_PREFIX} and go on with capitals, digits and underscores"
        if self.context_length < 1:
            found["context_length"] = "must be 1 or more"
        return found

    def key(self) -> str:
        """Return the server's key, '' where none is named; raises ServerError where the variable is not set."""
        if not self.key_variable:
            return ""
        if not (key := os.environ.get(self.key_variable, "").strip()):
            raise ServerError(
                f"The server {self.address} wants a key. Set the environment variable {self.key_variable} for the "
                "generation worker, start it again, and let the batch go on."
            )
        return key


class ServedTokens:
    """Stands where a local model has its tokenizer: a served model's tokens are counted by the server alone."""

    def __init__(self, context_length: int) -> None:
        self.context_length = context_length

    def check(self, prompt: Prompt, sampling: Sampling) -> int:
        """Return 0, since the prompt's length is not known here; raises PromptError where nothing could be written."""
        _sent(prompt.validated())
        prompt.check_length(1, sampling.max_tokens, self.context_length)
        return 0

    def count(self, prompt: Prompt) -> int | None:
        """Return None: the server says afterwards how long the prompt was."""
        return None

    def rendered(self, prompt: Prompt) -> str:
        """Return the prompt as it is sent; an instruction goes through the server's own chat template."""
        return _sent(prompt)


class ServedDrafter:
    """A served model, ready to write."""

    def __init__(self, server: Server) -> None:
        """Ask the server for its models; raises ServerError where it cannot be reached or has no such model."""
        self.server = server
        self.tokens = ServedTokens(server.context_length)
        with Client(server.address, server.key(), server.patience) as client:
            described = client.model(server.model)
            software = client.software
        self.identity = ModelIdentity(
            repository=server.address,
            file=server.model,
            revision=one_line(described.get("root")),
            weights_sha256="",
            tokenizer_sha256="",
            dtype="",
            quantisation="",
            context_length=server.context_length,
            parameters=0,
            note="served elsewhere: its files cannot be hashed from here",
        )
        self.versions = EngineVersions(
            engine=ENGINE,
            python=python_version(),
            torch="",
            transformers="",
            tokenizers="",
            device=software,
            dtype="",
            threads=AT_ONCE,
        )

    def draft(
        self,
        prompt: Prompt,
        sampling: Sampling,
        jobs: Sequence[tuple[int, int]],
        *,
        rows: int | None = None,
        interrupted: Callable[[], bool] = lambda: False,
        enough: Callable[[], bool] = lambda: False,
    ) -> Iterator[Draft | Refused]:
        """Yield the draft of each job (index, seed) the moment it is done, in the order of finishing.

        A text that the server will not write is yielded as `Refused`, and the others go on. `rows` bounds how many
        requests are under way. Once `interrupted` returns true nothing more is asked for, and what is under way is
        dropped. `enough` is asked when texts are done: once it returns true nothing more is asked for either, and what
        is under way is waited for. Raises PromptError and SamplingError before the first draft; ServerError where the
        server stays away or refuses all, once what was under way is yielded.
        """
        sampling.validated()
        self.tokens.check(prompt, sampling)
        return self._drafts(prompt, sampling, jobs, min(rows or AT_ONCE, AT_ONCE), interrupted, enough)

    def _drafts(
        self,
        prompt: Prompt,
        sampling: Sampling,
        jobs: Sequence[tuple[int, int]],
        rows: int,
        interrupted: Callable[[], bool],
        enough: Callable[[], bool],
    ) -> Iterator[Draft | Refused]:
        left = list(reversed(jobs))
        under_way: dict[Future[Answer], tuple[int, int, float]] = {}
        trouble: ServerError | None = None
        refused = 0
        pool = ThreadPoolExecutor(rows, thread_name_prefix="served")
        # Left for whatever reason, the client hangs up, so that no thread waits for a server that takes its time.
        with Client(self.server.address, self.server.key(), self.server.patience) as client:
            try:
                while under_way or (left and trouble is None):
                    while trouble is None and left and len(under_way) < rows:
                        index, seed = left.pop()
                        future = pool.submit(client.complete, *request_for(self.server, prompt, sampling, seed))
                        under_way[future] = (index, seed, time.perf_counter())
                    done, _ = wait(under_way, timeout=0.5, return_when=FIRST_COMPLETED)
                    for future in done:
                        index, seed, started = under_way.pop(future)
                        try:
                            found: Draft | Refused = _draft(index, seed, future.result(), started, rows)
                        except RefusedError as error:
                            found = Refused(index, seed, str(error))
                        except ServerError as error:
                            # What else was asked for is paid, and may still come.
                            trouble = trouble or error
                            continue
                        yield found
                        refused = refused + 1 if isinstance(found, Refused) else 0
                        if isinstance(found, Refused) and refused >= MOST_REFUSED:
                            trouble = trouble or ServerError(f"{refused} texts in a row were refused. {found.reason}")
                    if interrupted():
                        return
                    if done and left and enough():
                        left.clear()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
        if trouble is not None:
            raise trouble


def request_for(server: Server, prompt: Prompt, sampling: Sampling, seed: int) -> tuple[str, dict[str, Any]]:
    """Return the path below the address and the body that ask a server for one text.

    Servers take seeds of 32 bits: the lowest 31 of the candidate's seed are sent.
    """
    body: dict[str, Any] = {"model": server.model, "seed": seed & _SEED_BITS, "stream": False}
    known = _COMMON | _EXTRA[server.dialect]
    body.update({name: getattr(sampling, field) for field, name in known.items()})
    body.update(_ALWAYS.get(server.dialect, {}))
    if stop := list(getattr(sampling, _STOP, ())):
        body["stop"] = stop
    if server.dialect == "vllm":
        body["logprobs"] = True if prompt.kind == INSTRUCTION else 1
    if prompt.kind == INSTRUCTION:
        return "/chat/completions", body | {"messages": [{"role": "user", "content": prompt.text}]}
    return "/completions", body | {"prompt": _sent(prompt)}


def _sent(prompt: Prompt) -> str:
    return as_head(read(prompt.text)) if prompt.kind == FIELDS else prompt.text


def unsupported(server: Server, sampling: Sampling) -> dict[str, str]:
    """Return {field: what to do} for each setting that a server of this dialect has no word for."""
    known = {*_COMMON, *_EXTRA.get(server.dialect, {}), _STOP}
    return {
        field.name: f"cannot be asked of this server ({server.dialect}); leave it at {field.default!r}"
        for field in fields(sampling)
        if field.name not in known and getattr(sampling, field.name) != field.default
    }


def _draft(index: int, seed: int, answer: Answer, started: float, rows: int) -> Draft:
    reason: FinishReason = "length" if answer.finish_reason == "length" else "stop"
    return Draft(
        index=index,
        seed=seed,
        text=answer.text,
        token_ids=(),
        finish_reason=reason,
        logprobs=answer.logprobs,
        ranks=(),
        seconds=time.perf_counter() - started,
        rows=rows,
        counted=answer.tokens,
        served={
            "model": answer.model,
            "system_fingerprint": answer.fingerprint,
            "prompt_tokens": answer.prompt_tokens,
            "seed": seed & _SEED_BITS,
            "sent": dict(answer.sent),
        },
    )
