"""Assigning texts to several curators: equally many to each, nobody twice, and what a panel says."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import assignments, curation, leaving, opinions
from generation.models import Assignment, Batch
from generation.rules import CurationError
from surveys.models import Researcher, Role
from tests.factories import member
from tests.generation.factories import CONTINUATION, curator, text_of, written

pytestmark = pytest.mark.django_db


@given(st.integers(0, 40), st.integers(1, 6), st.data(), st.integers(0, 2**31))
def test_everybody_reads_equally_many_and_each_text_is_read_by_so_many(
    texts: int, people: int, data: st.DataObject, seed: int
) -> None:
    each = data.draw(st.integers(1, people))
    shared = assignments.shared_out(texts, range(people), each, seed)
    assert [len(set(readers)) for readers in shared] == [each] * texts
    load = Counter(reader for readers in shared for reader in readers)
    counts = [load[person] for person in range(people)]
    assert max(counts) - min(counts) <= 1
    assert shared == assignments.shared_out(texts, range(people), each, seed)


def panel(batch: Batch, people: int = 2) -> list[Researcher]:
    """So many curators who are all asked about every text of the batch."""
    asked = [curator(batch.study) for _ in range(people)]
    texts = list(batch.candidates.order_by("index"))
    assignments.assign(batch.study, texts, by=batch.created_by, curators=asked, each=people, seed=1)
    return asked


def test_assigning_again_asks_about_new_texts_only() -> None:
    batch = written()
    asked = panel(batch)
    assert Assignment.objects.count() == 6
    more = written([CONTINUATION], study=batch.study)
    texts = [*batch.candidates.all(), *more.candidates.all()]
    again = assignments.assign(batch.study, texts, by=batch.created_by, curators=asked, each=2, seed=1)
    assert again == 2
    assert batch.study.audit.filter(verb="texts assigned").count() == 2


def test_only_the_studys_own_curators_can_be_asked() -> None:
    batch = written()
    for stranger in (member(batch.study, Role.ANALYST), curator(written().study)):
        with pytest.raises(CurationError, match="owners and curators"):
            assignments.assign(batch.study, [text_of(batch)], by=batch.created_by, curators=[stranger], each=1, seed=1)


def test_a_seed_that_cannot_be_recorded_is_refused() -> None:
    batch = written()
    with pytest.raises(CurationError, match="2\\^63"):
        assignments.assign(
            batch.study, [text_of(batch)], by=batch.created_by, curators=[batch.created_by], each=1, seed=10**300
        )


@pytest.mark.parametrize("each", [0, 2])
def test_no_more_opinions_are_asked_for_than_there_are_curators(each: int) -> None:
    batch = written()
    with pytest.raises(CurationError, match="1 to 1"):
        assignments.assign(
            batch.study, [text_of(batch)], by=batch.created_by, curators=[batch.created_by], each=each, seed=1
        )


def test_nobody_waits_for_the_opinion_of_who_has_left_the_study() -> None:
    batch = written([CONTINUATION] * 3)
    gone, stays = panel(batch)
    opinions.give(text_of(batch, 1), by=gone, verdict="accept")
    opinions.give(text_of(batch, 1), by=stays, verdict="reject", reason="r")
    opinions.give(text_of(batch, 2), by=stays, verdict="accept")
    batch.study.memberships.get(researcher=gone).delete()
    assert assignments.panel_of(text_of(batch)).asked == {stays.pk}
    opinions.give(text_of(batch), by=stays, verdict="accept")
    assert text_of(batch).decision == "accepted"
    # What they said before they left still counts.
    assert assignments.panel_of(text_of(batch, 1)).is_disputed
    curation.reject(text_of(batch, 2), by=batch.created_by, reason="nobody is awaited any more")
    batch.study.memberships.get(researcher=stays).delete()
    more = written([CONTINUATION], study=batch.study)
    assignments.assign(batch.study, [text_of(more)], by=batch.created_by, curators=[batch.created_by], each=1, seed=1)
    assert set(assignments.panels(batch.study)) >= {text_of(more).pk}


def test_a_decided_text_is_nobodys_to_read() -> None:
    batch = written()
    curation.reject(text_of(batch), by=batch.created_by, reason="r")
    panel(batch)
    assert not text_of(batch).assignments.exists()


def test_agreement_counts_opinions_as_they_come() -> None:
    batch = written([CONTINUATION] * 3)
    first, second = panel(batch)
    for index, verdicts in enumerate((("accept", "accept"), ("reject", "reject"), ("accept", "reject"))):
        for person, verdict in zip((first, second), verdicts, strict=True):
            opinions.give(text_of(batch, index), by=person, verdict=verdict, reason="r")
    found = assignments.agreement_of(assignments.panels(batch.study).values())
    assert (found.units, found.unanimous) == (3, 2)
    # Observed 2 of 6 differ; expected 18 of 30.
    assert found.alpha == pytest.approx(1 - (2 / 6) / (18 / 30))


def test_whoever_leaves_is_asked_no_longer_and_their_opinions_stay() -> None:
    batch = written()
    first, second = panel(batch)
    opinions.give(text_of(batch), by=first, verdict="accept")
    assert leaving.release(batch.study, first, by=batch.created_by) == 2
    assert assignments.panel_of(text_of(batch)).asked == {first.pk, second.pk}
    assert assignments.panel_of(text_of(batch, 1)).asked == {second.pk}
