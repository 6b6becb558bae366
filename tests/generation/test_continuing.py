"""Continue from here: the cut, the new batch, and the lineage as a tree."""

from pathlib import Path

import pytest
from django.test import Client

from generation import continuing, curation, drafting, queue, registry
from generation.batches import RequestError
from generation.curation import standing_text
from generation.engine import Sampling
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


def test_places_to_cut_are_the_ends_of_sentences_but_the_last() -> None:
    places = continuing.places_to_cut("One. Two!\n\nThree.")
    assert places == [(4, "One."), (9, "Two!")]
    assert continuing.places_to_cut("Only one.") == []


def test_the_page_offers_the_sentences_and_leads_to_the_new_batch(client: Client) -> None:
    first = written()
    client.force_login(first.created_by)
    url = address(first.study, "continue", 1, 0)
    page = client.get(url).content.decode()
    assert f'value="{CUT}"' in page
    refused = client.post(url, {"size": "2", "max_tokens": "8"})
    assert refused.status_code == 400
    assert "Choose the last sentence that stays" in refused.content.decode()
    response = client.post(url, {"cut": str(CUT), "size": "2", "max_tokens": "8"})
    assert response.headers["Location"] == address(first.study, "batch", 2)
    assert Continuation.objects.get().parent == text_of(first)


def test_a_blind_curator_stays_with_the_text(client: Client) -> None:
    first = written()
    set_rules(first.study, by=first.created_by, is_blind=True, most_edited=None)
    client.force_login(curator(first.study))
    url = address(first.study, "continue", 1, 0)
    response = client.post(url, {"cut": str(CUT), "size": "1", "max_tokens": "8"})
    assert response.headers["Location"] == address(first.study, "candidate", 1, 0)


def test_a_text_of_one_sentence_has_nothing_to_cut_off(client: Client) -> None:
    batch = written([" x"], kind="instruction", text="Write one word.")
    client.force_login(batch.created_by)
    page = client.get(address(batch.study, "continue", 1, 0)).content.decode()
    assert "there is nothing to cut off" in page


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
