"""Answers: recorded once, all or nothing, at the cursor only; and drafts that never count."""

from typing import Any

import pytest

from surveys import flow
from surveys.flow import Problems, Submitted
from surveys.flow.record import MAX_DRAFT, DraftTooLongError
from surveys.models import Answer, Draft, Participant, Study, Trial
from tests import factories
from tests.surveys.participant.person import RATINGS, WHOLE, Person, fitting

pytestmark = pytest.mark.django_db
RAW = {key: [value] for key, value in RATINGS.items()}


@pytest.fixture
def study() -> Study:
    return factories.launched_study(blocks=WHOLE)


def _raw(person: Person, **changes: Any) -> dict[str, list[str]]:
    given = fitting(person.place) | changes
    return {key: value if isinstance(value, list) else [value] for key, value in given.items()}


def _seen(person: Person) -> flow.Place:
    person.get()
    return person.place


def test_every_item_of_a_page_is_recorded_with_its_state_and_the_options_code(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    raw = _raw(person, age=["prefer-not-to-say"], some=["c", "a"], word=["  a  word "], words=[""])
    assert flow.submit(person.place, "before-1", raw) == Submitted(True, "reading-1")
    answers = {a.item: (a.step, a.state, a.value) for a in Answer.objects.all()}
    assert answers == {
        "one": ("before-1", "answered", "yes"),
        "scale": ("before-1", "answered", "low"),
        "some": ("before-1", "answered", "a c"),
        "age": ("before-1", "prefer-not-to-say", ""),
        "word": ("before-1", "answered", "a  word"),
        "words": ("before-1", "skipped", ""),
    }


def test_a_page_with_something_missing_records_nothing_and_says_what(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    result = flow.submit(person.place, "before-1", _raw(person, one=[], age=["seventeen"]))
    assert isinstance(result, Problems)
    assert {key: problem.key for key, problem in result.by_item.items()} == {"one": "missing", "age": "not-a-number"}
    assert not Answer.objects.exists()
    assert person.slug == "before-1"


def test_a_page_sent_twice_is_recorded_once_and_different_content_never_overwrites(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    stale = _seen(person)
    assert flow.submit(stale, "reading-1", RAW).recorded  # type: ignore[union-attr]  # it fits
    assert flow.submit(stale, "reading-1", RAW | {"clear": ["1"]}) == Submitted(False)
    assert flow.submit(person.place, "reading-1", RAW | {"clear": ["1"]}) == Submitted(False)
    assert dict(Answer.objects.filter(step="reading-1").values_list("item", "value")) == RATINGS


def test_a_step_ahead_of_the_cursor_is_refused_and_nothing_is_recorded(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    for slug in ("reading-1", "reading-2", "after-1", "debrief", "end", "nothing"):
        assert flow.submit(person.place, slug, RAW) == Submitted(False)
    assert not Answer.objects.exists()
    assert person.slug == "before-1"


def test_an_article_that_was_never_shown_cannot_be_rated(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    assert flow.submit(person.place, "reading-1", RAW) == Submitted(False)
    assert not Answer.objects.filter(step="reading-1").exists()


def test_ratings_hang_on_the_article_that_was_shown_with_both_times(study: Study) -> None:
    person = Person(study).walk_to("looking-back-1")
    first, second = Trial.objects.order_by("position")
    assert first.shown_at is not None
    assert first.submitted_at is not None
    assert first.shown_at <= first.submitted_at <= second.shown_at  # type: ignore[operator]  # it was shown
    assert {answer.trial for answer in Answer.objects.filter(step="reading-2")} == {second}
    person.answer()
    assert Answer.objects.get(step="looking-back-1").trial == first
    assert Trial.objects.get(pk=first.pk).submitted_at == first.submitted_at


def test_an_article_is_marked_as_shown_the_first_time_only(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    assert not Participant.objects.filter(exposed_at__isnull=False).exists()
    person.get()
    shown, exposed = Trial.objects.get(position=0).shown_at, person.row.exposed_at
    assert shown is not None
    assert exposed is not None
    person.get()
    assert Trial.objects.get(position=0).shown_at == shown
    assert person.row.exposed_at == exposed
    assert Trial.objects.get(position=1).shown_at is None


def test_each_submit_renews_the_lease(study: Study) -> None:
    person = Person(study).walk_to("reading-1")
    Participant.objects.update(lease_expires_at="2020-01-01T00:00:00Z")
    person.answer()
    lease = person.row.lease_expires_at
    assert lease is not None
    assert lease.year > 2020


def test_a_screening_answer_ends_the_way_and_keeps_what_was_answered(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    assert flow.submit(person.place, "before-1", _raw(person, one=["no"])) == Submitted(True)
    row = person.row
    assert (row.outcome, row.stage, row.arm) == ("screened-out", "end", "")
    assert row.ended_at is not None
    assert Answer.objects.count() == 6
    assert not Trial.objects.exists()


def test_the_last_answer_completes_and_only_then_is_there_a_code(study: Study) -> None:
    person = Person(study).walk_to("after-1")
    assert person.row.completion_code == ""
    assert person.row.completed_at is None
    person.answer()
    row = person.row
    assert (row.outcome, row.stage) == ("completed", "debrief")
    assert row.completed_at is not None
    assert len(row.completion_code) == 10


def test_a_draft_keeps_what_is_typed_and_never_counts_as_an_answer(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    assert flow.save_draft(*person.mine, "before-1", 5, {"word": ["half a w"], "csrfmiddlewaretoken": ["x"]})
    assert Draft.objects.get().content == {"word": ["half a w"]}
    assert not Answer.objects.exists()
    assert person.slug == "before-1"


def test_the_draft_with_the_highest_number_wins_in_whatever_order_they_arrive(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    for sequence in (3, 7, 5, 7):
        assert flow.save_draft(*person.mine, "before-1", sequence, {"word": [f"number {sequence}"]})
    draft = Draft.objects.get()
    assert (draft.sequence, draft.content) == (7, {"word": ["number 7"]})


def test_a_draft_for_a_step_that_is_past_or_ahead_is_refused(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    for slug in ("reading-1", "consent", "debrief", "end", "nothing", "before-2", "before-01", "before-0", "reading"):
        assert not flow.save_draft(*person.mine, slug, 1, {"clear": ["1"]})
    person.answer()
    assert not flow.save_draft(*person.mine, "before-1", 2, {"word": ["late"]})
    assert not Draft.objects.exists()


def test_a_draft_is_the_owners_of_the_token_in_this_study_while_it_is_open(study: Study) -> None:
    person, other = Person(study).walk_to("before-1"), factories.launched_study(blocks=WHOLE)
    assert not flow.save_draft(person.token, other.key, "before-1", 1, {"word": ["x"]})
    assert not flow.save_draft("", study.key, "before-1", 1, {"word": ["x"]})
    Study.objects.filter(pk=study.pk).update(status=Study.Status.CLOSED)
    assert not flow.save_draft(*person.mine, "before-1", 1, {"word": ["x"]})
    assert not Draft.objects.exists()


def test_a_draft_takes_what_no_database_can_store(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    assert flow.save_draft(*person.mine, "before-1", 1, {"word": ["a\0b\ud800c 🦉"]})
    assert Draft.objects.get().content == {"word": ["abc 🦉"]}


def test_a_draft_larger_than_any_honest_page_is_refused(study: Study) -> None:
    person = Person(study).walk_to("before-1")
    with pytest.raises(DraftTooLongError):
        flow.save_draft(*person.mine, "before-1", 1, {"word": ["x" * (MAX_DRAFT + 1)]})
    with pytest.raises(DraftTooLongError):
        flow.save_draft(*person.mine, "before-1", 1, {"x" * (MAX_DRAFT + 1): [""]})


def test_drafts_are_gone_when_the_way_has_ended(study: Study) -> None:
    person = Person(study).walk_to("after-1")
    flow.save_draft(*person.mine, "after-1", 1, {"comment": ["thrown away"]})
    person.answer()
    assert not Draft.objects.exists()
