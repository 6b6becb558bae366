"""Roles: who may do what in a study."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.test import RequestFactory

from surveys.access import PERMITTED, Permission, permits, study_for
from surveys.models import Researcher, Role
from tests.factories import ResearcherFactory, StudyFactory, member

pytestmark = pytest.mark.django_db


def request_of(user: Researcher | AnonymousUser) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    return request


def test_an_owner_may_do_everything() -> None:
    assert PERMITTED[Role.OWNER] == set(Permission)


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.CURATOR, {Permission.VIEW, Permission.CURATE}),
        (Role.ANALYST, {Permission.VIEW, Permission.ANALYSE, Permission.EXPORT}),
        (Role.OBSERVER, {Permission.VIEW}),
        ("unheard-of", set()),
    ],
)
def test_the_other_roles_may_do_just_this(role: str, allowed: set[Permission]) -> None:
    assert {permission for permission in Permission if permits(role, permission)} == allowed


def test_a_study_comes_with_the_role_of_who_asks() -> None:
    study = StudyFactory()
    found = study_for(request_of(member(study, Role.ANALYST)), study.key, Permission.EXPORT)
    assert (found, found.role) == (study, Role.ANALYST)


def test_a_role_that_lacks_the_permission_is_refused() -> None:
    study = StudyFactory()
    with pytest.raises(PermissionDenied, match="As observer"):
        study_for(request_of(member(study, Role.OBSERVER)), study.key, Permission.CURATE)


def test_a_stranger_does_not_learn_that_the_study_exists() -> None:
    with pytest.raises(Http404):
        study_for(request_of(ResearcherFactory()), StudyFactory().key, Permission.VIEW)


def test_an_administrator_has_no_way_around_roles() -> None:
    stranger = ResearcherFactory(is_superuser=True, is_staff=True)
    with pytest.raises(Http404):
        study_for(request_of(stranger), StudyFactory().key, Permission.VIEW)


def test_nobody_is_signed_in_by_default() -> None:
    with pytest.raises(PermissionDenied):
        study_for(request_of(AnonymousUser()), StudyFactory().key, Permission.VIEW)
