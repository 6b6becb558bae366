"""The review queue's filters and the order of its texts."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from generation import curation, editing, opinions
from generation.models import Candidate
from generation.reviewing import Filters, flag_codes, to_decide
from generation.undoing import last_act
from surveys.models import Study
from tests.generation.factories import CONTINUATION, curator, text_of, written
from tests.generation.test_assignments import panel


@given(
    st.builds(
        Filters,
        decision=st.sampled_from(["pending", "accepted", "rejected", ""]),
        batch=st.sampled_from(["", "1", "27"]),
        model=st.sampled_from(["", "built-in", "a&b=c"]),
        flag=st.sampled_from(["", "none", "too-short"]),
        want=st.sampled_from(["", "mine", "disputed", "marked"]),
        sort=st.sampled_from(["", "short", "long", "clean", "flagged", "likely", "unlikely"]),
    )
)
def test_filters_travel_in_the_address_and_come_back_the_same(filters: Filters) -> None:
    assert Filters.read(QueryDict(filters.query).dict()) == filters


def test_the_usual_filters_need_no_query() -> None:
    assert Filters().query == ""


@given(
    st.dictionaries(st.sampled_from(["decision", "batch", "model", "flag", "want", "sort"]), st.text(max_size=80)),
    st.booleans(),
)
def test_any_address_gives_filters(query: dict[str, str], is_blind: bool) -> None:
    filters = Filters.read(query, is_blind=is_blind)
    assert filters.decision in {"pending", "accepted", "rejected", ""}
    assert filters.batch == "" or int(filters.batch) >= 0


def test_blind_filters_know_neither_model_nor_batch_nor_score() -> None:
    asked = {"batch": "2", "model": "gpt2", "sort": "likely", "flag": "none", "decision": "rejected"}
    assert Filters.read(asked, is_blind=True) == Filters(decision="rejected", flag="none", is_blind=True)


def around(study: Study, filters: Filters, text: Candidate) -> tuple[Candidate | None, Candidate | None]:
    place = filters.neighbours(study, study.created_by, text)
    return place.before, place.behind


@pytest.mark.django_db
def test_the_queue_runs_through_the_batches_in_their_order() -> None:
    first = written([CONTINUATION] * 2)
    second = written([CONTINUATION] * 2, study=first.study)
    assert around(first.study, Filters(), text_of(first, 1)) == (text_of(first, 0), text_of(second, 0))
    assert around(first.study, Filters(), text_of(first, 0)) == (None, text_of(first, 1))
    assert around(first.study, Filters(), text_of(second, 1)) == (text_of(second, 0), None)


@pytest.mark.django_db
def test_a_text_that_fits_no_more_keeps_its_place_in_the_queue() -> None:
    batch = written()
    curation.reject(text_of(batch, 1), by=batch.created_by, reason="r")
    place = Filters().neighbours(batch.study, batch.created_by, text_of(batch, 1))
    assert (place.before, place.behind, place.matching) == (text_of(batch, 0), text_of(batch, 2), 2)


@pytest.mark.django_db
def test_a_blind_queue_runs_by_the_random_codes() -> None:
    batch = written([CONTINUATION] * 4)
    texts = Filters(is_blind=True).texts(batch.study, batch.created_by)
    assert [text.code for text in texts] == sorted(batch.candidates.values_list("code", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", [0, 1, 2]),
        ("short", [1, 0, 2]),
        ("long", [2, 0, 1]),
        ("clean", [0, 2, 1]),
        ("flagged", [1, 0, 2]),
        ("likely", [2, 1, 0]),
        ("unlikely", [0, 1, 2]),
    ],
)
def test_texts_are_sorted_by_length_flags_and_score(sort: str, order: list[int]) -> None:
    batch = written([CONTINUATION, " Short.", CONTINUATION + " And more was said about the old bridge afterwards."])
    for index, score in enumerate((-3.0, -2.0, -1.0)):
        batch.candidates.filter(index=index).update(mean_logprob=score)
    texts = Filters(sort=sort).texts(batch.study, batch.created_by)
    assert [text.index for text in texts] == order


@pytest.mark.django_db
def test_a_length_is_that_of_the_text_as_readers_get_it_now() -> None:
    batch = written([CONTINUATION, f"{CONTINUATION} More.", f"{CONTINUATION} Much more."])
    for text in ("An invented text.", "An invented text, cut."):
        editing.edit(text_of(batch, 2), by=batch.created_by, text=text)
    # Edited to the length of the draft alone, it is shorter than the other drafts with the opening before them.
    editing.edit(text_of(batch, 1), by=batch.created_by, text=CONTINUATION + " More.")
    for sort, order in (("short", [2, 1, 0]), ("long", [0, 1, 2])):
        texts = Filters(sort=sort).texts(batch.study, batch.created_by)
        assert [text.index for text in texts] == order


@pytest.mark.django_db
def test_the_flags_of_a_study_are_listed_once_each() -> None:
    batch = written([" Short.", " Short too.", CONTINUATION])
    assert flag_codes(batch.study) == ["too-short"]


@pytest.mark.django_db
def test_what_waits_for_one_of_those_who_differ_is_counted_by_as_many_queries_for_many_texts_as_for_few() -> None:
    def asked(texts: int) -> int:
        batch = written([CONTINUATION] * texts)
        first, second = panel(batch)
        for text in batch.candidates.all():
            opinions.give(text, by=first, verdict="accept")
            opinions.give(text, by=second, verdict="reject", reason="dull")
        with CaptureQueriesContext(connection) as queries:
            assert to_decide(batch.study, first) == 0
        assert to_decide(batch.study, batch.created_by) == texts
        return len(queries)

    assert asked(5) == asked(2)


@pytest.mark.django_db
def test_a_decision_that_somebody_took_back_cannot_be_undone_again() -> None:
    batch = written()
    first, second = curator(batch.study), curator(batch.study)
    curation.reject(text_of(batch), by=first, reason="r")
    curation.reopen(text_of(batch), by=second)
    assert last_act(batch.study, first) is None
    assert last_act(batch.study, second) is None


@pytest.mark.django_db
def test_what_a_rule_decided_is_not_ones_own_decision() -> None:
    batch = written()
    curation.reject(text_of(batch), by=batch.created_by, rule="invented rule")
    assert last_act(batch.study, batch.created_by) is None
