"""Amendments of a launched study: logged with a reason, held by the allocation, shown as deviations, replayable."""

from collections import Counter

import pytest

from surveys import amendments, audit, flow, lifecycle
from surveys.amendments import AmendmentError
from surveys.models import Amendment, LedgerEntry, Participant, Study, StudyVersion
from tests import factories
from tests.surveys.participant.person import Person

pytestmark = pytest.mark.usefixtures("either_database")
WITHIN = {"kind": "within", "per_person": 2, "order": "balanced", "allocation": "least-filled"}


def _full(target: int = 1, **kwargs: object) -> Study:
    """A live study whose arms close at so many people, with that many people in each."""
    study = factories.ready_study(**kwargs)  # type: ignore[arg-type]  # what it takes
    study.arms.update(target=target)
    owner = study.memberships.get().researcher
    lifecycle.freeze(study, owner)
    lifecycle.launch(study, owner)
    return study


def _answered(study: Study, people: int) -> list[Person]:
    found = [Person(study).walk_to("before-1") for _ in range(people)]
    for person in found:
        person.answer()
    return found


def _version(study: Study) -> StudyVersion:
    assert study.current_version is not None
    return study.current_version


def test_a_raised_target_lets_people_in_again_from_that_moment_on() -> None:
    study = _full()
    *_, turned_away = _answered(study, 3)
    assert turned_away.row.outcome == "quota-full"
    amendments.change_target(study, "real", 2, "The panel had more people.", by=study.created_by)
    _answered(study, 2)
    arms = Counter(Participant.objects.exclude(arm="").values_list("arm", flat=True))
    assert arms == {"real": 2, "synthetic": 1}
    assert Participant.objects.filter(outcome="quota-full").count() == 2


def test_a_target_that_is_taken_away_closes_no_more() -> None:
    study = _full()
    amendments.change_target(study, "real", None, "No limit is needed.", by=study.created_by)
    _answered(study, 5)
    assert Counter(Participant.objects.values_list("arm", flat=True)) == {"real": 4, "synthetic": 1}


def test_a_dropped_article_is_given_to_nobody_more_and_stays_with_those_who_have_it() -> None:
    study = factories.launched_study(stories=3)
    early = _answered(study, 4)
    before = {person.token: list(person.row.trials.values_list("article__key", flat=True)) for person in early}
    gone = study.articles.filter(arm__key="real").order_by("key")[0]
    amendments.drop_article(study, gone.key, "Its source asked.", whole_story=False, by=study.created_by)
    late = _answered(study, 6)
    read = {key for person in late for key in person.row.trials.values_list("article__key", flat=True)}
    assert gone.key not in read
    assert {p.token: list(p.row.trials.values_list("article__key", flat=True)) for p in early} == before


def test_every_assignment_before_and_after_an_amendment_replays_identically() -> None:
    study = _full(target=2, stories=3)
    _answered(study, 2)
    amendments.change_target(study, "real", 3, "One more.", by=study.created_by)
    _answered(study, 2)
    article = study.articles.filter(arm__key="synthetic")[0]
    amendments.drop_article(study, article.key, "A name in it.", whole_story=True, by=study.created_by)
    _answered(study, 1)
    assert flow.ledger_differences(_version(study)) == (5, [])


def test_a_ledger_that_rests_on_an_amendment_that_nobody_logged_is_found_out() -> None:
    study = _full(target=9)
    _answered(study, 2)
    entry = LedgerEntry.objects.get(sequence=1)
    entry.counts_seen["amended"] = {"targets": {"real": 1}, "dropped": []}
    entry.save()
    _, differences = flow.ledger_differences(_version(study))
    assert [(d.sequence, "never logged" in d.what) for d in differences][-1] == (1, True)


def test_an_amendment_is_logged_with_its_reason_as_a_digest_and_told_as_a_deviation() -> None:
    study = _full()
    made = amendments.change_target(study, "real", 7, "  The panel had more people. ", by=study.created_by)
    entry = study.audit.order_by("-sequence")[0]
    assert (entry.verb, entry.subject, entry.researcher) == ("amended", "v1", study.created_by)
    assert entry.content_sha256
    assert audit.verify(study) == []
    day = f"{made.made_at:%Y-%m-%d}"
    assert amendments.deviations(_version(study)) == [
        f"{day}: Target of Real: 7 instead of 1. The panel had more people."
    ]


def test_arms_that_one_person_reads_together_are_amended_together() -> None:
    study = _full(design=WITHIN)
    made = amendments.change_target(study, "real", 5, "More power.", by=study.created_by)
    assert made.detail["arms"] == ["real", "synthetic"]
    assert amendments.holding(_version(study)).targets == {"real": 5, "synthetic": 5}


def test_an_article_that_the_design_cannot_do_without_is_not_dropped() -> None:
    study = factories.launched_study(stories=2)
    article = study.articles.order_by("key")[0]
    with pytest.raises(AmendmentError, match="cannot do without") as caught:
        amendments.drop_article(study, article.key, "A reason.", whole_story=False, by=study.created_by)
    assert set(caught.value.problems) == {"article"}
    assert not Amendment.objects.exists()


def test_in_a_within_design_a_story_goes_as_a_whole() -> None:
    study = factories.launched_study(stories=3, design=WITHIN)
    article = study.articles.order_by("key")[0]
    with pytest.raises(AmendmentError, match="every story needs a version in each"):
        amendments.drop_article(study, article.key, "A reason.", whole_story=False, by=study.created_by)
    made = amendments.drop_article(study, article.key, "A reason.", whole_story=True, by=study.created_by)
    assert set(made.detail["articles"]) == set(study.articles.filter(story=article.story).values_list("key", flat=True))


@pytest.mark.parametrize(
    ("arm", "target", "reason", "field"),
    [
        ("real", 5, "  ", "reason"),
        ("nothing", 5, "A reason.", "arm"),
        ("real", 0, "A reason.", "target"),
        ("real", 1, "A reason.", "target"),
    ],
)
def test_what_is_wrong_with_a_target_is_named(arm: str, target: int, reason: str, field: str) -> None:
    study = _full()
    with pytest.raises(AmendmentError) as caught:
        amendments.change_target(study, arm, target, reason, by=study.created_by)
    assert set(caught.value.problems) == {field}
    assert not Amendment.objects.exists()


def test_an_article_is_dropped_once() -> None:
    study = factories.launched_study(stories=3)
    article = study.articles.order_by("key")[0]
    amendments.drop_article(study, article.key, "A reason.", whole_story=False, by=study.created_by)
    with pytest.raises(AmendmentError, match="no article"):
        amendments.drop_article(study, article.key, "A reason.", whole_story=False, by=study.created_by)


def test_a_draft_a_closed_and_an_unblinded_study_are_not_amended() -> None:
    draft = factories.ready_study()
    with pytest.raises(AmendmentError, match="The study is draft"):
        amendments.change_target(draft, "real", 5, "A reason.", by=draft.created_by)
    study = _full()
    lifecycle.unblind(study, study.created_by, "All are in.")
    with pytest.raises(AmendmentError, match="unblinded"):
        amendments.change_target(study, "real", 5, "A reason.", by=study.created_by)
    closed = _full()
    lifecycle.close(closed, closed.created_by)
    with pytest.raises(AmendmentError, match="The study is closed"):
        amendments.change_target(closed, "real", 5, "A reason.", by=closed.created_by)
