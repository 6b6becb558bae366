"""A text stands in an arm of its own model, and of the way in which it was chosen, or in none."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generation import curation, drawing, leaving, opinions, placing
from generation.models import Batch
from generation.rules import set_rules
from studyweb.demonstration import make_demonstration
from surveys import lifecycle
from surveys.articles import ArticleError, place, revise_article
from surveys.drafting import change_arm
from surveys.models import Arm, Article, Curation, Researcher, Role, Study
from surveys.readiness import Gate, readiness, told
from tests.factories import member
from tests.generation.factories import CONTINUATION, address, curator, synthetic_arm, text_of, written
from tests.generation.test_assignments import panel

pytestmark = pytest.mark.django_db

OWN_MODELS = "The arms hold texts of their own models"
IN_AN_ARM = "Every accepted text stands in an arm"
AS_CHOSEN = "The articles were chosen as their arms say"


def gate(study: Study, label: str) -> Gate:
    (found,) = [gate for gate in readiness(study) if gate.label == label]
    return found


@pytest.fixture
def batch() -> Batch:
    return written()


@pytest.fixture
def uncurated(batch: Batch) -> Arm:
    """The only arm of the batch's model: for texts that were drawn at random."""
    return synthetic_arm(batch.study, model_slot="built-in", curation="uncurated", label="As they came")


def test_the_arm_of_the_models_slot_is_proposed_and_the_way_of_choosing_decides_between_two(batch: Batch) -> None:
    synthetic_arm(batch.study, model_slot="gpt2-xl")
    curated = synthetic_arm(batch.study, model_slot="built-in", curation="curated")
    uncurated = synthetic_arm(batch.study, model_slot="built-in", curation="uncurated")
    assert placing.default_arm(batch) == curated
    assert placing.default_arm(batch, Curation.UNCURATED) == uncurated


def test_the_demonstrations_slots_are_those_of_the_built_in_model(researcher: Researcher) -> None:
    study = make_demonstration(researcher)
    batch = written(study=study)
    assert placing.default_arm(batch) == study.arms.get(key="curated")
    assert placing.default_arm(batch, Curation.UNCURATED) == study.arms.get(key="uncurated")


def test_no_arm_is_proposed_where_none_is_for_this_model(batch: Batch) -> None:
    synthetic_arm(batch.study, model_slot="gpt2-xl")
    assert placing.default_arm(batch) is None


def test_no_arm_of_the_other_way_of_choosing_is_proposed_but_one_that_names_none(batch: Batch, uncurated: Arm) -> None:
    assert placing.default_arm(batch) is None
    assert placing.default_arm(batch, Curation.UNCURATED) == uncurated
    of_any = synthetic_arm(batch.study)
    assert placing.default_arm(batch) == of_any


@pytest.mark.usefixtures("uncurated")
def test_what_a_blind_curator_accepts_stands_in_no_arm_where_none_fits_and_an_owner_is_told(
    client: Client, batch: Batch
) -> None:
    set_rules(batch.study, by=batch.created_by, is_blind=True, most_edited=None)
    blind = member(batch.study, Role.CURATOR)
    client.force_login(blind)
    client.post(address(batch.study, "accept", 1, 0), {"revision": 0})
    article = Article.objects.get(candidate=text_of(batch))
    assert (article.arm, article.curation) == (None, "curated")
    found = gate(batch.study, IN_AN_ARM)
    assert (found.passed, found.blocks) == (False, False)
    assert found.detail == "1 accepted text stands in no arm, and nobody would read it. Place it, or take it down."
    # Whoever is blind would learn of it whose text that is.
    as_blind = Study.objects.get(pk=batch.study_id)
    as_blind.role = Role.CURATOR
    assert not {OWN_MODELS, IN_AN_ARM} & {each.label for each in told(as_blind)}


@pytest.mark.usefixtures("uncurated")
def test_what_a_panel_or_those_who_remain_of_it_accept_stands_in_no_arm_of_the_other_way(batch: Batch) -> None:
    first, second = panel(batch)
    for person in (first, second):
        opinions.give(text_of(batch), by=person, verdict="accept")
    opinions.give(text_of(batch, 1), by=first, verdict="accept")
    leaving.release(batch.study, second, by=batch.created_by)
    made = [text_of(batch, index).article for index in (0, 1)]
    assert [(article.arm, article.curation) for article in made if article] == [(None, "curated")] * 2


def test_a_text_that_was_chosen_is_refused_for_an_arm_of_others_in_words(batch: Batch, uncurated: Arm) -> None:
    with pytest.raises(ArticleError) as refused:
        curation.accept(text_of(batch), by=curator(batch.study), arm=uncurated)
    assert refused.value.problems == {
        "arm": "The arm “As they came” holds articles that are “Uncurated, picked at random”, and this one is "
        "“Curated”. Choose another arm, or change the arm’s curation."
    }
    assert text_of(batch).decision == "pending"


def test_a_random_pick_is_refused_for_a_curated_arm_and_for_one_of_another_model(
    client: Client, batch: Batch, uncurated: Arm
) -> None:
    curated = synthetic_arm(batch.study, model_slot="built-in", curation="curated")
    with pytest.raises(ArticleError, match="holds articles that are “Curated”"):
        drawing.random_pick(batch, by=batch.created_by, k=1, seed=1, arm=curated)
    of_another = synthetic_arm(batch.study, model_slot="gpt2-xl", curation="uncurated", label="XL")
    client.force_login(batch.created_by)
    page = client.post(
        address(batch.study, "batch-pick", 1), {"k": 1, "seed": 1, "arm": of_another.key}
    ).content.decode()
    model = batch.language_model
    assert f"The arm “XL” is for texts of gpt2-xl, and {model.name} wrote this one." in page
    assert f"Choose another arm, or write “{model.key}” as the arm’s model." in page
    assert not Article.objects.exists()
    (article,) = drawing.random_pick(batch, by=batch.created_by, k=1, seed=1, arm=uncurated)
    with pytest.raises(ArticleError, match="for texts of gpt2-xl"):
        place(article, of_another, by=batch.created_by)


@pytest.mark.parametrize("slot", ["", "built-in", "BUILT-IN", "{name}", "{location}", "{tail}"])
def test_an_arm_calls_its_model_by_key_name_or_where_it_lies(batch: Batch, slot: str) -> None:
    model = batch.language_model
    tail = model.location.rpartition("/")[2]
    arm = synthetic_arm(
        batch.study, model_slot=slot.format(name=model.name, location=model.location, tail=tail), curation="curated"
    )
    assert placing.default_arm(batch) == arm
    assert curation.accept(text_of(batch), by=curator(batch.study), arm=arm).arm == arm


def test_an_arm_that_was_changed_under_its_texts_keeps_the_study_from_being_frozen(batch: Batch) -> None:
    arm = synthetic_arm(batch.study, model_slot="built-in", curation="curated", key="chosen", label="Chosen")
    article = curation.accept(text_of(batch), by=curator(batch.study), arm=arm)
    assert gate(batch.study, AS_CHOSEN).passed
    assert gate(batch.study, OWN_MODELS).passed
    change_arm(arm, by=batch.created_by, curation="uncurated", model_slot="gpt2-xl")
    way, model = gate(batch.study, AS_CHOSEN), gate(batch.study, OWN_MODELS)
    assert [(each.passed, each.blocks) for each in (way, model)] == [(False, True)] * 2
    assert way.detail.startswith(f"Chosen otherwise: {article.key} (chosen).")
    assert model.detail.startswith(f"Of other models: {article.key} (Chosen).")
    with pytest.raises(lifecycle.LifecycleError) as refused:
        lifecycle.freeze(batch.study, batch.created_by)
    assert any(AS_CHOSEN in problem for problem in refused.value.problems)


def test_texts_in_a_strange_arm_are_found_by_as_many_queries_for_many_as_for_one() -> None:
    def asked(texts: int) -> int:
        batch = written([CONTINUATION] * texts)
        arm = synthetic_arm(batch.study, model_slot="built-in")
        for text in batch.candidates.all():
            curation.accept(text, by=batch.created_by, arm=arm)
        change_arm(arm, by=batch.created_by, model_slot="gpt2-xl")
        with CaptureQueriesContext(connection) as queries:
            model, _placed = placing.gates(batch.study)
        assert not model.passed
        return len(queries)

    assert asked(4) == asked(1)


def test_what_stands_in_an_arm_that_became_another_models_can_be_revised_there_and_is_not_placed_in_another(
    batch: Batch,
) -> None:
    by = batch.created_by
    arm = synthetic_arm(batch.study, model_slot="built-in", curation="curated", key="chosen", label="Chosen")
    other = synthetic_arm(batch.study, model_slot="gpt2-xl", curation="curated")
    article = curation.accept(text_of(batch), by=curator(batch.study), arm=arm)
    change_arm(arm, by=by, curation="curated", model_slot="gpt2-xl")
    article = revise_article(article, by=by, untrue="The bridge is invented.")
    assert (article.arm, article.untrue) == (arm, "The bridge is invented.")
    assert Article.objects.get(pk=article.pk).arm == arm
    assert not gate(batch.study, OWN_MODELS).passed
    with pytest.raises(ArticleError, match="for texts of gpt2-xl"):
        revise_article(article, by=by, arm=other)
    change_arm(arm, by=by, curation="uncurated", model_slot="")
    article = revise_article(article, by=by, headline="A bridge is closed")
    assert article.arm == arm
    with pytest.raises(ArticleError, match="for texts of gpt2-xl"):
        revise_article(article, by=by, arm=other)


def test_articles_that_came_from_elsewhere_are_of_whatever_model_they_say(batch: Batch) -> None:
    """Nobody knows what their makers called a model; only how they were chosen is held against their arm."""
    arm = synthetic_arm(batch.study, model_slot="gpt2-xl", curation="curated")
    article = Article(arm=arm, study=batch.study, model_name="GPT-2 (1.5B)", curation="curated")
    assert placing.refusal(article) == ""
