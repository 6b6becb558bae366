"""What is shown beside articles is set on a page; the design check says what a recruitment would look like."""

import re
from time import process_time

import pytest
from django.test import Client
from django.urls import reverse

from surveys import amendments, lifecycle
from surveys.definition import Design, read_definition
from surveys.devices import Devices
from surveys.models import Role, Study
from tests.factories import launched_study, member, ready_study

pytestmark = pytest.mark.django_db
LABEL = {
    "source-label-use": "between",
    "source-label-level-correct": "1",
    "source-label-level-false": "3",
    "source-label-text-real-en": "By a person.\r\nReally.",
    "source-label-text-synthetic-en": "By a program.",
}
DISCLAIMER = {
    "disclaimer-use": "within",
    "disclaimer-level-none": "1",
    "disclaimer-level-shown": "1",
    "disclaimer-text-shown-en": "This may not be true.",
}


def _beside(study: Study) -> str:
    return reverse("workbench:study-beside", args=[study.key])


def _check(study: Study) -> str:
    return reverse("workbench:study-design-check", args=[study.key])


def _stored(study: Study) -> Design:
    study.refresh_from_db()
    return read_definition(study.definition).design


def test_factors_are_saved_with_their_levels_shares_and_words(owner: Client, study: Study) -> None:
    response = owner.post(_beside(study), LABEL | DISCLAIMER)
    assert response.status_code == 302
    disclaimer, label = _stored(study).factors
    assert (disclaimer.key, disclaimer.within) == ("disclaimer", True)
    assert [(level.key, level.weight) for level in label.levels] == [("correct", 1), ("false", 3)]
    assert {str(name): text for name, text in label.texts.items()} == {
        "real": {"en": "By a person.\nReally."},
        "synthetic": {"en": "By a program."},
    }
    page = owner.get(_beside(study)).content.decode()
    assert "This may not be true." in page


def test_a_factor_that_is_not_used_any_more_goes_and_the_design_stays(owner: Client, study: Study) -> None:
    owner.post(_beside(study), LABEL | DISCLAIMER)
    owner.post(_beside(study), DISCLAIMER | {"source-label-use": ""})
    assert [factor.key for factor in _stored(study).factors] == ["disclaimer"]
    assert _stored(study).per_person == 2


def test_saving_the_design_keeps_the_factors(owner: Client, study: Study) -> None:
    owner.post(_beside(study), DISCLAIMER)
    page = owner.get(reverse("workbench:study-design", args=[study.key]))
    form = page.context["form"]
    values = {field.name: field.value() for field in form if field.value() not in (None, "")}
    owner.post(reverse("workbench:study-design", args=[study.key]), values | {"per_person": 1})
    assert _stored(study).per_person == 1
    assert [factor.key for factor in _stored(study).factors] == ["disclaimer"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"source-label-level-false": ""}, "source-label-level-none"),
        ({"source-label-text-real-en": "  "}, "source-label-text-real-en"),
        ({"source-label-level-missing": "1"}, "source-label-text-missing-en"),
        ({"source-label-level-false": "0"}, "source-label-level-false"),
        ({"source-label-level-false": "many"}, "source-label-level-false"),
        ({"source-label-use": "sometimes"}, "source-label-use"),
        ({"source-label-text-real-en": "x" * 2001}, "source-label-text-real-en"),
        ({"source-label-text-real-en": "a\x00b"}, "source-label-text-real-en"),
    ],
)
def test_what_a_factor_lacks_is_named_by_its_field_and_what_was_typed_is_kept(
    owner: Client, study: Study, change: dict[str, str], field: str
) -> None:
    response = owner.post(_beside(study), LABEL | {"source-label-text-synthetic-en": "Typed with care."} | change)
    assert field in response.context["form"].errors
    assert "Typed with care." in response.content.decode()
    assert _stored(study).factors == ()


def test_quotas_are_set_for_each_answer_of_the_question_that_blocks(owner: Client, study: Study) -> None:
    url = reverse("workbench:study-design", args=[study.key])
    values = {field.name: field.value() for field in owner.get(url).context["form"] if field.value() not in (None, "")}
    owner.post(url, values | {"block_by": "news-use"})
    form = owner.get(url).context["form"]
    assert [field.name for field in form.quotas()] == ["quota-daily", "quota-rarely", "quota-prefer-not-to-say"]
    values = {field.name: field.value() for field in form if field.value() not in (None, "")}
    owner.post(url, values | {"quota-daily": 30})
    assert [(quota.stratum, quota.most) for quota in _stored(study).quotas] == [("daily", 30)]
    seen = owner.get(url).context["form"]["seen"].value()
    owner.post(url, values | {"quota-daily": 30, "block_by": "", "seen": seen})
    assert _stored(study).quotas == ()


@pytest.mark.parametrize("kind", ["multiple", "ranking"])
def test_a_question_with_several_answers_at_once_is_not_offered_to_balance_within(
    owner: Client, study: Study, kind: str
) -> None:
    options = [{"code": code, "label": {"en": code}} for code in ("left", "right")]
    study.definition["blocks"][0]["items"].append(
        {"key": "papers", "kind": kind, "wording": {"en": "Which papers?"}, "options": options}
    )
    study.save()
    url = reverse("workbench:study-design", args=[study.key])
    form = owner.get(url).context["form"]
    assert [key for key, _ in form.fields["block_by"].choices] == ["", "news-use"]
    values = {field.name: field.value() for field in form if field.value() not in (None, "")}
    response = owner.post(url, values | {"block_by": "papers"})
    assert response.context["form"].errors
    assert _stored(study).block_by == ""


def test_the_rule_about_failed_checks_is_set_with_the_design(owner: Client, study: Study) -> None:
    url = reverse("workbench:study-design", args=[study.key])
    values = {field.name: field.value() for field in owner.get(url).context["form"] if field.value() not in (None, "")}
    owner.post(url, values | {"failed_checks": 2})
    study.refresh_from_db()
    assert read_definition(study.definition).failed_checks == 2


def test_the_device_that_a_study_needs_is_set_with_the_design_and_taken_back(owner: Client, study: Study) -> None:
    url = reverse("workbench:study-design", args=[study.key])
    values = {field.name: field.value() for field in owner.get(url).context["form"] if field.value() not in (None, "")}
    owner.post(url, values | {"least_device": "computer", "least_width": 800})
    study.refresh_from_db()
    assert read_definition(study.definition).devices == Devices(least="computer", width=800)
    form = owner.get(url).context["form"]
    assert (form["least_device"].value(), form["least_width"].value()) == ("computer", 800)
    wrong = owner.post(url, values | {"least_width": 20, "seen": form["seen"].value()})
    assert "greater than or equal to 240" in wrong.content.decode()
    owner.post(url, values | {"seen": form["seen"].value()})
    study.refresh_from_db()
    assert read_definition(study.definition).devices == Devices()


def test_the_check_shows_people_cells_pairs_and_a_verdict_in_under_a_second_of_the_processor(
    owner: Client, study: Study
) -> None:
    owner.get(_check(study))
    begun = process_time()
    response = owner.get(_check(study), {"dropout": 30})
    assert process_time() - begun < 1
    page = response.content.decode()
    checked = response.context["checked"]
    assert checked.arrivals == 1000
    assert 600 < checked.completed < 800
    assert "The design does what it should" in page
    assert len(checked.result.cells) == 8
    # Two arms have one pair each; five squares explain what the colours mean.
    assert len(re.findall("<rect ", page)) == 8 + len(checked.pairs) + 5 == 15
    for pair in checked.pairs:
        assert (
            f'<th scope="row">{pair.articles[0]}</th><td>{pair.articles[1]}</td><td class="num">{pair.met}</td>' in page
        )
    assert "style=" not in page
    for cell in checked.result.cells:
        assert f'<td class="num">{cell.completed}</td>' in page


def test_the_check_says_what_to_look_at(owner: Client, study: Study) -> None:
    study.arms.filter(key="real").update(target=3)
    page = owner.get(_check(study)).content.decode()
    assert "Some things are worth a look" in page
    assert "Look at the targets" in page


def test_a_draft_that_cannot_be_simulated_says_why(owner: Client, study: Study) -> None:
    study.articles.update(arm=None)
    page = owner.get(_check(study)).content.decode()
    assert "There is nothing to simulate yet" in page
    assert "The design has no article" in page


@pytest.mark.parametrize("dropout", ["", "-1", "96", "x", "9" * 400])
def test_a_dropout_that_is_no_share_is_named(owner: Client, study: Study, dropout: str) -> None:
    response = owner.get(_check(study), {"dropout": dropout})
    assert response.status_code == 200
    assert "dropout" in response.context["form"].errors
    assert "checked" not in response.context


def test_everybody_in_the_team_may_look_and_only_an_editor_may_save(client: Client, study: Study) -> None:
    client.force_login(member(study, Role.OBSERVER))
    assert client.get(_check(study)).status_code == 200
    assert client.get(_beside(study)).status_code == 200
    assert client.post(_beside(study), DISCLAIMER).status_code == 403


def test_a_frozen_study_is_checked_as_it_was_frozen(owner: Client) -> None:
    study = ready_study()
    lifecycle.freeze(study, study.created_by)
    owner.force_login(study.created_by)
    study.articles.all()[0].arm = None
    assert owner.get(_check(study)).context["checked"].fine
    response = owner.post(_beside(study), DISCLAIMER)
    assert "frozen" in str(response.context["form"].errors)


def test_the_check_turns_away_whose_quota_is_full(owner: Client, study: Study) -> None:
    quotas = [{"stratum": "daily", "most": 30}, {"stratum": "rarely", "most": 10}]
    study.definition["design"] |= {"block_by": "news-use", "quotas": quotas}
    study.save()
    checked = owner.get(_check(study), {"dropout": 0}).context["checked"]
    assert checked.completed == 40
    assert checked.result.turned_away == checked.arrivals - 40


def test_the_check_of_a_running_study_is_that_of_what_its_amendments_left(client: Client) -> None:
    study = launched_study(stories=3)
    client.force_login(study.created_by)
    article = study.articles.filter(arm__key="real").order_by("key")[0]
    amendments.drop_article(study, article.key, "Its source asked.", whole_story=False, by=study.created_by)
    amendments.change_target(study, "synthetic", 7, "No more are needed.", by=study.created_by)
    checked = client.get(_check(study), {"dropout": 0}).context["checked"]
    assert article.key not in checked.by_article
    assert checked.result.arms["synthetic"] == (7, 7)
