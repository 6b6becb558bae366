"""Drafts by a server of the OpenAI-compatible kind: a real one, and what is refused before it is asked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from generation.engine import INSTRUCTION, Prompt, PromptError, Sampling, builtin
from generation.engine.draft import Draft
from generation.engine.served import ServedDrafter, Server, ServerError, request_for, unsupported
from tests.generation.served import NAME, serving

PROMPT = Prompt("The council of the invented town of Northgate voted on Tuesday")
MINE = Server("http://gpu.example.org:8000/v1", "mine")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDrafter]:
    folder = builtin.builtin_model(Path(settings.CACHE_DIR)).folder
    with serving(folder, tmp_path_factory.mktemp("served")) as address:
        yield ServedDrafter(Server(address, NAME, context_length=8192))


@pytest.mark.model
def test_a_real_server_writes_every_candidate(served: ServedDrafter) -> None:
    jobs = [(index, 2**62 + index) for index in range(3)]
    found = [draft for draft in served.draft(PROMPT, Sampling(max_tokens=5), jobs) if isinstance(draft, Draft)]
    assert sorted((draft.index, draft.seed) for draft in found) == jobs
    assert {draft.served["seed"] for draft in found} == {0, 1, 2}
    assert all(draft.served["model"] for draft in found)
    assert all(draft.text and draft.length == 5 and draft.finish_reason == "length" for draft in found)
    assert all(draft.token_ids == draft.ranks == () for draft in found)


@pytest.mark.model
def test_an_instruction_goes_through_the_servers_own_template(served: ServedDrafter) -> None:
    asked = Prompt("Write one sentence about a bridge.", INSTRUCTION)
    [draft] = served.draft(asked, Sampling(max_tokens=6), [(0, 1)])
    assert isinstance(draft, Draft)
    assert draft.text
    assert "<|im_start|>" not in draft.text


@pytest.mark.model
def test_the_lineage_says_where_it_is_served_and_that_its_files_cannot_be_hashed(served: ServedDrafter) -> None:
    identity = served.identity
    assert (identity.repository, identity.file, identity.weights_sha256) == (served.server.address, NAME, "")
    assert "cannot be hashed" in identity.note
    assert served.versions.engine == "served-3"
    assert served.versions.device


@pytest.mark.model
def test_an_interruption_asks_for_nothing_more(served: ServedDrafter) -> None:
    jobs = [(index, index) for index in range(20)]
    found = list(served.draft(PROMPT, Sampling(max_tokens=2), jobs, rows=1, interrupted=lambda: True))
    assert len(found) <= 1


@pytest.mark.model
def test_a_model_that_the_server_does_not_have_is_refused(served: ServedDrafter) -> None:
    with pytest.raises(ServerError, match="no model 'another'"):
        ServedDrafter(Server(served.server.address, "another"))


@pytest.mark.model
def test_an_empty_prompt_is_refused_before_the_server_is_asked(served: ServedDrafter) -> None:
    with pytest.raises(PromptError):
        served.draft(Prompt(" "), Sampling(), [(0, 1)])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"address": "gpu.example.org"}, "address"),
        ({"address": "http://user:secret@gpu.example.org/v1"}, "address"),
        ({"address": "file:///etc/passwd"}, "address"),
        ({"model": " "}, "model"),
        ({"dialect": "klingon"}, "dialect"),
        ({"key_variable": "SECRET_KEY"}, "key_variable"),
        ({"key_variable": "STUDYWEB_MODEL_KEY_"}, "key_variable"),
        ({"context_length": 0}, "context_length"),
    ],
)
def test_a_server_that_cannot_be_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    given = {"address": MINE.address, "model": MINE.model, **changes}
    assert set(Server(**given).problems()) == {field}
    assert MINE.problems() == {}


def test_a_key_is_read_from_its_variable_and_a_missing_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(MINE.address, MINE.model, key_variable="STUDYWEB_MODEL_KEY_LAB")
    monkeypatch.delenv("STUDYWEB_MODEL_KEY_LAB", raising=False)
    with pytest.raises(ServerError, match="STUDYWEB_MODEL_KEY_LAB"):
        server.key()
    monkeypatch.setenv("STUDYWEB_MODEL_KEY_LAB", " an-invented-key ")
    assert server.key() == "an-invented-key"
    assert MINE.key() == ""


def test_each_dialect_names_what_the_protocol_leaves_open_in_its_own_way() -> None:
    sampling = Sampling(top_k=40, min_p=0.1, repetition_penalty=1.2, min_tokens=3, max_tokens=9)
    _, vllm = request_for(Server(MINE.address, "mine", "vllm"), PROMPT, sampling, 2**62 + 7)
    _, llama = request_for(Server(MINE.address, "mine", "llama.cpp"), PROMPT, sampling, 7)
    path, plain = request_for(MINE, PROMPT, sampling, 7)
    assert (vllm["repetition_penalty"], vllm["top_k"], vllm["min_tokens"], vllm["seed"]) == (1.2, 40, 3, 7)
    assert (llama["repeat_penalty"], llama["min_p"]) == (1.2, 0.1)
    # By its own order it would divide by the temperature last, and its penalty would forget all but 64 tokens.
    assert llama["samplers"] == ["penalties", "temperature", "top_k", "top_p", "min_p"]
    assert llama["repeat_last_n"] == -1
    assert "samplers" not in vllm
    assert path == "/completions"
    assert set(plain) == {"model", "seed", "stream", "temperature", "top_p", "max_tokens", "prompt"}


def test_what_a_server_has_no_word_for_is_refused_and_a_default_is_not() -> None:
    assert unsupported(MINE, Sampling()) == {}
    assert set(unsupported(MINE, Sampling(top_k=40, min_tokens=3))) == {"top_k", "min_tokens"}
    assert unsupported(Server(MINE.address, "mine", "vllm"), Sampling(top_k=40, min_tokens=3)) == {}
