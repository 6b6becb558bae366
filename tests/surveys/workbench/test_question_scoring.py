"""How a lab's own scale comes to one number is written in the workbench, and what cannot be scored says so."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from surveys import lifecycle
from surveys.definition import Block
from surveys.drafting import definition_of
from surveys.instruments.scoring import score
from surveys.library import offered
from surveys.models import Role, Study
from tests import factories
from tests.surveys.participant.person import AFTER, RATING, block, item, option

pytestmark = pytest.mark.django_db
FIVE = [option(str(n), n) for n in range(1, 6)]
THREE = [option(str(n), n) for n in range(1, 4)]
OWN = block(
    "own",
    "reading",
    item("open", "likert", options=FIVE),
    item("slanted", "likert", options=FIVE),
    item("narrow", "likert", options=THREE),
    item("town", "single", options=[option("yes"), option("no")], correct=["no"]),
    item("why", "long-text", required=False),
)
MEAN: dict[str, Any] = {
    "rule": "mean",
    "items": ["open", "slanted"],
    "reversed": ["slanted"],
    "direction": "Higher is more trust.",
}


@pytest.fixture
def study() -> Study:
    return factories.ready_study(blocks=[OWN, RATING, AFTER])


@pytest.fixture
def owner(client: Client, study: Study) -> Client:
    client.force_login(study.memberships.get(role=Role.OWNER).researcher)
    return client


def _url(study: Study, key: str = "own") -> str:
    return reverse("workbench:study-question-scoring", args=[study.key, key])


def _own(study: Study) -> Block:
    study.refresh_from_db()
    return next(block for block in definition_of(study).blocks if block.key == "own")


def test_a_scale_is_scored_as_it_was_written_and_shows_so(owner: Client, study: Study) -> None:
    page = owner.post(_url(study), MEAN, follow=True).content.decode()
    assert "The scoring is saved." in page
    assert "Scored from 1 to 5 by open, slanted" in page
    found = score(_own(study), {"open": "5", "slanted": "2"})
    assert found is not None
    assert found.value == 4.5


def test_a_page_is_downloaded_as_an_instrument_that_another_study_finds_in_its_library(
    owner: Client, study: Study, tmp_path: Path, settings: Settings
) -> None:
    owner.post(_url(study), MEAN)
    assert "Download as an instrument" in owner.get(_url(study)).content.decode()
    answer = owner.get(reverse("workbench:study-question-instrument", args=[study.key, "own"]))
    assert answer["Content-Disposition"] == 'attachment; filename="own.toml"'
    settings.INSTRUMENTS_DIR = tmp_path
    (tmp_path / "own.toml").write_bytes(answer.content)
    assert offered().problems == ()
    found = offered().instruments["own"]
    assert (found.items, found.scoring, found.about) == (_own(study).items, _own(study).scoring, "article")
    other = factories.ready_study(blocks=[AFTER])
    owner.force_login(other.memberships.get(role=Role.OWNER).researcher)
    add = reverse("workbench:study-question-add", args=[other.key])
    owner.post(add, {"instrument": "own", "when": "reading"})
    other.refresh_from_db()
    assert any(each.instrument == "own" and each.scoring == found.scoring for each in definition_of(other).blocks)


def test_a_page_in_no_language_to_the_end_is_no_instrument_and_one_of_the_library_is_none_anew(
    owner: Client, study: Study
) -> None:
    address = reverse("workbench:study-question-instrument", args=[study.key, "own"])
    study.definition["languages"] = ["de"]
    study.save()
    answer = owner.get(address, follow=True)
    assert "In no language of the study" in answer.content.decode()
    credibility = factories.ready_study(owner=study.memberships.get(role=Role.OWNER).researcher)
    taken = reverse("workbench:study-question-instrument", args=[credibility.key, "credibility"])
    assert owner.get(taken).status_code == 404


def test_the_range_follows_from_rule_and_questions(owner: Client, study: Study) -> None:
    owner.post(_url(study), MEAN | {"rule": "sum", "items": ["open", "slanted", "narrow"], "offset": "-3"})
    scoring = _own(study).scoring
    assert scoring is not None
    assert (scoring.minimum, scoring.maximum, scoring.offset) == ("0", "10", -3)
    owner.post(_url(study), {"rule": "passed", "items": ["town"], "direction": "Higher is more attentive."})
    scoring = _own(study).scoring
    assert scoring is not None
    assert (scoring.minimum, scoring.maximum, scoring.reversed) == ("0", "1", ())


def test_what_was_saved_is_in_the_form_again_and_saving_it_changes_nothing(owner: Client, study: Study) -> None:
    owner.post(_url(study), MEAN)
    before = _own(study)
    form = owner.get(_url(study)).context["form"]
    again = {field.html_name: field.value() for field in form if field.value() not in (None, "")}
    assert "The scoring is saved." in owner.post(_url(study), again | {"offset": ""}, follow=True).content.decode()
    assert _own(study) == before


def test_a_scale_can_be_left_unscored_again(owner: Client, study: Study) -> None:
    owner.post(_url(study), MEAN)
    owner.post(_url(study), {"rule": ""})
    assert _own(study).scoring is None


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"items": []}, "items", "Choose the questions that count."),
        ({"items": ["open", "town"], "reversed": []}, "items", "town: this rule needs a value at its answers."),
        ({"rule": "passed", "reversed": []}, "items", "open, slanted: this rule needs a correct answer."),
        ({"items": ["open"]}, "reversed", "slanted does not count."),
        ({"offset": "2"}, "offset", "It belongs to a sum: leave it empty."),
        ({"direction": ""}, "direction", "Say what a high score means."),
        ({"items": ["open", "why"]}, "items", "why is not one of the available choices"),
        ({"rule": "median"}, "rule", "median is not one of the available choices"),
        ({"offset": "much", "rule": "sum"}, "offset", "Enter a whole number."),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_stored(
    owner: Client, study: Study, changes: dict[str, Any], field: str, said: str
) -> None:
    response = owner.post(_url(study), MEAN | changes)
    assert said in " ".join(response.context["form"].errors[field])
    assert _own(study).scoring is None


def test_a_mean_over_scales_whose_range_is_no_decimal_is_refused(owner: Client, study: Study) -> None:
    items = ["open", "slanted", "narrow"]
    response = owner.post(_url(study), MEAN | {"items": items, "reversed": []})
    assert "the mean has no range in decimals" in response.context["form"].errors["items"][0]


def test_questions_without_values_have_nothing_to_score_and_a_page_that_is_gone_is_not_found(
    owner: Client, study: Study
) -> None:
    assert "Nothing here can be scored" in owner.get(_url(study, "closing")).content.decode()
    assert owner.get(_url(study, "gone")).status_code == 404


def test_an_instruments_scoring_stays_the_librarys(owner: Client) -> None:
    study = factories.ready_study(owner=factories.ResearcherFactory())
    owner.force_login(study.memberships.get(role=Role.OWNER).researcher)
    page = owner.post(_url(study, "credibility"), MEAN).content.decode()
    assert "scored as the library says" in page
    scored = definition_of(Study.objects.get(pk=study.pk)).at("reading")[0].scoring
    assert scored is not None
    assert scored.rule == "sum"


def test_a_question_that_a_scale_counts_is_not_removed(owner: Client, study: Study) -> None:
    owner.post(_url(study), MEAN)
    remove = reverse("workbench:study-question-remove-one", args=[study.key, "open"])
    assert "cannot be scored" in owner.post(remove, follow=True).content.decode()
    assert _own(study).items[0].key == "open"


def test_a_frozen_study_keeps_its_scoring(owner: Client, study: Study) -> None:
    lifecycle.freeze(study, study.memberships.get(role=Role.OWNER).researcher)
    assert "frozen" in owner.post(_url(study), MEAN).content.decode()
    assert _own(study).scoring is None


def test_somebody_elses_change_in_between_is_not_overwritten(owner: Client, study: Study) -> None:
    seen = owner.get(_url(study)).context["form"]["seen"].value()
    owner.post(_url(study), MEAN)
    response = owner.post(_url(study), MEAN | {"seen": seen, "direction": "Lower."})
    assert "Somebody else changed this page" in response.content.decode()
    scoring = _own(study).scoring
    assert scoring is not None
    assert scoring.direction == "Higher is more trust."
