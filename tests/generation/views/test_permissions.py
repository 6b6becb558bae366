"""Who may see and who may do what on the pages of generation: the whole table."""

import pytest
from django.test import Client

from generation import curation
from generation.rules import rules_of
from surveys.models import Role, Study
from tests.factories import ResearcherFactory, member
from tests.generation import factories
from tests.generation.factories import text_of, written

pytestmark = pytest.mark.django_db

READ = [
    ("index", []),
    ("batch", [1]),
    ("batch-progress", [1]),
    ("review", []),
    ("candidate", [1, 0]),
    ("curation", []),
    ("pairs", []),
    ("ranking", [1]),
    ("parity", []),
    ("ranks", [1, 0]),
]
CHANGE = [
    ("batch-cancel", [1]),
    ("batch-pause", [1]),
    ("batch-priority", [1]),
    ("batch-resume", [1]),
    ("batch-extend", [1]),
    ("batch-pick", [1]),
    ("scores", []),
    ("undo", []),
    ("reject-flagged", []),
    ("accept-best", [1]),
    ("accept", [1, 0]),
    ("edit", [1, 0]),
    ("reject", [1, 0]),
    ("reopen", [1, 0]),
    ("keep", [1, 0]),
    ("discard", [1, 0]),
    ("mark", [1, 0]),
    ("note", [1, 0]),
]
FORMS = [("batch-new", []), ("edit", [1, 0]), ("continue", [1, 0]), ("pair", [1])]
OWNERS = [("curation-rules", []), ("assign", []), ("release", ["nobody"]), ("gate-override", ["parity"])]


@pytest.fixture
def study() -> Study:
    study: Study = written().study
    return study


def address(study: Study, name: str, rest: list[object]) -> str:
    return factories.address(study, name, *rest)


@pytest.mark.parametrize(("name", "rest"), READ)
@pytest.mark.parametrize("role", Role.values)
def test_everybody_in_the_study_reads(client: Client, study: Study, role: str, name: str, rest: list[object]) -> None:
    client.force_login(member(study, role))
    assert client.get(address(study, name, rest)).status_code in {200, 286, 302}


@pytest.mark.parametrize(("name", "rest"), FORMS)
@pytest.mark.parametrize("role", Role.values)
def test_forms_are_for_owners_and_curators(
    client: Client, study: Study, role: str, name: str, rest: list[object]
) -> None:
    client.force_login(member(study, role))
    expected = 200 if role in {Role.OWNER, Role.CURATOR} else 403
    assert client.get(address(study, name, rest)).status_code == expected


@pytest.mark.parametrize(("name", "rest"), [*CHANGE, ("batch-new", [])])
@pytest.mark.parametrize("role", Role.values)
def test_changes_are_for_owners_and_curators(
    client: Client, study: Study, role: str, name: str, rest: list[object]
) -> None:
    client.force_login(member(study, role))
    status = client.post(address(study, name, rest), {"reason": "r", "revision": 0, "text": "t"}).status_code
    if role in {Role.OWNER, Role.CURATOR}:
        assert status in {200, 302, 400}
    else:
        assert status == 403
        assert text_of(study.batches.get()).decision == "pending"


@pytest.mark.parametrize(("name", "rest"), OWNERS)
@pytest.mark.parametrize("role", Role.values)
def test_rules_assignments_and_overrides_are_for_owners(
    client: Client, study: Study, role: str, name: str, rest: list[object]
) -> None:
    client.force_login(member(study, role))
    status = client.post(address(study, name, rest), {"is_blind": "on"}).status_code
    assert (status == 403) == (role != Role.OWNER)
    assert rules_of(study).is_blind == (role == Role.OWNER and name == "curation-rules")


@pytest.mark.parametrize(("name", "rest"), [*READ, *FORMS])
def test_who_has_no_role_in_the_study_learns_nothing_of_it(
    client: Client, study: Study, name: str, rest: list[object]
) -> None:
    client.force_login(ResearcherFactory())
    assert client.get(address(study, name, rest)).status_code == 404


@pytest.mark.parametrize(("name", "rest"), [*READ, *FORMS])
def test_who_is_not_signed_in_is_asked_to(client: Client, study: Study, name: str, rest: list[object]) -> None:
    response = client.get(address(study, name, rest))
    assert response.status_code == 302
    assert "/sign-in/" in response.headers["Location"]


@pytest.mark.parametrize(("name", "rest"), [case for case in [*CHANGE, *OWNERS] if case[0] != "edit"])
def test_nothing_changes_by_following_a_link(client: Client, study: Study, name: str, rest: list[object]) -> None:
    client.force_login(study.created_by)
    assert client.get(address(study, name, rest)).status_code == 405


def test_an_observer_sees_no_button_that_decides(client: Client, study: Study) -> None:
    client.force_login(member(study, Role.OBSERVER))
    page = client.get(address(study, "candidate", [1, 0])).content.decode()
    assert "accept/" not in page
    assert "reject/" not in page
    assert "edit/" not in page


def test_texts_of_another_study_are_not_reached_through_ones_own(client: Client, study: Study) -> None:
    other = written()
    curation.reject(text_of(other), by=other.created_by, reason="r")
    client.force_login(study.created_by)
    assert client.get(f"/studies/{study.key}/generation/texts/{text_of(other).code}/").status_code == 404
    assert client.get(f"/studies/{study.key}/generation/texts/no-such-code/").status_code == 404
    assert client.get(address(study, "batch", [2])).status_code == 404
    assert client.get(address(study, "batch", [10**20])).status_code == 404
