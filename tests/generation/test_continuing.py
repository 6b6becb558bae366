"""Continue from here: the cut, the new batch, and the lineage as a tree."""

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from generation import continuing, curation, drafting, queue, registry
from generation.batches import RequestError
from generation.curation import standing_text
from generation.engine import Sampling
from generation.engine.served import Server
from generation.models import Batch, Candidate, Continuation, LanguageModel
from generation.rules import CurationError, set_rules, share_edited
from tests.generation.engine.conftest import write_model
from tests.generation.factories import (
    CONTINUATION,
    OPENING,
    address,
    claimed,
    curator,
    draft,
    queued,
    text_of,
    written,
)

pytestmark = pytest.mark.django_db

CUT = len(OPENING)


def continued(text: Candidate, cut: int, texts: tuple[str, ...] = (" It went on otherwise.",)) -> Batch:
    """A batch that goes on from a text, written by a worker."""
    batch = continuing.continue_from(text, by=text.batch.created_by, cut=cut, size=len(texts), max_tokens=8)
    run = claimed(batch)
    for index, written_text in enumerate(texts):
        assert drafting.save(run, draft(index, written_text))
    assert queue.finish(batch.pk, run.owner)
    return batch


def test_a_text_goes_on_from_where_it_is_cut_with_what_is_kept_in_front() -> None:
    first = written(headline="The old bridge", seed=3)
    kept = f"{OPENING} The decision came after a long evening of debate."
    batch = continued(text_of(first), len(kept))
    assert batch.prompt.text == kept
    assert (batch.language_model, batch.prompt.headline) == (first.language_model, "The old bridge")
    assert {**batch.sampling, "max_tokens": 4} == first.sampling
    assert standing_text(text_of(batch)) == f"{kept} It went on otherwise."
    assert standing_text(text_of(first)).endswith("nine miles long.")


def test_the_lineage_of_an_accepted_text_goes_back_to_the_first() -> None:
    first = written()
    second = continued(text_of(first, 1), CUT)
    third = continued(text_of(second), CUT + 10)
    lineage = curation.accept(text_of(third), by=first.created_by, arm=None).lineage
    parent = lineage["continues"]
    assert (parent["batch"], parent["index"], parent["cut"]) == (second.number, 0, CUT + 10)
    assert parent["continues"]["index"] == 1
    assert parent["continues"]["seed"] == str(text_of(first, 1).seed)
    assert parent["continues"]["raw_sha256"] == text_of(first, 1).raw_sha256
    assert parent["continues"]["continues"] == {}


def test_an_edit_is_what_is_cut() -> None:
    first = written()
    curation.edit(text_of(first), by=first.created_by, text="A wholly new beginning. And an end.")
    batch = continued(text_of(first), len("A wholly new beginning."))
    assert batch.prompt.text == "A wholly new beginning."


def test_the_lineage_holds_the_settings_and_the_human_words_of_what_a_text_goes_on_from() -> None:
    first = written()
    by = first.created_by
    added = f"{OPENING} Somebody wrote this sentence by hand."
    curation.edit(text_of(first), by=by, text=f"{added} {CONTINUATION.strip()}")
    batch = continued(text_of(first), len(added))
    lineage = curation.accept(text_of(batch), by=by, arm=None).lineage
    assert lineage["edits"] == []
    assert lineage["edited"]["inserted"] == len(" Somebody wrote this sentence by hand.")
    assert lineage["edited"]["deleted"] == 0
    parent = lineage["continues"]
    assert parent["edits"][0]["text"].startswith(added)
    assert parent["prompt"]["text"] == OPENING
    assert parent["sampling"] == first.sampling
    assert parent["cleaned"]["text"] == text_of(first).text
    assert {"reviews", "opinions", "flags", "score", "candidate", "raw"} <= set(parent)
    assert (parent["batch_size"], parent["batch_seed"]) == (first.size, str(first.seed))


def test_edits_before_the_cut_count_towards_the_limit_and_those_behind_it_do_not() -> None:
    first = written()
    by = first.created_by
    text = text_of(first)
    edited = standing_text(text).replace("debate.", "quarrel.").replace("nine miles", "ten kilometres")
    curation.edit(text, by=by, text=edited)
    batch = continued(text_of(first), edited.index("quarrel.") + len("quarrel."))
    child = text_of(batch)
    # 'debate' went and 'quarrel' came, before the cut; models wrote the words around it and those behind.
    kept = len(" The decision came after a long evening of debate.")
    assert share_edited(child, standing_text(child)) == pytest.approx(13 / (kept + len(child.text)))
    set_rules(first.study, by=by, is_blind=False, most_edited=20)
    with pytest.raises(CurationError, match="the study allows 20%"):
        curation.edit(child, by=by, text=f"{standing_text(child)} Yes.")


@pytest.mark.parametrize("cut", [0, -1, 10**6])
def test_a_cut_outside_the_text_is_refused(cut: int) -> None:
    first = written()
    with pytest.raises(RequestError) as refused:
        continuing.continue_from(text_of(first), by=first.created_by, cut=cut, size=1, max_tokens=8)
    assert "cut" in refused.value.problems
    assert not Continuation.objects.exists()


def test_what_the_batch_itself_refuses_is_refused_and_leaves_nothing() -> None:
    first = written()
    for size, tokens in ((0, 8), (1, 0), (1, 10**6)):
        with pytest.raises(RequestError):
            continuing.continue_from(text_of(first), by=first.created_by, cut=CUT, size=size, max_tokens=tokens)
    assert Batch.objects.count() == 1


def test_a_shorter_text_than_where_sentences_begin_to_end_it_is_asked_for_all_the_same() -> None:
    first = written(sampling=Sampling(max_tokens=50, min_tokens=20, sentence_from=30))
    batch = continuing.continue_from(text_of(first), by=first.created_by, cut=CUT, size=1, max_tokens=10)
    asked = Sampling.from_dict(batch.sampling)
    assert (asked.max_tokens, asked.min_tokens, asked.sentence_from) == (10, 0, 0)


def test_the_tree_shows_every_branch_with_its_depth() -> None:
    first = written()
    second = continued(text_of(first), CUT, (" One.", " Two."))
    third = continued(text_of(second, 1), CUT + 2)
    tree = [(b.candidate.batch.number, b.candidate.index, b.depth, b.cut, b.is_current)
            for b in continuing.branches(text_of(second, 1), is_blind=False)]  # fmt: skip
    assert tree == [
        (1, 0, 0, 0, False),
        (second.number, 0, 1, CUT, False),
        (second.number, 1, 1, CUT, True),
        (third.number, 0, 2, CUT + 2, False),
    ]
    assert continuing.branches(text_of(first, 1), is_blind=False) == []


def test_the_tree_is_read_in_two_queries_however_large_it_is(django_assert_num_queries: Any) -> None:
    first = written()
    for _ in range(3):
        continued(text_of(first), CUT, (" One.", " Two.", " Three."))
    deep = text_of(first)
    for _ in range(3):
        deep = text_of(continued(deep, len(standing_text(deep))))
    with django_assert_num_queries(2):
        found = continuing.branches(deep, is_blind=False)
        assert [branch.candidate.batch.number for branch in found] == [1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 6, 7]
    assert [branch.is_current for branch in found] == [False] * 12 + [True]


def test_places_to_cut_are_the_ends_of_sentences_and_the_last_is_the_texts() -> None:
    places = continuing.places_to_cut("One. Two!\n\nThree.")
    assert places == [(4, "One."), (9, "Two!"), (17, "Three.")]
    assert continuing.places_to_cut("Only one") == [(8, "Only one")]
    assert continuing.places_to_cut(" \n") == continuing.places_to_cut("") == []


def test_a_whole_text_is_gone_on_from_with_all_of_it_as_the_prompt() -> None:
    first = written()
    whole = standing_text(text_of(first))
    batch = continued(text_of(first), len(whole), ("\n\nThe next day it was otherwise.",))
    assert batch.prompt.text == whole
    child = text_of(batch)
    assert standing_text(child) == f"{whole}\n\nThe next day it was otherwise."
    again = continued(child, len(standing_text(child)))
    lineage = curation.accept(text_of(again), by=first.created_by, arm=None).lineage
    assert lineage["edited"] == {"deleted": 0, "inserted": 0, "share": 0}
    parent = lineage["continues"]
    assert (parent["batch"], parent["cut"]) == (batch.number, len(standing_text(child)))
    assert (parent["continues"]["cut"], parent["continues"]["index"]) == (len(whole), 0)
    tree = continuing.branches(text_of(first), is_blind=False)
    assert [(branch.depth, branch.cut) for branch in tree] == [(0, 0), (1, len(whole)), (2, len(standing_text(child)))]


def test_behind_a_whole_text_no_text_ends_before_its_first_word() -> None:
    first = written()
    whole = len(standing_text(text_of(first)))
    ask = partial(continuing.continue_from, text_of(first), by=first.created_by, size=1, max_tokens=8)
    assert ask(cut=whole).sampling["min_tokens"] == 1
    assert ask(cut=whole - 1).sampling["min_tokens"] == 0
    # A server of this kind has no word for it.
    registry.add_server("served", Server("http://gpu.example.org:8000/v1", "m"))
    Batch.objects.filter(pk=first.pk).update(language_model=LanguageModel.objects.get(key="served"))
    first.refresh_from_db()
    served = continuing.continue_from(text_of(first), by=first.created_by, cut=whole, size=1, max_tokens=8)
    assert served.sampling["min_tokens"] == 0


def test_a_full_context_is_said_with_what_there_is_room_for(tmp_path: Path, client: Client) -> None:
    registry.add_folder("tiny", write_model(tmp_path / "tiny", "llama"))
    batch = written([CONTINUATION * 4, CONTINUATION])
    Batch.objects.filter(pk=batch.pk).update(language_model=LanguageModel.objects.get(key="tiny"))
    long, short = text_of(batch), text_of(batch, 1)

    def told(text: Candidate, tokens: int) -> dict[str, str]:
        whole = len(standing_text(text))
        with pytest.raises(RequestError) as refused:
            continuing.continue_from(text, by=batch.created_by, cut=whole, size=1, max_tokens=tokens)
        return refused.value.problems

    assert told(long, 8) == {"cut": "What is kept fills all that the model can hold (256 tokens): cut it earlier."}
    [(field, sentence)] = told(short, 250).items()
    assert (field, sentence[:43]) == ("max_tokens", "Behind what is kept the model has room for ")
    room = int(sentence.split()[9])
    assert 8 < room < 250
    whole = len(standing_text(short))
    assert continuing.continue_from(short, by=batch.created_by, cut=whole, size=1, max_tokens=room)
    assert told(short, room + 1)
    client.force_login(batch.created_by)
    url = address(batch.study, "continue", 1, 0)
    refused = client.post(
        url, {"cut": len(standing_text(long)), "size": "1", "max_tokens": "8", **wording(client, url)}
    )
    assert refused.status_code == 400
    assert "fills all that the model can hold" in refused.content.decode()


def test_the_page_offers_the_sentences_and_leads_to_the_new_batch(client: Client) -> None:
    first = written()
    client.force_login(first.created_by)
    url = address(first.study, "continue", 1, 0)
    page = client.get(url).content.decode()
    assert f'value="{CUT}"' in page
    refused = client.post(url, {"size": "2", "max_tokens": "8"})
    assert refused.status_code == 400
    assert "Choose the last sentence that stays" in refused.content.decode()
    response = client.post(url, {"cut": str(CUT), "size": "2", "max_tokens": "8", **wording(client, url)})
    assert response.headers["Location"] == address(first.study, "batch", 2)
    assert Continuation.objects.get().parent == text_of(first)


@pytest.mark.parametrize("edit", ["XX{text}", "{text} More.", "Short."])
def test_a_text_that_was_edited_since_the_page_was_shown_is_not_cut_elsewhere(client: Client, edit: str) -> None:
    first = written()
    by = first.created_by
    client.force_login(by)
    url = address(first.study, "continue", 1, 0)
    asked = {"cut": str(CUT), "size": "2", "max_tokens": "8", **wording(client, url)}
    curation.edit(text_of(first), by=by, text=edit.format(text=standing_text(text_of(first))))
    refused = client.post(url, asked)
    page = refused.content.decode()
    assert refused.status_code == 400
    assert "edited since this page was shown" in page
    assert "Select a valid choice" not in page
    assert not re.search(r'type="radio"[^>]*checked', page)
    assert not Continuation.objects.exists()
    # The page that comes back is of the text as it stands, with what else was typed.
    assert re.search(r'name="size" value="2"', page)
    [cut, *_] = re.findall(r'type="radio" name="cut" value="(\d+)"', page)
    client.post(url, {**asked, "cut": cut, **wording(client, url)})
    assert Continuation.objects.get().cut == int(cut)


def test_a_decision_meanwhile_leaves_the_text_as_it_is_and_the_cut_too(client: Client) -> None:
    first = written()
    client.force_login(first.created_by)
    url = address(first.study, "continue", 1, 0)
    asked = {"cut": str(CUT), "size": "2", "max_tokens": "8", **wording(client, url)}
    curation.reject(text_of(first), by=first.created_by, reason="dull")
    assert client.post(url, asked).headers["Location"] == address(first.study, "batch", 2)


def wording(client: Client, url: str) -> dict[str, str]:
    """What the page sends of the text that it shows."""
    return dict(re.findall(r'name="(shown)" value="(\w{64})"', client.get(url).content.decode()))


def test_a_blind_curator_stays_with_the_text(client: Client) -> None:
    first = written()
    set_rules(first.study, by=first.created_by, is_blind=True, most_edited=None)
    client.force_login(curator(first.study))
    url = address(first.study, "continue", 1, 0)
    response = client.post(url, {"cut": str(CUT), "size": "1", "max_tokens": "8", **wording(client, url)})
    assert response.headers["Location"] == address(first.study, "candidate", 1, 0)


def test_a_text_of_one_sentence_can_be_kept_whole_and_an_empty_one_has_nothing_to_go_on_from(client: Client) -> None:
    batch = written([" x", ""], kind="instruction", text="Write one word.")
    client.force_login(batch.created_by)
    page = client.get(address(batch.study, "continue", 1, 0)).content.decode()
    assert "x (the whole text stays)" in page
    page = client.get(address(batch.study, "continue", 1, 1)).content.decode()
    assert "there is nothing to go on from" in page
    assert 'type="radio"' not in page


def test_a_text_that_is_not_written_cannot_be_continued(client: Client) -> None:
    batch = queued()
    client.force_login(batch.created_by)
    assert client.get(address(batch.study, "continue", 1, 0)).status_code == 404


def test_no_refusal_and_no_length_tells_a_blind_curator_how_much_a_texts_model_holds(tmp_path: Path) -> None:
    batch = written([CONTINUATION * 10])
    text, study = text_of(batch), batch.study
    deep = len(standing_text(text)) - 20

    def asked(cut: int) -> Batch:
        return continuing.continue_from(text, by=study.created_by, cut=cut, size=1, max_tokens=None)

    assert asked(deep).sampling["max_tokens"] == 4
    # A model of 256 tokens writes for the study too: the one of 8,192 tells by nothing that it is the other.
    registry.add_folder("tiny", write_model(tmp_path / "tiny", "llama"))
    queued(study, language_model="tiny", size=1)
    with pytest.raises(RequestError, match="too long to go on from"):
        asked(deep)
    assert asked(CUT).sampling["max_tokens"] == 4


def test_a_model_that_cannot_be_asked_now_is_told_alike_of_every_models_text(tmp_path: Path) -> None:
    first = written([CONTINUATION])
    study, folder = first.study, tmp_path / "tiny"
    second = written([CONTINUATION], study)
    registry.add_folder("tiny", write_model(folder, "llama"))
    Batch.objects.filter(pk=second.pk).update(language_model=LanguageModel.objects.get(key="tiny"))
    (folder / "tokenizer.json").unlink()

    def told(batch: Batch) -> dict[str, str]:
        with pytest.raises(RequestError) as refused:
            continuing.continue_from(text_of(batch), by=study.created_by, cut=CUT, size=1, max_tokens=None)
        return refused.value.problems

    second.refresh_from_db()
    # Where everybody sees the models, the other one's texts go on.
    assert "owner" in told(second)[""]
    assert continuing.continue_from(text_of(first), by=study.created_by, cut=CUT, size=1, max_tokens=None)
    set_rules(study, by=study.created_by, is_blind=True, most_edited=None)
    assert told(first) == told(second)
