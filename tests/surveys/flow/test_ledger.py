"""A ledger that was changed or cut is told apart from one that is whole."""

from collections.abc import Callable

import pytest

from surveys import flow
from surveys.models import LedgerEntry
from tests import factories
from tests.surveys.participant.person import Person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda last: last.delete(),
            {"3 numbers were given, and 2 lines are there", "was assigned, and no line says how"},
        ),
        (lambda last: _changed(last, seed=5), {"its seed is not that of study and version"}),
        (lambda last: _changed(last, unit_key="somebody"), {"it stands for somebody else"}),
    ],
)
def test_a_ledger_that_was_cut_or_made_for_another_seed_or_person_is_not_identical(
    change: Callable[[LedgerEntry], object], told: set[str]
) -> None:
    study = factories.launched_study(stories=3)
    for _ in range(3):
        Person(study).walk_to("reading-1")
    change(LedgerEntry.objects.latest("sequence"))
    assert study.current_version is not None
    _, differences = flow.ledger_differences(study.current_version)
    found = {difference.what for difference in differences}
    assert all(any(each in what for what in found) for each in told)


def _changed(entry: LedgerEntry, **values: object) -> None:
    LedgerEntry.objects.filter(pk=entry.pk).update(**values)
