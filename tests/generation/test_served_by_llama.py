"""Texts by llama.cpp's own server, with the built-in GGUF file: what of the protocol it keeps, and how it refuses.

`make served` runs these: the first time builds llama.cpp, which takes minutes and a compiler.
"""

from collections.abc import Iterator

import pytest

from generation import batches, drafting, registry
from generation.engine import INSTRUCTION, Prompt, Sampling
from generation.engine.draft import Draft
from generation.engine.served import ServedDrafter, Server, ServerError
from generation.lineage import lineage_of
from generation.models import Batch
from tests.generation.factories import queued, text_of
from tests.generation.served import NAME, llama_serving

pytestmark = pytest.mark.llama

PROMPT = Prompt("The council of the invented town of Northgate voted on Tuesday")
CONTEXT = 256


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with llama_serving(tmp_path_factory.mktemp("llama"), context=CONTEXT) as address:
        yield Server(address, NAME, "llama.cpp", context_length=CONTEXT)


def texts(llama: Server, prompt: Prompt, sampling: Sampling, *seeds: int) -> list[Draft]:
    drafter = ServedDrafter(llama)
    found = list(drafter.draft(prompt, sampling, list(enumerate(seeds))))
    written = [draft for draft in found if isinstance(draft, Draft)]
    assert len(written) == len(seeds), found
    return sorted(written, key=lambda draft: draft.index)


def test_a_batch_of_more_texts_than_are_asked_for_at_once_is_written_whole(llama: Server) -> None:
    found = texts(llama, PROMPT, Sampling(max_tokens=8), *range(20))
    assert [draft.index for draft in found] == list(range(20))
    assert all(draft.text and draft.length <= 8 for draft in found)
    assert {draft.served["model"] for draft in found} == {NAME}
    assert all(draft.served["prompt_tokens"] > 10 for draft in found)


def test_a_seed_gives_the_same_text_whatever_is_asked_for_beside_and_before_it(llama: Server) -> None:
    sampling = Sampling(temperature=1.0, max_tokens=12)
    first = [draft.text for draft in texts(llama, PROMPT, sampling, *range(7))]
    again = [draft.text for draft in texts(llama, PROMPT, sampling, *reversed(range(7)))]
    assert first == again[::-1]
    assert len(set(first)) > 1


def test_why_a_text_ended_is_told(llama: Server) -> None:
    [cut] = texts(llama, PROMPT, Sampling(max_tokens=6), 1)
    assert (cut.finish_reason, cut.length) == ("length", 6)
    [stopped] = texts(llama, PROMPT, Sampling(max_tokens=60, stop=(" the",)), 1)
    assert stopped.finish_reason == "stop"
    assert " the" not in stopped.text


def test_a_text_ends_where_the_servers_context_is_full_and_says_so(llama: Server) -> None:
    # The length is the server's to know: asked for more than there is room for, it writes what there is.
    [draft] = texts(llama, Prompt("The bridge was closed. " * 47), Sampling(max_tokens=100), 1)
    assert draft.served["prompt_tokens"] + draft.length <= CONTEXT
    assert (draft.finish_reason, draft.length < 100) == ("length", True)


def test_an_instruction_goes_through_the_models_own_template(llama: Server) -> None:
    [draft] = texts(llama, Prompt("Write one sentence about a bridge.", INSTRUCTION), Sampling(max_tokens=40), 1)
    assert draft.text.strip()
    assert "<|im_" not in draft.text
    assert draft.finish_reason in {"stop", "length"}


def test_every_setting_that_the_dialect_has_a_word_for_is_taken(llama: Server) -> None:
    greedy = Sampling(temperature=1.5, top_k=1, min_p=0.05, repetition_penalty=1.2, top_p=0.9, max_tokens=10)
    first, second = texts(llama, PROMPT, greedy, 1, 2)
    # The likeliest word each time, whatever the temperature and the seed: top_k was heard.
    assert first.text == second.text


def test_a_prompt_longer_than_the_servers_context_is_refused_with_the_servers_words(llama: Server) -> None:
    with pytest.raises(ServerError, match=r"refuses the request \(400\).*context") as told:
        texts(llama, Prompt("word " * (CONTEXT + 50)), Sampling(max_tokens=5), 1)
    assert "in a row" not in str(told.value), "what cannot fit is not asked for again"


def test_a_model_that_the_server_does_not_have_is_refused(llama: Server) -> None:
    with pytest.raises(ServerError, match=f"no model 'another'. It offers: {NAME}"):
        ServedDrafter(Server(llama.address, "another"))


@pytest.mark.django_db(transaction=True)
def test_a_worker_writes_a_whole_batch_by_it_and_the_lineage_says_where(llama: Server) -> None:
    registry.add_server("llama", llama)
    batch = queued(language_model="llama", size=3, sampling=Sampling(max_tokens=30))
    drafting.draft_next()
    batch.refresh_from_db()
    assert (batch.status, batch.error) == (Batch.Status.DONE, "")
    lineage = lineage_of(text_of(batch))
    assert lineage["model"]["identity"]["repository"] == llama.address
    assert lineage["candidate"]["served"]["model"] == NAME
    batches.extend(batch, by=batch.created_by, size=4)
    drafting.draft_next()
    assert batch.candidates.filter(state="drafted").count() == 4
