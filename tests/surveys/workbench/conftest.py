"""What tests of the workbench share: a study's owner, signed in."""

import pytest
from django.test import Client

from surveys.models import Role, Study
from tests.factories import ready_study


@pytest.fixture
def study(db: None) -> Study:
    """A draft that passes every gate."""
    return ready_study()


@pytest.fixture
def owner(client: Client, study: Study) -> Client:
    """A browser in which the owner of ``study`` is signed in."""
    client.force_login(study.memberships.get(role=Role.OWNER).researcher)
    return client
