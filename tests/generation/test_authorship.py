"""What people wrote of a machine-written article, as its lineage has it, and the debriefing is to tell."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from generation import continuing, curation, drafting
from generation.authorship import part_of_people
from surveys import lifecycle
from surveys.articles import revise_article
from surveys.frozen import canonical
from surveys.models import Article
from surveys.other_apps import PartOfPeople
from surveys.readiness import readiness
from surveys.study_file import frozen_article
from tests.factories import ArticleFactory
from tests.generation.factories import CONTINUATION, OPENING, claimed, draft, synthetic_arm, text_of, written
from tests.generation.openings import ANEW, EDITED

pytestmark = pytest.mark.django_db

ANOTHER = (
    "Nobody had expected so many people to come. They stood in the cold until the doors were opened, and most of them "
    "went home before the vote. A second hearing is planned for May, when the engineers are to tell what they found "
    "beneath the middle pillar, and what a new bridge would cost the town and the county."
)


@pytest.fixture
def accepted() -> Article:
    """A curated text that became an article."""
    batch = written(headline="The old bridge")
    arm = synthetic_arm(batch.study)
    return curation.accept(text_of(batch), by=batch.created_by, arm=arm)


def article_of(edit: Callable[[str], str], raw: str = CONTINUATION, **asked: Any) -> Article:
    """An article of one draft that somebody edited before they accepted it."""
    batch = written([raw], **asked)
    text = text_of(batch)
    changed = edit(curation.standing_text(text))
    return curation.accept(text, by=batch.created_by, arm=synthetic_arm(batch.study), text=changed)


@pytest.mark.parametrize(
    ("asked", "raw", "edit", "opened", "edited"),
    [
        ({}, CONTINUATION, lambda text: text, True, False),
        ({}, CONTINUATION, lambda text: text.replace("nine", "ten"), True, True),
        ({}, CONTINUATION, lambda text: text.replace("old bridge", "new bridge", 1), True, True),
        ({}, CONTINUATION, lambda text: text.removeprefix(OPENING), False, True),
        ({"opening_shown": False}, CONTINUATION, lambda text: text, False, False),
        ({"kind": "instruction", "text": "Write about a bridge."}, CONTINUATION, lambda text: text, False, False),
    ],
)
def test_the_frozen_article_says_whether_people_wrote_its_beginning_and_whether_they_edited_it(
    asked: dict[str, Any], raw: str, edit: Callable[[str], str], opened: bool, edited: bool
) -> None:
    batch = written([raw], **asked)
    arm, text = synthetic_arm(batch.study), text_of(batch)
    article = curation.accept(text, by=batch.created_by, arm=arm, text=edit(curation.standing_text(text)))
    hashed = json.loads(canonical(frozen_article(article, arm)))
    assert (hashed.get("opened_by_people", False), hashed.get("edited_by_people", False)) == (opened, edited)
    # A lineage of an older release says less, and the same.
    for name in ("opening", "text_sha256", "edited", "written", "words"):
        del article.lineage[name]
    assert part_of_people(article) == PartOfPeople(opened, edited)


def test_a_text_that_goes_on_from_another_still_begins_with_what_people_wrote() -> None:
    batch = written([CONTINUATION])
    text, by, arm = text_of(batch), batch.created_by, synthetic_arm(batch.study)
    whole = curation.standing_text(text)
    cut, _words = continuing.places_to_cut(whole)[-1]
    further = continuing.continue_from(text, by=by, cut=cut, size=1, max_tokens=None)
    run = claimed(further)
    drafting.save(run, draft(0, " Then it rained for a week."))
    article = curation.accept(text_of(further), by=by, arm=arm)
    assert part_of_people(article) == PartOfPeople(opened=True, edited=False)


def test_a_curated_text_that_is_changed_in_a_copy_of_its_study_counts_as_edited(accepted: Article) -> None:
    copy = lifecycle.copy_study(accepted.study, accepted.created_by, "A copy")
    copied = copy.articles.get(arm__isnull=False)
    assert part_of_people(copied) == PartOfPeople(opened=True, edited=False)
    changed = revise_article(copied, by=accepted.created_by, text=f"{copied.text} It reopens in May.")
    assert part_of_people(changed) == PartOfPeople(opened=True, edited=True)


def test_an_article_of_which_people_wrote_nothing_or_all_is_hashed_as_before(accepted: Article) -> None:
    real, pasted = ArticleFactory(), ArticleFactory(arm=synthetic_arm(accepted.study))
    for article in (real, pasted):
        assert article.arm is not None
        hashed = json.loads(canonical(frozen_article(article, article.arm)))
        assert not {"opened_by_people", "edited_by_people", "rewritten_by_people"} & set(hashed)


@pytest.mark.parametrize(("first", "anew"), ANEW)
def test_an_opening_that_was_written_anew_on_the_same_event_is_no_longer_the_one_that_the_model_went_on_from(
    first: str, anew: str
) -> None:
    article = article_of(lambda text: text.replace(first, anew), text=first)
    assert article.text.startswith(anew)
    assert part_of_people(article).opened is False


@pytest.mark.parametrize(("first", "edited"), EDITED)
def test_an_opening_that_was_edited_or_shortened_still_is(first: str, edited: str) -> None:
    article = article_of(lambda text: text.replace(first, edited), text=first)
    assert article.text.startswith(edited)
    assert part_of_people(article).opened is True


def test_an_opening_of_which_one_sentence_of_many_was_left_still_is() -> None:
    opening = " ".join([OPENING, *(anew for _first, anew in ANEW)])
    article = article_of(lambda text: text.replace(opening, OPENING), text=opening)
    assert 5 * len(OPENING) < len(opening)
    assert part_of_people(article) == PartOfPeople(opened=True, edited=True)


def test_a_text_that_people_changed_a_little_everywhere_is_not_wholly_theirs() -> None:
    def commas(text: str) -> str:
        words = text.split(" ")
        return " ".join(f"{word}," if n % 3 == 2 else word for n, word in enumerate(words))

    assert part_of_people(article_of(commas)) == PartOfPeople(opened=True, edited=True, rewritten="")


def test_an_empty_draft_that_people_filled_in_is_wholly_theirs() -> None:
    article = article_of(lambda _text: ANOTHER, " ")
    assert part_of_people(article) == PartOfPeople(opened=False, edited=True, rewritten="wholly")


@pytest.mark.parametrize("shown", [True, False])
def test_a_text_in_the_place_of_a_models_is_wholly_of_people_also_where_words_and_names_are_met_again(
    shown: bool,
) -> None:
    article = article_of(lambda text: text.replace(CONTINUATION.strip(), ANOTHER), opening_shown=shown)
    assert part_of_people(article) == PartOfPeople(opened=shown, edited=True, rewritten="wholly")


@pytest.mark.parametrize(
    ("edit", "rewritten"),
    [
        (lambda text: f"{text}\n\n{ANOTHER}", "mostly"),
        (lambda text: f"{text}\n\n{ANOTHER[:100]}", ""),
        # What is left of a text that was shortened is its model's.
        (lambda text: text.partition("\n\n")[0], ""),
    ],
)
def test_people_wrote_most_of_a_text_where_more_words_are_theirs_than_the_models(
    edit: Callable[[str], str], rewritten: Any
) -> None:
    article = article_of(edit)
    assert part_of_people(article) == PartOfPeople(opened=True, edited=True, rewritten=rewritten)
    assert article.arm is not None
    assert frozen_article(article, article.arm).rewritten_by_people == rewritten
    label = "Most of each machine-written article is a model’s"
    (gate,) = [gate for gate in readiness(article.study) if gate.label == label]
    assert (gate.passed, gate.blocks) == (not rewritten, False)
    assert (article.key in gate.detail) == bool(rewritten)
    for name in ("opening", "text_sha256", "edited", "written", "words"):
        del article.lineage[name]
    assert part_of_people(article).rewritten == rewritten


def test_a_text_that_was_rewritten_in_a_copy_of_its_study_is_told_to_be(accepted: Article) -> None:
    copied = lifecycle.copy_study(accepted.study, accepted.created_by, "A copy").articles.get(arm__isnull=False)
    changed = revise_article(copied, by=accepted.created_by, text=ANOTHER)
    assert part_of_people(changed).rewritten == "wholly"
    longer = revise_article(changed, by=accepted.created_by, text=f"{accepted.text} {ANOTHER}")
    assert part_of_people(longer) == PartOfPeople(opened=True, edited=True, rewritten="mostly")
