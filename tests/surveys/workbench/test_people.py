"""The page of the people who work on a study."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from surveys.models import Membership, Researcher, Role, Study
from tests.factories import ResearcherFactory, member

pytestmark = pytest.mark.django_db


def _url(name: str, study: Study, *more: str) -> str:
    return reverse(f"workbench:{name}", args=[study.key, *more])


def _owner_of(study: Study) -> Membership:
    return study.memberships.get(role=Role.OWNER)


def _shown_link(page: str) -> str | None:
    found = re.search(r"http://testserver(/sign-in/[^<\"]+/)", page)
    return found[1] if found else None


def test_somebody_new_gets_a_link_that_is_shown_once(owner: Client, study: Study) -> None:
    page = owner.post(_url("study-person-add", study), {"email": "new@example.org", "role": "curator"})

    link = _shown_link(page.content.decode())
    assert link is not None
    assert "no-store" in page["Cache-Control"]
    assert _shown_link(owner.get(_url("study-people", study)).content.decode()) is None
    newcomer = Client()
    newcomer.post(link)
    assert newcomer.get(_url("study-articles", study)).status_code == 200


def test_for_somebody_who_has_an_account_no_link_is_shown(owner: Client, study: Study) -> None:
    ResearcherFactory(email="known@example.org")

    page = owner.post(
        _url("study-person-add", study), {"email": "Known@example.org", "role": "analyst"}, follow=True
    ).content.decode()

    assert "known@example.org is added" in page
    assert _shown_link(page) is None


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"email": "", "role": "curator"}, "email"),
        ({"email": "nobody", "role": "curator"}, "email"),
        ({"email": "x" * 300 + "@example.org", "role": "curator"}, "email"),
        ({"email": "new@example.org", "role": "king"}, "role"),
        ({"email": "new@example.org"}, "role"),
    ],
)
def test_what_cannot_be_added_is_named_and_kept(owner: Client, study: Study, data: dict[str, str], field: str) -> None:
    response = owner.post(_url("study-person-add", study), data)

    assert list(response.context["form"].errors) == [field]
    assert response.context["form"]["email"].value() == data["email"]
    assert Researcher.objects.count() == 1


def test_adding_somebody_twice_is_told(owner: Client, study: Study) -> None:
    for _ in range(2):
        response = owner.post(_url("study-person-add", study), {"email": "new@example.org", "role": "curator"})

    assert "has a role in this study already" in response.content.decode()
    assert study.memberships.count() == 2


def test_a_role_is_changed(owner: Client, study: Study) -> None:
    somebody = member(study, Role.OBSERVER)
    membership = study.memberships.get(researcher=somebody)

    owner.post(_url("study-person-role", study, membership.key), {"role": "analyst"})

    membership.refresh_from_db()
    assert membership.role == Role.ANALYST


def test_the_last_owner_is_neither_changed_nor_removed(owner: Client, study: Study) -> None:
    for name, data in (("study-person-role", {"role": "observer"}), ("study-person-remove", {})):
        page = owner.post(_url(name, study, _owner_of(study).key), data, follow=True).content.decode()
        assert "A study needs an owner" in page

    assert _owner_of(study).researcher == study.created_by


def test_removing_asks_first(owner: Client, study: Study) -> None:
    somebody = member(study, Role.CURATOR)
    address = _url("study-person-remove", study, study.memberships.get(researcher=somebody).key)

    assert str(somebody) in owner.get(address).content.decode()
    assert study.memberships.filter(researcher=somebody).exists()
    owner.post(address)
    assert not study.memberships.filter(researcher=somebody).exists()


def test_whoever_removes_themselves_is_led_home(owner: Client, study: Study) -> None:
    own = _owner_of(study)
    member(study, Role.OWNER)

    assert owner.post(_url("study-person-remove", study, own.key))["Location"] == "/"
    assert owner.get(_url("study", study)).status_code == 404


def test_no_address_on_the_page_carries_a_number_of_the_database(owner: Client, study: Study) -> None:
    member(study, Role.CURATOR)
    page = owner.get(_url("study-people", study)).content.decode()

    keys = set(re.findall(rf"/studies/{study.key}/people/([^/\"]+)/(?:role|remove|link)/", page))

    assert keys == set(study.memberships.values_list("key", flat=True))
    assert all(len(key) == 10 for key in keys)
    for one in study.memberships.all():
        assert owner.get(f"/studies/{study.key}/people/{one.pk}/remove/").status_code == 404


def test_a_person_of_another_study_is_not_found(owner: Client, study: Study) -> None:
    stranger = Membership.objects.create(
        study=Study.objects.create(name="Other", created_by=study.created_by),
        researcher=ResearcherFactory(),
        role=Role.OWNER,
    )

    assert owner.post(_url("study-person-remove", study, stranger.key)).status_code == 404
    assert Membership.objects.filter(pk=stranger.pk).exists()
