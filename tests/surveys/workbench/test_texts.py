"""Writing a draft's texts, design and plan."""

from typing import Any

import pytest
from django.forms import BaseForm
from django.test import Client
from django.urls import reverse

from surveys import lifecycle
from surveys.drafting import change_definition, definition_of
from surveys.models import Role, Study
from tests.factories import StudyFactory, member

pytestmark = pytest.mark.django_db


def _texts(study: Study) -> str:
    return reverse("workbench:study-texts", args=[study.key])


def _design(study: Study) -> str:
    return reverse("workbench:study-design", args=[study.key])


def _as_shown(form: BaseForm) -> dict[str, Any]:
    """What a browser sends when nothing was changed."""
    values = {name: form[name].value() for name in form.fields}
    return {name: "" if value is None else value for name, value in values.items()}


def _send(client: Client, address: str, **changes: Any) -> Any:
    shown = _as_shown(client.get(address).context["form"])
    return client.post(address, {**shown, **changes})


def _stored(study: Study) -> Any:
    study.refresh_from_db()
    return definition_of(study)


@pytest.mark.parametrize("page", [_texts, _design])
def test_saving_an_unchanged_page_changes_nothing(owner: Client, study: Study, page: Any) -> None:
    before, rows = _stored(study), study.audit.count()

    assert _send(owner, page(study)).status_code == 302

    assert _stored(study) == before
    assert study.audit.count() == rows


def test_the_texts_are_saved_with_plain_line_ends(owner: Client, study: Study) -> None:
    _send(owner, _texts(study), **{"consent-en": "One.\r\n\r\nTwo.", "title-en": "  News  ", "ethics_board": "A board"})

    stored = _stored(study)
    assert stored.wording.consent == {"en": "One.\n\nTwo."}
    assert stored.wording.title == {"en": "News"}
    assert stored.contact.ethics_board == "A board"


def test_a_second_language_gets_fields_and_the_first_texts_stay(owner: Client, study: Study) -> None:
    _send(owner, _texts(study), languages="en, de")
    _send(owner, _texts(study), **{"title-de": "Nachrichten"})

    assert _stored(study).wording.title == {"en": "How people read the news", "de": "Nachrichten"}


def test_a_language_that_is_left_out_keeps_its_texts(owner: Client, study: Study) -> None:
    _send(owner, _texts(study), languages="en, de")
    _send(owner, _texts(study), **{"title-de": "Nachrichten", "languages": "en"})
    _send(owner, _texts(study), **{"title-en": "News"})

    assert _stored(study).wording.title == {"en": "News", "de": "Nachrichten"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("languages", ""),
        ("languages", "english"),
        ("languages", "en, en"),
        ("email", "nobody"),
        ("withdrawal_days", "-1"),
        ("withdrawal_days", "99999999999999999999"),
        ("title-en", "x" * 201),
        ("consent-en", "x" * 50_001),
        ("consent-en", "a\x00b"),
    ],
)
def test_a_wrong_text_is_named_by_its_field_and_kept(owner: Client, study: Study, field: str, value: str) -> None:
    before = _stored(study)

    response = _send(owner, _texts(study), **{field: value, "debrief-en": "Typed with care"})

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert "Typed with care" in response.content.decode()
    assert _stored(study) == before


def test_somebody_elses_change_is_not_overwritten_and_what_was_typed_stays(owner: Client, study: Study) -> None:
    shown = _as_shown(owner.get(_texts(study)).context["form"])
    wording = definition_of(study).wording.model_dump() | {"title": {"en": "Theirs"}}
    change_definition(study, {"wording": wording}, by=study.created_by)

    response = owner.post(_texts(study), {**shown, "title-en": "Mine"})

    assert "Somebody else changed this page" in response.content.decode()
    assert response.context["form"]["title-en"].value() == "Mine"
    assert _stored(study).wording.title == {"en": "Theirs"}

    owner.post(_texts(study), _as_shown(response.context["form"]))
    assert _stored(study).wording.title == {"en": "Mine"}, "saving again, knowingly, is possible"


def test_a_freeze_in_between_saves_nothing_and_keeps_what_was_typed(owner: Client, study: Study) -> None:
    shown = _as_shown(owner.get(_texts(study)).context["form"])
    lifecycle.freeze(study, study.created_by)

    response = owner.post(_texts(study), {**shown, "title-en": "Mine"})

    assert "This study is frozen" in response.content.decode()
    assert response.context["form"]["title-en"].value() == "Mine"


def test_who_may_not_edit_sees_fields_that_cannot_be_typed_in(client: Client, study: Study) -> None:
    client.force_login(member(study, Role.OBSERVER))

    response = client.get(_texts(study))

    assert all(field.disabled for field in response.context["form"].fields.values())
    assert "Save the texts" not in response.content.decode()


def test_markup_in_a_text_is_shown_as_text(owner: Client, study: Study) -> None:
    _send(owner, _texts(study), **{"title-en": "<script>alert(1)</script>"})

    assert "<script>alert(1)</script>" not in owner.get(_texts(study)).content.decode()


def test_the_design_and_the_plan_are_saved(owner: Client, study: Study) -> None:
    _send(
        owner,
        _design(study),
        per_person="1",
        block_by="news-use",
        reference="synthetic",
        exclusions="attention-failed:2\r\n\r\n faster-than:5 ",
        equivalence_bound="0.5",
    )

    stored = _stored(study)
    assert (stored.design.per_person, stored.design.block_by) == (1, "news-use")
    assert (stored.plan.reference, stored.plan.equivalence_bound) == ("synthetic", "0.5")
    assert stored.plan.exclusions == ("attention-failed:2", "faster-than:5")


def test_what_stands_beside_the_main_test_is_saved_and_shown_again(owner: Client, study: Study) -> None:
    _send(
        owner,
        _design(study),
        question="Is it believed?\r\n",
        reference="real",
        main_contrast="synthetic",
        equivalence_low="-0.5",
        equivalence_high="1",
        covariates=" news-use \r\n\r\n",
        trend_scores="real = 0\r\nsynthetic: 355.5",
        alternative_exclusions="faster-than:5",
        specification_models=["mixed", "means"],
        neutral_answers="halved",
    )
    plan = _stored(study).plan
    assert (plan.question, plan.main_contrast, plan.neutral_answers) == ("Is it believed?", "synthetic", "halved")
    assert (plan.equivalence_low, plan.equivalence_high) == ("-0.5", "1")
    assert (plan.covariates, plan.alternative_exclusions) == (("news-use",), ("faster-than:5",))
    assert plan.trend_scores == {"real": "0", "synthetic": "355.5"}
    assert plan.specification_models == ("mixed", "means")
    rows = study.audit.count()
    assert _send(owner, _design(study)).status_code == 302
    assert (_stored(study).plan, study.audit.count()) == (plan, rows)


@pytest.mark.parametrize("line", ["synthetic", "synthetic: big", "synthetic: 1\nsynthetic: 2", "Synthetic: 1"])
def test_a_score_that_is_none_is_named_by_its_line(owner: Client, study: Study, line: str) -> None:
    before = _stored(study)
    response = _send(owner, _design(study), trend_scores=line)
    assert response.status_code == 200
    assert "trend_scores" in response.context["form"].errors
    assert _stored(study) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("per_person", "0"),
        ("per_person", "101"),
        ("per_person", "two"),
        ("kind", "sideways"),
        ("alpha", "5%"),
        ("alpha", "1"),
        ("credible_cut", "six"),
        ("reference", "no-such-arm"),
        ("block_by", "no-such-item"),
        ("outcome", ""),
    ],
)
def test_a_wrong_design_is_named_by_its_field(owner: Client, study: Study, field: str, value: str) -> None:
    before = _stored(study)

    response = _send(owner, _design(study), **{field: value})

    assert list(response.context["form"].errors) == [field]
    assert _stored(study) == before


def test_a_reference_to_an_arm_that_is_gone_is_still_shown(owner: Client, study: Study) -> None:
    study.arms.filter(key="real").update(key="renamed")

    assert "real (not there any more)" in owner.get(_design(study)).content.decode()


def test_a_draft_may_lack_what_the_checklist_asks_for(client: Client) -> None:
    study = StudyFactory()
    client.force_login(study.created_by)

    response = _send(client, _texts(study), **{"title-en": "Begun"})

    assert response.status_code == 302
    assert _stored(study).wording.title == {"en": "Begun"}
    assert _stored(study).wording.consent == {}


def test_where_a_language_is_chosen_the_page_says_how_well_the_interface_speaks_it(owner: Client, study: Study) -> None:
    _send(owner, _texts(study), languages="en, de, ar")
    page = " ".join(owner.get(_texts(study)).content.decode().split())
    assert "English: buttons, errors and endings are in this language, too." in page
    assert "Deutsch: buttons, errors and endings are translated, and no native speaker has read them yet." in page
    assert "العربية: buttons, errors and endings stay English." in page
