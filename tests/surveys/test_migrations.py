"""What a migration does to rows, forth and back."""

from importlib import import_module

import pytest
from django.apps import apps

from surveys.models import Participant, Study
from tests import factories
from tests.surveys.participant.person import Person

pytestmark = pytest.mark.django_db
SETTLED = import_module("surveys.migrations.0016_settled_arrivals")


def _settled() -> dict[str, bool]:
    return dict(Participant.objects.values_list("stage", "settled"))


def test_the_code_before_the_settled_arrivals_finds_nobody_settled_whom_it_may_still_assign() -> None:
    study: Study = factories.launched_study()
    Person(study)
    Person(study).walk_to("reading-1")
    done = Person(study).walk_to("end")
    Participant.objects.filter(pk=done.row.pk).update(settled=True)
    assert _settled() == {"consent": True, "reading": False, "end": True}
    reverse = SETTLED.Migration.operations[0].reverse_code
    reverse(apps, None)
    # Who completed is in the tally already.
    assert _settled() == {"consent": False, "reading": False, "end": True}
    SETTLED.settle_arrivals(apps, None)
    assert _settled() == {"consent": True, "reading": False, "end": True}
