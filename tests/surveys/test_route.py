"""The steps of the way through a study."""

import pytest

from surveys import route
from surveys.definition import Definition
from surveys.frozen import FrozenStudy
from tests import factories
from tests.surveys.participant.person import WAY, WHOLE


def _study(**changes: object) -> FrozenStudy:
    definition = Definition.model_validate(factories.definition(**changes))
    return FrozenStudy(definition=definition, arms=(), articles=())


def test_the_way_goes_from_consent_over_questions_and_articles_to_debriefing_and_end() -> None:
    assert [step.slug for step in route.steps(_study(blocks=WHOLE))] == WAY


def test_each_step_is_found_by_its_name_and_by_its_cursor() -> None:
    study = _study(blocks=WHOLE)
    for step in route.steps(study):
        assert route.step_named(study, step.slug) == step
        assert route.step_at(study, step.stage, step.number) == step
        assert route.cursor_of(step.slug) == ((step.stage, step.number) if step.blocks else None)
    assert route.step_named(study, "reading-99") is None


@pytest.mark.parametrize(
    "slug", ["", "-", "reading", "reading-0", "reading-01", "reading-1x", "debrief-1", "-1", "٣-٣"]
)
def test_what_is_no_name_of_a_page_of_questions_has_no_cursor(slug: str) -> None:
    assert route.cursor_of(slug) is None


def test_the_end_comes_after_the_end() -> None:
    study = _study(blocks=WHOLE)
    step = route.steps(study)[0]
    for expected in [*WAY[1:], "end"]:
        step = route.next_step(study, step)
        assert step.slug == expected


def test_reading_and_looking_back_know_which_article_they_are_about() -> None:
    about = {step.slug: step.trial for step in route.steps(_study(blocks=WHOLE))}
    assert about["reading-2"] == about["looking-back-2"] == 1
    assert about["before-1"] is about["after-1"] is about["debrief"] is None


def test_progress_counts_pages_and_leaves_the_end_out() -> None:
    study = _study(blocks=WHOLE)
    numbers = [route.progress(study, step) for step in route.steps(study)]
    assert numbers == [(n, 8) for n in (1, 2, 3, 4, 5, 6, 7, 8, 8)]
