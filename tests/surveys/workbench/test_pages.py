"""What every page of a study shows."""

import pytest
from django.test import Client
from django.urls import reverse

from surveys.models import Role, Study
from tests.factories import launched_study, member

pytestmark = pytest.mark.django_db


def _tabs(client: Client, study: Study, name: str = "study") -> dict[str, bool]:
    tabs = client.get(reverse(f"workbench:{name}", args=[study.key])).context["tabs"]
    return {tab.label: tab.current for tab in tabs}


def test_the_tabs_name_this_page_as_the_current_one(owner: Client, study: Study) -> None:
    for name, label in (("study", "Overview"), ("study-arms", "Arms"), ("study-arm-new", "Arms")):
        tabs = _tabs(owner, study, name)
        assert [each for each, current in tabs.items() if current] == [label]


def test_the_other_apps_add_their_tabs(client: Client) -> None:
    study = launched_study()
    client.force_login(study.created_by)

    assert {"Generation", "Results"} <= set(_tabs(client, study))


def test_recruitment_is_a_tab_for_who_may_open_it(client: Client, study: Study) -> None:
    client.force_login(member(study, Role.ANALYST))

    assert "Recruitment" not in _tabs(client, study)


@pytest.mark.parametrize("name", ["study", "study-texts", "study-design", "study-arms", "study-articles", "study-log"])
def test_a_name_with_markup_is_shown_as_text(owner: Client, study: Study, name: str) -> None:
    Study.objects.filter(pk=study.pk).update(name="<b>bold</b>")

    assert "<b>bold</b>" not in owner.get(reverse(f"workbench:{name}", args=[study.key])).content.decode()
