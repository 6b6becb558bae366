"""The pages of the arms."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from surveys import lifecycle
from surveys.models import Study
from tests.factories import StudyFactory

pytestmark = pytest.mark.django_db
NEW = {"label": "Small model", "origin": "synthetic", "weight": "1"}


def _url(name: str, study: Study, *more: str) -> str:
    return reverse(f"workbench:{name}", args=[study.key, *more])


def _keys(study: Study) -> list[str]:
    return list(study.arms.order_by("position").values_list("key", flat=True))


def test_an_arm_is_added(owner: Client, study: Study) -> None:
    owner.post(_url("study-arm-new", study), {**NEW, "level": "355", "target": "40", "model_slot": "gpt2-medium"})

    arm = study.arms.get(key="small-model")
    assert arm.level == 355
    assert (arm.target, arm.weight, arm.model_slot) == (40, 1, "gpt2-medium")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("label", ""),
        ("label", "x" * 121),
        ("origin", "elsewhere"),
        ("weight", "0"),
        ("weight", "1" * 30),
        ("target", "0"),
        ("target", "-3"),
        ("level", "much"),
        ("key", "with blanks"),
        ("key", "real"),
        ("group", "Group A"),
    ],
)
def test_a_wrong_arm_is_named_by_its_field_and_kept(owner: Client, study: Study, field: str, value: str) -> None:
    response = owner.post(_url("study-arm-new", study), {**NEW, "model_slot": "typed with care", field: value})

    assert list(response.context["form"].errors) == [field]
    assert "typed with care" in response.content.decode()
    assert _keys(study) == ["real", "synthetic"]


def test_an_arm_is_changed_and_keeps_its_key(owner: Client, study: Study) -> None:
    owner.post(_url("study-arm", study, "synthetic"), {**NEW, "key": "other", "label": "Other"})

    assert study.arms.get(key="synthetic").label == "Other"


def test_an_arm_whose_articles_would_not_fit_says_so(owner: Client, study: Study) -> None:
    response = owner.post(_url("study-arm", study, "synthetic"), {**NEW, "origin": "real"})

    assert "origin" in response.context["form"].errors
    assert study.arms.get(key="synthetic").origin == "synthetic"


def test_arms_are_ordered_by_button(owner: Client, study: Study) -> None:
    owner.post(_url("study-arm-move", study, "real"), {"direction": "down"})
    assert _keys(study) == ["synthetic", "real"]
    owner.post(_url("study-arm-move", study, "real"), {"direction": "up"})
    assert _keys(study) == ["real", "synthetic"]


def test_deleting_asks_first_and_tells_what_became_of_the_articles(owner: Client, study: Study) -> None:
    address = _url("study-arm-delete", study, "real")
    assert "Delete the arm “Real”?" in owner.get(address).content.decode()
    assert _keys(study) == ["real", "synthetic"]

    page = owner.post(address, follow=True).content.decode()

    assert "2 articles have no arm now" in page
    assert _keys(study) == ["synthetic"]


def test_a_study_without_arms_says_what_an_arm_is(client: Client) -> None:
    study = StudyFactory()
    client.force_login(study.created_by)

    assert "An arm is a condition" in client.get(_url("study-arms", study)).content.decode()


@pytest.mark.parametrize(
    ("name", "arm", "data"),
    [
        ("study-arm-new", None, NEW),
        ("study-arm", "real", {**NEW, "origin": "real"}),
        ("study-arm-delete", "real", {}),
        ("study-arm-move", "real", {"direction": "down"}),
    ],
)
def test_a_frozen_study_refuses_every_change_and_says_why(
    owner: Client, study: Study, name: str, arm: str | None, data: dict[str, Any]
) -> None:
    lifecycle.freeze(study, study.created_by)

    response = owner.post(_url(name, study, *([arm] if arm else [])), data, follow=True)

    assert "This study is frozen" in response.content.decode()
    assert _keys(study) == ["real", "synthetic"]
    assert study.arms.get(key="real").label == "Real"


def test_an_arm_that_is_not_there_is_not_found(owner: Client, study: Study) -> None:
    assert owner.get(_url("study-arm", study, "no-such-arm")).status_code == 404
