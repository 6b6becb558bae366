"""What is typed and not saved: the highest sequence stays, it comes back, and saving forgets it."""

from itertools import permutations

import pytest
from django.test import Client

from generation import scratch
from generation.curation import standing_text
from generation.models import Batch, Scratch
from tests.generation.factories import address, curator, text_of, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(client: Client) -> Batch:
    made = written()
    client.force_login(made.created_by)
    return made


@pytest.mark.parametrize("arrivals", list(permutations([(1, "a"), (2, "b"), (3, "c")])))
def test_whatever_arrives_in_which_order_the_newest_stays(arrivals: tuple[tuple[int, str], ...]) -> None:
    made = written()
    text = text_of(made)
    for sequence, typed in arrivals:
        scratch.keep(text, by=made.created_by, sequence=sequence, revision=0, text=typed)
    left = scratch.found(text, made.created_by)
    assert left is not None
    assert left.text == "c"


def test_a_note_and_a_text_do_not_overwrite_each_other_and_people_have_their_own(batch: Batch) -> None:
    text, other = text_of(batch), curator(batch.study)
    scratch.keep(text, by=batch.created_by, sequence=1, revision=0, text="typed")
    scratch.keep(text, by=batch.created_by, sequence=2, revision=0, note="noted")
    scratch.keep(text, by=other, sequence=1, revision=0, text="theirs")
    left = scratch.found(text, batch.created_by)
    assert left is not None
    assert (left.text, left.note) == ("typed", "noted")
    assert Scratch.objects.count() == 2


def test_what_was_typed_comes_back_and_saving_forgets_it(client: Client, batch: Batch) -> None:
    keep, edit = (address(batch.study, name, 1, 0) for name in ("keep", "edit"))
    typed = standing_text(text_of(batch)).replace("nine", "ten")
    assert client.post(keep, {"sequence": 5, "revision": 0, "text": typed}).json() == {"kept": True, "sequence": 5}
    assert client.post(keep, {"sequence": 4, "revision": 0, "text": "older"}).json() == {"kept": False, "sequence": 5}
    assert 'data-sequence="5"' in client.get(address(batch.study, "candidate", 1, 0)).content.decode()
    page = client.get(edit).content.decode()
    assert 'data-sequence="5"' in page
    assert "did not save" in page
    assert "ten miles" in page
    assert "did not save it" in client.get(address(batch.study, "candidate", 1, 0)).content.decode()
    client.post(edit, {"text": typed, "revision": 0})
    assert not Scratch.objects.exists()
    assert standing_text(text_of(batch)) == typed


def test_a_text_that_changed_meanwhile_is_said_so(client: Client, batch: Batch) -> None:
    client.post(address(batch.study, "keep", 1, 0), {"sequence": 5, "revision": 0, "text": "mine"})
    batch.candidates.filter(index=0).update(revision=1)
    assert "yours began from an older one" in client.get(address(batch.study, "edit", 1, 0)).content.decode()


def test_it_can_be_thrown_away(client: Client, batch: Batch) -> None:
    client.post(address(batch.study, "keep", 1, 0), {"sequence": 5, "revision": 0, "text": "mine"})
    client.post(address(batch.study, "discard", 1, 0))
    assert not Scratch.objects.exists()


@pytest.mark.parametrize("saved", ["note", "edit", "discard"])
def test_saving_a_note_or_an_edit_leaves_the_other_which_is_unsaved(client: Client, batch: Batch, saved: str) -> None:
    text = text_of(batch)
    scratch.keep(text, by=batch.created_by, sequence=1, revision=0, text="A long edit.", note="A note.")
    client.post(address(batch.study, saved, 1, 0), {"text": "Saved.", "revision": 0})
    left = Scratch.objects.get()
    assert (left.text, left.note) == (("A long edit.", "") if saved == "note" else (None, "A note."))
    client.post(address(batch.study, "edit" if saved == "note" else "note", 1, 0), {"text": "Too.", "revision": 0})
    assert not Scratch.objects.exists()


def test_a_note_typed_beside_a_newer_text_does_not_hide_that_the_edit_began_from_an_older_one(
    client: Client, batch: Batch
) -> None:
    keep = address(batch.study, "keep", 1, 0)
    client.post(keep, {"sequence": 5, "revision": 0, "text": "mine"})
    batch.candidates.filter(index=0).update(revision=1)
    client.post(keep, {"sequence": 6, "revision": 1, "note": "A note."})
    assert "yours began from an older one" in client.get(address(batch.study, "edit", 1, 0)).content.decode()


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"sequence": "x", "revision": "0", "text": "t"},
        {"sequence": "-1", "revision": "0", "text": "t"},
        {"sequence": "9" * 20, "revision": "0", "text": "t"},
        {"sequence": "1", "revision": "0"},
    ],
)
def test_what_no_browser_sends_is_refused(client: Client, batch: Batch, typed: dict[str, str]) -> None:
    assert client.post(address(batch.study, "keep", 1, 0), typed).status_code == 400
    assert not Scratch.objects.exists()


def test_numbers_beyond_the_databases_are_not_kept(client: Client, batch: Batch) -> None:
    for typed in ({"sequence": "9" * 16, "revision": "0"}, {"sequence": "1", "revision": "9" * 12}):
        assert client.post(address(batch.study, "keep", 1, 0), {**typed, "text": "t"}).json()["kept"] is False


def test_a_huge_text_is_cut_and_nothing_breaks(client: Client, batch: Batch) -> None:
    client.post(address(batch.study, "keep", 1, 0), {"sequence": 1, "revision": 0, "text": "x\0" * 200_000})
    left = Scratch.objects.get().text
    assert left is not None
    assert (len(left), "\0" in left) == (100_000, False)


def test_what_is_typed_last_on_a_page_that_is_left_stays_though_another_window_kept_more(
    client: Client, batch: Batch
) -> None:
    text = text_of(batch)
    for sequence in (1, 2, 3):
        scratch.keep(text, by=batch.created_by, sequence=sequence, revision=0, text="long edit")
    sent = {"sequence": "1", "revision": "0", "note": "my note"}
    keep = address(batch.study, "keep", 1, 0)
    assert client.post(keep, sent).json()["kept"] is False
    assert client.post(keep, sent | {"leaving": "1"}).json()["kept"] is True
    left = scratch.found(text, batch.created_by)
    assert left is not None
    assert (left.text, left.note) == ("long edit", "my note")
