"""The study that most tests of participants' pages walk through."""

import pytest

from surveys.models import Study
from tests import factories
from tests.surveys.participant.person import WHOLE


@pytest.fixture
def study(db: None) -> Study:
    """A live study with a question of every kind before the articles, and questions on, after and about them."""
    return factories.launched_study(blocks=WHOLE)
