"""Who works on a study: one always owns it, and nobody can sign in as somebody else."""

import pytest
from django.utils import timezone

from surveys import accounts
from surveys.models import Membership, Researcher, Role, Study
from surveys.team import TeamError, add_person, change_role, may_renew_link, remove_person, renew_link
from tests.factories import ResearcherFactory, StudyFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return StudyFactory()


def _owner(study: Study) -> Membership:
    return study.memberships.get(role=Role.OWNER)


def test_somebody_new_gets_an_account_and_a_link_that_signs_them_in(study: Study) -> None:
    added = add_person(study, " New.Person@Example.org ", Role.CURATOR, by=study.created_by)

    assert added.membership.researcher.email == "new.person@example.org"
    assert accounts.redeem(added.token) == added.membership.researcher


def test_for_an_account_that_exists_no_link_is_made(study: Study) -> None:
    somebody = ResearcherFactory(email="known@example.org")

    added = add_person(study, "KNOWN@example.org", Role.ANALYST, by=study.created_by)

    assert (added.membership.researcher, added.token) == (somebody, "")
    assert not somebody.sign_in_links.exists()


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a b@example.org", "x" * 400 + "@example.org"])
def test_what_is_no_address_is_refused(study: Study, email: str) -> None:
    with pytest.raises(TeamError) as refusal:
        add_person(study, email, Role.ANALYST, by=study.created_by)

    assert "email" in refusal.value.problems


def test_nobody_has_two_roles_in_a_study(study: Study) -> None:
    add_person(study, "one@example.org", Role.ANALYST, by=study.created_by)

    with pytest.raises(TeamError):
        add_person(study, "One@example.org", Role.OWNER, by=study.created_by)
    assert study.memberships.get(researcher__email="one@example.org").role == Role.ANALYST


def test_an_unknown_role_is_refused(study: Study) -> None:
    with pytest.raises(TeamError):
        add_person(study, "one@example.org", "king", by=study.created_by)
    assert not Researcher.objects.filter(email="one@example.org").exists()


def test_the_last_owner_stays(study: Study) -> None:
    with pytest.raises(TeamError):
        remove_person(_owner(study), by=study.created_by)
    with pytest.raises(TeamError):
        change_role(_owner(study), Role.OBSERVER, by=study.created_by)

    assert _owner(study).researcher == study.created_by


def test_one_of_two_owners_can_go(study: Study) -> None:
    first = _owner(study)
    member(study, Role.OWNER)

    remove_person(first, by=study.created_by)

    assert study.memberships.count() == 1


def test_a_link_is_renewed_only_for_who_never_signed_in(study: Study) -> None:
    membership = add_person(study, "new@example.org", Role.CURATOR, by=study.created_by).membership
    assert accounts.redeem(renew_link(membership, by=study.created_by)) == membership.researcher

    membership.researcher.last_login = timezone.now()
    membership.researcher.save()

    with pytest.raises(TeamError):
        renew_link(membership, by=study.created_by)


def test_a_link_is_not_renewed_for_who_works_on_another_study_too(study: Study) -> None:
    membership = add_person(study, "new@example.org", Role.CURATOR, by=study.created_by).membership
    Membership.objects.create(study=StudyFactory(), researcher=membership.researcher, role=Role.OWNER)

    assert not may_renew_link(membership)


def test_a_link_is_not_renewed_for_an_administrator(study: Study) -> None:
    boss = ResearcherFactory(is_superuser=True)
    membership = add_person(study, boss.email, Role.CURATOR, by=study.created_by).membership

    assert not may_renew_link(membership)


def test_the_log_says_who_has_which_role_and_no_number_of_the_database(study: Study) -> None:
    membership = add_person(study, "new@example.org", Role.CURATOR, by=study.created_by).membership
    renew_link(membership, by=study.created_by)
    change_role(membership, Role.ANALYST, by=study.created_by)
    membership.refresh_from_db()
    remove_person(membership, by=study.created_by)

    said = list(study.audit.order_by("sequence").values_list("verb", "subject"))
    assert said[-4:] == [
        ("role given", "curator: new@example.org"),
        ("sign-in link renewed", "curator: new@example.org"),
        ("role changed", "analyst: new@example.org"),
        ("role taken", "analyst: new@example.org"),
    ]
