"""Whose turn it is: researchers take turns, priority orders one's own batches, and a budget waits for tomorrow."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from hypothesis import given
from hypothesis import strategies as st

from generation import batches, drafting, queue, turns
from generation.batches import RequestError
from generation.engine import Sampling
from generation.models import Batch, Candidate
from surveys import audit
from surveys.models import Researcher, Study
from tests.factories import StudyFactory
from tests.generation.factories import claimed, draft, queued


def mine(study: Study, **changes: int) -> Batch:
    batch = queued(study)
    if changes:
        Batch.objects.filter(pk=batch.pk).update(**changes)
    return batch


def order() -> list[int]:
    return turns.in_turn()


@pytest.mark.django_db
def test_the_batches_of_one_researcher_go_by_priority_and_then_by_waiting() -> None:
    study = StudyFactory()
    low, first, second, high = mine(study, priority=-1), mine(study), mine(study), mine(study, priority=1)
    assert order() == [high.pk, first.pk, second.pk, low.pk]


@pytest.mark.django_db
def test_who_asked_for_many_does_not_keep_another_waiting() -> None:
    many = StudyFactory()
    theirs = [mine(many) for _ in range(3)]
    late = mine(StudyFactory())
    assert order() == [theirs[0].pk, late.pk, theirs[1].pk, theirs[2].pk]


@pytest.mark.django_db
def test_a_high_priority_goes_before_nobody_elses_batch() -> None:
    patient = mine(StudyFactory())
    urgent = mine(StudyFactory(), priority=1)
    assert order() == [patient.pk, urgent.pk]


@pytest.mark.django_db
def test_who_was_served_last_comes_after_who_was_not() -> None:
    served = StudyFactory()
    done = mine(served)
    run = claimed(done)
    for index in range(3):
        drafting.save(run, draft(index))
    assert queue.finish(done.pk, run.owner)
    again, other = mine(served), mine(StudyFactory())
    assert order() == [other.pk, again.pk]


@pytest.mark.django_db
def test_who_has_a_batch_under_way_comes_after_who_has_none() -> None:
    study = StudyFactory()
    claimed(mine(study))
    waiting, other = mine(study), mine(StudyFactory())
    assert order() == [other.pk, waiting.pk]
    assert turns.others_wait(waiting)


@pytest.mark.django_db
def test_one_does_not_make_room_for_oneself() -> None:
    study = StudyFactory()
    writing = mine(study)
    claimed(writing)
    mine(study)
    assert not turns.others_wait(writing)


@pytest.mark.django_db
def test_one_makes_no_room_for_who_would_not_be_served_next() -> None:
    mine_alone, many = mine(StudyFactory()), StudyFactory()
    claimed(mine_alone)
    claimed(mine(many))
    mine(many)
    assert not turns.others_wait(mine_alone), "a free worker would take this batch again: its owner has the fewest"
    mine(StudyFactory())
    assert turns.others_wait(mine_alone), "who was never served comes first"


@pytest.mark.django_db
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_who_makes_room_is_not_served_next(workers: int) -> None:
    people = [StudyFactory() for _ in range(3)]
    for study in people:
        for _ in range(2):
            mine(study)
    under_way = [claimed(Batch.objects.get(pk=order()[0])) for _ in range(workers)]
    for _ in range(8):
        run = under_way.pop(0)
        gives_way = turns.others_wait(run.batch)
        assert queue.release(run.batch_id, run.owner)
        first = order()[0]
        assert gives_way == (first != run.batch_id)
        under_way.append(claimed(Batch.objects.get(pk=first)))


@pytest.mark.django_db
def test_one_makes_room_for_a_batch_of_ones_own_that_goes_before_this_one() -> None:
    study = StudyFactory()
    writing = mine(study)
    claimed(writing)
    urgent = mine(study, priority=1)
    assert turns.others_wait(writing)
    batches.prioritise(writing, by=study.created_by, priority=1)
    assert not turns.others_wait(writing), "the priority is changed while it is written"
    batches.prioritise(writing, by=study.created_by, priority=-1)
    batches.pause(urgent, by=study.created_by)
    assert not turns.others_wait(writing)


@pytest.mark.django_db
def test_a_study_that_spent_its_budget_waits_for_tomorrow_and_the_others_do_not() -> None:
    batch = mine(StudyFactory())
    batches.set_budget(batch.study, by=batch.created_by, tokens_a_day=3)
    run = claimed(batch)
    assert turns.tokens_left(batch.study_id) == 3
    drafting.save(run, draft(0))
    queue.release(batch.pk, run.owner)
    other = mine(StudyFactory())
    assert turns.tokens_left(batch.study_id) == 0
    assert order() == [other.pk]
    Candidate.objects.filter(batch=batch, index=0).update(drafted_at=Now() - timedelta(days=1))
    assert set(order()) == {batch.pk, other.pk}


@pytest.mark.django_db
def test_two_workers_do_not_spend_one_budget_twice() -> None:
    study = StudyFactory()
    first, second = queued(study, size=10), queued(study, size=10)
    batches.set_budget(study, by=study.created_by, tokens_a_day=24)
    one = claimed(first)
    other = claimed(second)
    # Six texts of four tokens: four for the first worker's round, and the other two for the second's.
    assert len(turns.texts_to_write(one, 4)) == 4
    assert len(turns.texts_to_write(other, 4)) == 2
    late = queued(study)
    assert order() == [], "nothing is free for a third"
    for index in range(2):
        drafting.save(other, draft(index))
    assert queue.release(second.pk, other.owner)
    # Its texts were shorter than they might have been, by two tokens.
    assert set(order()) == {second.pk, late.pk}


@pytest.mark.django_db
def test_a_text_of_unknown_length_counts_as_the_longest_that_was_asked_for() -> None:
    batch = queued(sampling=Sampling(max_tokens=40))
    batches.set_budget(batch.study, by=batch.created_by, tokens_a_day=100)
    run = claimed(batch)
    drafting.save(run, draft(0, token_ids=(), counted=0))
    drafting.save(run, draft(1, token_ids=(), counted=7))
    assert turns.tokens_left(batch.study_id) == 100 - 40 - 7


@pytest.mark.django_db
def test_a_budget_can_be_taken_away_and_each_change_is_in_the_log() -> None:
    study = StudyFactory()
    batches.set_budget(study, by=study.created_by, tokens_a_day=500)
    assert turns.tokens_left(study.pk) == 500
    batches.set_budget(study, by=study.created_by, tokens_a_day=None)
    assert turns.tokens_left(study.pk) is None
    said = study.audit.filter(verb="generation budget set").order_by("pk").values_list("subject", flat=True)
    assert list(said) == ["500 tokens a day", "no limit"]
    assert audit.verify(study) == []


@pytest.mark.django_db
@pytest.mark.parametrize("tokens", [0, -1, batches.MOST_TOKENS_A_DAY + 1])
def test_a_budget_that_is_none_is_refused(tokens: int) -> None:
    study = StudyFactory()
    with pytest.raises(RequestError, match="tokens from 1"):
        batches.set_budget(study, by=study.created_by, tokens_a_day=tokens)


@pytest.mark.django_db
def test_a_priority_is_changed_once_and_logged_once() -> None:
    batch = mine(StudyFactory())
    owner: Researcher = batch.created_by
    for _ in range(2):
        batches.prioritise(batch, by=owner, priority=Batch.Priority.HIGH)
    assert Batch.objects.get(pk=batch.pk).priority == 1
    rows = batch.study.audit.filter(verb="batch prioritised").values_list("subject", flat=True)
    assert list(rows) == ["batch 1: high"]
    with pytest.raises(RequestError, match="Choose one"):
        batches.prioritise(batch, by=owner, priority=7)


@given(
    st.dictionaries(st.integers(1, 5), st.integers(1, 6), min_size=1),
    st.dictionaries(st.integers(1, 5), st.integers(0, 3)),
)
def test_every_batch_is_dealt_once_and_no_one_gets_two_more_than_another_who_waits(
    sizes: dict[int, int], under_way: dict[int, int]
) -> None:
    queues = {person: [person * 100 + n for n in range(size)] for person, size in sizes.items()}
    everything = sorted(pk for keys in queues.values() for pk in keys)
    load = Counter({person: under_way.get(person, 0) for person in sizes})
    left = dict(sizes)
    dealt = turns._dealt(queues, Counter(under_way), {})
    assert sorted(dealt) == everything
    for pk in dealt:
        person = pk // 100
        waiting = [who for who, n in left.items() if n]
        assert load[person] == min(load[who] for who in waiting)
        load[person] += 1
        left[person] -= 1
