"""Every address of the workbench against every role, the stranger and the passer-by."""

import pytest
from django.test import Client
from django.urls import reverse

from surveys.models import Role, Study
from surveys.workbench.urls import urlpatterns
from tests.factories import ResearcherFactory, member, ready_study

EVERYBODY = frozenset(Role.values)
OWNER = frozenset({Role.OWNER})
CURATORS = frozenset({Role.OWNER, Role.CURATOR})

# name -> {method: the roles that may}. Addresses without a study are in OPEN and SIGNED_IN.
ALLOWED: dict[str, dict[str, frozenset[str]]] = {
    "study": {"get": EVERYBODY},
    "study-texts": {"get": EVERYBODY, "post": OWNER},
    "study-design": {"get": EVERYBODY, "post": OWNER},
    "study-beside": {"get": EVERYBODY, "post": OWNER},
    "study-design-check": {"get": EVERYBODY},
    "study-amendments": {"get": EVERYBODY, "post": OWNER},
    "study-questions": {"get": EVERYBODY},
    "study-question-add": {"post": OWNER},
    "study-question-remove": {"get": OWNER, "post": OWNER},
    "study-question-move": {"post": OWNER},
    "study-question-kinds": {"get": OWNER},
    "study-question-new": {"get": OWNER, "post": OWNER},
    "study-question-edit": {"get": OWNER, "post": OWNER},
    "study-question-remove-one": {"get": OWNER, "post": OWNER},
    "study-question-move-one": {"post": OWNER},
    "study-question-page": {"get": OWNER, "post": OWNER},
    "study-question-scoring": {"get": OWNER, "post": OWNER},
    "study-question-instrument": {"get": EVERYBODY},
    "study-question-preview": {"get": EVERYBODY, "post": EVERYBODY},
    "study-definition": {"get": EVERYBODY},
    "study-definition-import": {"post": OWNER},
    "study-arms": {"get": EVERYBODY},
    "study-arm-new": {"get": OWNER, "post": OWNER},
    "study-arm": {"get": EVERYBODY, "post": OWNER},
    "study-arm-delete": {"get": OWNER, "post": OWNER},
    "study-arm-move": {"post": OWNER},
    "study-articles": {"get": EVERYBODY},
    "study-article-new": {"get": CURATORS, "post": CURATORS},
    "study-article-import": {"get": CURATORS, "post": CURATORS},
    "study-article-template": {"get": CURATORS},
    "study-article": {"get": EVERYBODY},
    "study-article-edit": {"get": CURATORS, "post": CURATORS},
    "study-article-place": {"post": CURATORS},
    "study-article-untrue": {"post": CURATORS},
    "study-article-take-down": {"post": CURATORS},
    "study-article-put-back": {"post": CURATORS},
    "study-recruitment": {"get": OWNER, "post": OWNER},
    "study-payments": {"get": OWNER},
    "study-payments-file": {"post": OWNER},
    "study-access-keys": {"get": OWNER},
    "study-access-key-revoke": {"post": OWNER},
    "study-panel-statuses": {"get": OWNER},
    "study-preview": {"get": EVERYBODY},
    "study-monitor": {"get": EVERYBODY},
    "study-quality": {"get": EVERYBODY},
    "study-people": {"get": EVERYBODY},
    "study-person-add": {"post": OWNER},
    "study-person-role": {"post": OWNER},
    "study-person-link": {"post": OWNER},
    "study-person-remove": {"get": OWNER, "post": OWNER},
    "study-log": {"get": EVERYBODY},
    "study-freeze": {"get": OWNER, "post": OWNER},
    "study-launch": {"get": OWNER, "post": OWNER},
    "study-pause": {"get": OWNER, "post": OWNER},
    "study-resume": {"get": OWNER, "post": OWNER},
    "study-close": {"get": OWNER, "post": OWNER},
    "study-revise": {"get": OWNER, "post": OWNER},
}
OPEN = {"sign-in", "sign-in-by-link", "sign-out", "language"}
SIGNED_IN = {"home", "password", "study-new"}
CASES = [(name, method) for name, methods in ALLOWED.items() for method in methods]


def test_the_table_names_every_address() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(ALLOWED) | OPEN | SIGNED_IN


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "method"), CASES)
def test_an_address_opens_to_its_roles_and_to_nobody_else(client: Client, name: str, method: str) -> None:
    study = ready_study()
    people = {role: member(study, role) for role in Role.values}
    address = _address(name, study)

    assert _status(client, method, address) == 302, "a passer-by is led to the sign-in"
    client.force_login(ResearcherFactory())
    assert _status(client, method, address) == 404, "a stranger does not learn that the study exists"
    for role in sorted(Role.values, key=lambda role: role in ALLOWED[name][method]):
        client.force_login(people[role])
        if role in ALLOWED[name][method]:
            # 422: the page was read, and asks for what is missing.
            assert _status(client, method, address) in {200, 302, 422}, f"{role} may"
        else:
            assert _status(client, method, address) == 403, f"{role} may not"


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "method"), CASES)
def test_a_passer_by_changes_nothing(client: Client, name: str, method: str) -> None:
    study = ready_study()
    before = study.audit.count()

    response = getattr(client, method)(_address(name, study))

    assert response["Location"].startswith(reverse("workbench:sign-in"))
    assert study.audit.count() == before


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(SIGNED_IN))
def test_pages_of_ones_own_need_a_sign_in(client: Client, name: str) -> None:
    address = reverse(f"workbench:{name}")

    assert client.get(address)["Location"] == f"{reverse('workbench:sign-in')}?next={address}"
    client.force_login(ResearcherFactory())
    assert client.get(address).status_code == 200


@pytest.mark.django_db
def test_an_administrator_has_no_way_around_the_roles(client: Client) -> None:
    study = ready_study()
    client.force_login(ResearcherFactory(is_superuser=True))

    assert client.get(_address("study", study)).status_code == 404


def _address(name: str, study: Study) -> str:
    parts: dict[str, str | int] = {"study_key": study.key}
    if name.startswith("study-arm") and name not in {"study-arms", "study-arm-new"}:
        parts["arm_key"] = "synthetic"
    if name.startswith("study-article") and name not in {
        "study-articles",
        "study-article-new",
        "study-article-import",
        "study-article-template",
    }:
        parts["article_key"] = study.articles.order_by("pk")[0].key
    if name == "study-question-new":
        parts["kind"] = "single"
    if name in {"study-question-edit", "study-question-remove-one", "study-question-move-one"}:
        parts["item_key"] = "news-use"
    if name in {
        "study-question-remove",
        "study-question-move",
        "study-question-page",
        "study-question-scoring",
        "study-question-instrument",
        "study-question-preview",
    }:
        parts["block_key"] = "about-you"
    if name in {"study-person-role", "study-person-link", "study-person-remove"}:
        parts["person_key"] = study.memberships.order_by("pk")[0].key
    return reverse(f"workbench:{name}", kwargs=parts)


def _status(client: Client, method: str, address: str) -> int:
    status: int = getattr(client, method)(address).status_code
    return status
