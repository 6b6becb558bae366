"""Selection rates by curator and model, and the time that decisions take."""

from typing import Any

import pytest
from django.test import Client

from generation import curation, curators, drawing, opinions
from generation.assignments import panels
from generation.rules import set_rules
from tests.generation.factories import CONTINUATION, address, curator, synthetic_arm, text_of, written
from tests.generation.test_assignments import panel

pytestmark = pytest.mark.django_db


def test_each_curators_decisions_are_counted_and_their_median_time() -> None:
    batch = written([CONTINUATION] * 5)
    by = curator(batch.study)
    for index, seconds in enumerate((10.0, 30.0, 20.0)):
        curation.reject(text_of(batch, index), by=by, reason="r", seconds=seconds)
    curation.accept(text_of(batch, 3), by=by, arm=None)
    curation.reject(text_of(batch, 4), by=by, rule="an invented rule")
    found = {row.label: row for row in curators.by_curator(batch.study, {})}
    row = found[str(by)]
    assert (row.taken, row.refused, row.share, row.seconds) == (1, 3, 25, 20)
    assert found[str(batch.created_by)].share is None


def test_opinions_count_as_choices_and_what_is_awaited_waits() -> None:
    batch = written()
    first, second = panel(batch)
    opinions.give(text_of(batch), by=first, verdict="accept", seconds=7)
    found = {row.label: row for row in curators.by_curator(batch.study, panels(batch.study))}
    assert (found[str(first)].taken, found[str(first)].waiting, found[str(first)].seconds) == (1, 2, 7)
    assert (found[str(second)].taken, found[str(second)].waiting) == (0, 3)


def test_who_is_asked_finds_what_others_say_in_the_counts_once_all_have_answered(client: Client) -> None:
    batch = written()
    first, second = panel(batch)
    url = address(batch.study, "curation")
    opinions.give(text_of(batch), by=first, verdict="accept")

    def shown(reader: Any) -> tuple[list[tuple[int, int]], str]:
        client.force_login(reader)
        page = client.get(url)
        rows = {row.label: (row.taken, row.waiting) for row in page.context["by_curator"]}
        return [rows[str(person)] for person in (first, second)], page.content.decode()

    assert shown(batch.created_by)[0] == shown(first)[0] == [(1, 2), (0, 3)]
    counts, page = shown(second)
    assert counts == [(0, 2), (0, 3)]
    assert "You are asked about 3 texts on which opinions are awaited" in page
    opinions.give(text_of(batch), by=second, verdict="reject", reason="dull")
    counts, page = shown(second)
    assert counts == [(1, 2), (0, 2)]
    assert "You are asked about 2 texts on which opinions are awaited" in page


def test_each_models_texts_are_counted() -> None:
    batch = written([CONTINUATION] * 4)
    curation.accept(text_of(batch), by=batch.created_by, arm=None)
    curation.reject(text_of(batch, 1), by=batch.created_by, reason="r")
    row = curators.by_model(batch.study)[0]
    assert (row.label, row.taken, row.refused, row.waiting, row.share) == (batch.language_model.name, 1, 1, 2, 50)


def test_what_was_drawn_at_random_was_selected_by_nobody_and_what_waits_was_not_selected_either() -> None:
    drawn = written([CONTINUATION] * 4)
    study, by = drawn.study, drawn.created_by
    drawing.random_pick(drawn, by=by, k=3, seed=1, arm=synthetic_arm(study))
    other = written([CONTINUATION] * 4, study=study, text="Another opening of an invented article.")
    curation.accept(text_of(other), by=by, arm=synthetic_arm(study))
    row = curators.by_model(study)[0]
    assert (row.taken, row.refused, row.waiting, row.drawn) == (1, 0, 4, 3)
    assert (row.share, row.rate) == (100, 20)
    curation.reopen(drawn.candidates.filter(decision="accepted")[0], by=by)
    assert curators.by_model(study)[0].drawn == 2


def test_a_decision_that_was_undone_or_replaced_counts_for_nobody() -> None:
    batch = written()
    first, second = curator(batch.study), curator(batch.study)
    for index in (0, 1):
        curation.reject(text_of(batch, index), by=first, reason="r", seconds=5)
        curation.reopen(text_of(batch, index), by=second)
    curation.accept(text_of(batch, 1), by=second, arm=None, seconds=9)
    found = {row.label: row for row in curators.by_curator(batch.study, {})}
    assert (found[str(first)].refused, found[str(first)].seconds) == (0, None)
    assert (found[str(second)].taken, found[str(second)].refused) == (1, 0)


def test_the_page_shows_models_to_owners_only_where_curation_is_blind(client: Client) -> None:
    batch = written()
    set_rules(batch.study, by=batch.created_by, is_blind=True, most_edited=20)
    client.force_login(curator(batch.study))
    page = client.get(address(batch.study, "curation")).content.decode()
    assert "By model" not in page
    assert "models are hidden" in page
    assert "Edits may change 20%" in page
    client.force_login(batch.created_by)
    assert "By model" in client.get(address(batch.study, "curation")).content.decode()


def test_rules_and_assignments_are_made_on_the_page(client: Client) -> None:
    batch = written()
    other = curator(batch.study)
    client.force_login(batch.created_by)
    client.post(address(batch.study, "curation-rules"), {"is_blind": "on", "most_edited": "5"})
    page = client.get(address(batch.study, "curation")).content.decode()
    assert 'value="5"' in page
    people = [batch.created_by.pk, other.pk]
    url = address(batch.study, "assign")
    refused = client.post(url, {"curators": people, "each": "3", "batch": ""})
    assert refused.status_code == 400
    assert "Ask 1 to 2 of them" in refused.content.decode()
    assert client.post(url, {"curators": [], "each": "1"}).status_code == 400
    client.post(url, {"curators": people, "each": "2", "batch": "1", "seed": "7"})
    assert text_of(batch).assignments.count() == 2
    member = batch.study.memberships.get(researcher=other)
    client.post(address(batch.study, "release", member.key))
    assert text_of(batch).assignments.count() == 1


@pytest.mark.parametrize("typed", [{"most_edited": "101"}, {"most_edited": "-1"}, {"most_edited": "x"}])
def test_a_rule_that_cannot_be_stands_at_its_field(client: Client, typed: dict[str, str]) -> None:
    batch = written()
    client.force_login(batch.created_by)
    assert client.post(address(batch.study, "curation-rules"), typed).status_code == 400


def test_the_seconds_of_a_clock_that_is_wrong_are_not_measured(client: Client) -> None:
    batch = written()
    client.force_login(batch.created_by)
    for index, seconds in enumerate(("nan", "-5", "9e99")):
        client.post(address(batch.study, "reject", 1, index), {"reason": "r", "revision": 0, "seconds": seconds})
        assert text_of(batch, index).reviews.get().seconds is None
