"""The review queue's filters and the order of its texts."""

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from generation import curation
from generation.reviewing import Filters, flag_codes, last_decision, neighbours
from tests.generation.factories import CONTINUATION, curator, text_of, written


@given(
    st.builds(
        Filters,
        decision=st.sampled_from(["pending", "accepted", "rejected", ""]),
        batch=st.sampled_from(["", "1", "27"]),
        model=st.sampled_from(["", "built-in", "a&b=c"]),
        flag=st.sampled_from(["", "none", "too-short"]),
    )
)
def test_filters_travel_in_the_address_and_come_back_the_same(filters: Filters) -> None:
    assert Filters.read(QueryDict(filters.query).dict()) == filters


def test_the_usual_filters_need_no_query() -> None:
    assert Filters().query == ""


@given(st.dictionaries(st.sampled_from(["decision", "batch", "model", "flag"]), st.text(max_size=80)))
def test_any_address_gives_filters(query: dict[str, str]) -> None:
    filters = Filters.read(query)
    assert filters.decision in {"pending", "accepted", "rejected", ""}
    assert filters.batch == "" or int(filters.batch) >= 0


@pytest.mark.django_db
def test_the_queue_runs_through_the_batches_in_their_order() -> None:
    first = written([CONTINUATION] * 2)
    second = written([CONTINUATION] * 2, study=first.study)
    texts = Filters().texts(first.study)
    assert neighbours(texts, text_of(first, 1)) == (text_of(first, 0), text_of(second, 0))
    assert neighbours(texts, text_of(first, 0)) == (None, text_of(first, 1))
    assert neighbours(texts, text_of(second, 1)) == (text_of(second, 0), None)


@pytest.mark.django_db
def test_the_flags_of_a_study_are_listed_once_each() -> None:
    batch = written([" Short.", " Short too.", CONTINUATION])
    assert flag_codes(batch.study) == ["too-short"]


@pytest.mark.django_db
def test_a_decision_that_somebody_took_back_cannot_be_undone_again() -> None:
    batch = written()
    first, second = curator(batch.study), curator(batch.study)
    curation.reject(text_of(batch), by=first, reason="r")
    curation.reopen(text_of(batch), by=second)
    assert last_decision(batch.study, first) is None
    assert last_decision(batch.study, second) is None


@pytest.mark.django_db
def test_what_a_rule_decided_is_not_ones_own_decision() -> None:
    batch = written()
    curation.reject(text_of(batch), by=batch.created_by, rule="invented rule")
    assert last_decision(batch.study, batch.created_by) is None
