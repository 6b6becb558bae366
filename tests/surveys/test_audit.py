"""The audit chain: rows follow one another, and a changed or missing row shows."""

import pytest

from surveys import audit
from surveys.models import AuditEntry
from tests.factories import StudyFactory

pytestmark = pytest.mark.django_db


def test_rows_are_numbered_and_each_follows_from_the_one_before() -> None:
    study = StudyFactory()
    first = audit.record(study, "something", subject="a")
    second = audit.record(study, "something else", content="secret words")
    assert second.sequence == first.sequence + 1
    assert second.previous == first.digest
    assert audit.verify(study) == []


def test_content_is_hashed_and_not_kept() -> None:
    entry = audit.record(StudyFactory(), "answer read", content="secret words")
    stored = AuditEntry.objects.values().get(pk=entry.pk)
    assert "secret words" not in repr(stored)
    assert len(stored["content_sha256"]) == 64


@pytest.mark.parametrize("change", [{"verb": "nothing"}, {"subject": "b"}, {"content_sha256": "0" * 64}])
def test_a_changed_row_is_found(change: dict[str, str]) -> None:
    study = StudyFactory()
    entry = audit.record(study, "something", subject="a")
    audit.record(study, "something else")
    AuditEntry.objects.filter(pk=entry.pk).update(**change)
    assert audit.verify(study) == [f"Row {entry.sequence} was changed after it was written."]


def test_a_missing_row_is_found() -> None:
    study = StudyFactory()
    entry = audit.record(study, "something")
    audit.record(study, "something else")
    entry.delete()
    assert any("is missing" in problem for problem in audit.verify(study))


def test_chains_of_two_studies_do_not_touch() -> None:
    one, other = StudyFactory(), StudyFactory()
    audit.record(one, "something")
    assert audit.record(other, "something").sequence == audit.record(one, "again").sequence - 1
