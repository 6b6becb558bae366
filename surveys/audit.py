"""The audit chain of a study: who did what when, with digests, never content."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.db.models.functions import Now

from surveys.models import AuditEntry, Researcher, Study


def record(
    study: Study, verb: str, *, by: Researcher | None = None, subject: str = "", content: str | bytes = ""
) -> AuditEntry:
    """Append a row to the study's chain, in the caller's transaction or in one of its own.

    ``content`` is hashed and forgotten. The study's row is locked, so that two writers cannot take one number.
    """
    return record_all(study, verb, by=by, entries=[(subject, content)])[0]


def record_all(
    study: Study, verb: str, *, by: Researcher | None = None, entries: Sequence[tuple[str, str | bytes]]
) -> list[AuditEntry]:
    """Append a row for each (subject, content), as ``record`` does, by as many statements as for one."""
    with transaction.atomic():
        locked = Study.objects.select_for_update().values("pk").annotate(now=Now()).get(pk=study.pk)
        last = AuditEntry.objects.filter(study=study).order_by("-sequence").first()
        rows: list[AuditEntry] = []
        for subject, content in entries:
            entry = AuditEntry(
                study=study,
                sequence=last.sequence + 1 if last else 1,
                verb=verb,
                subject=subject,
                content_sha256=_sha256(content) if content else "",
                researcher=by,
                at=locked["now"],
                previous=last.digest if last else "",
            )
            entry.digest = _digest(entry)
            rows.append(entry)
            last = entry
        return AuditEntry.objects.bulk_create(rows)


def verify(study: Study) -> list[str]:
    """What is wrong with the study's chain, a sentence each; empty when every row still fits the one before."""
    problems = []
    previous, expected = "", 1
    for entry in AuditEntry.objects.filter(study=study).order_by("sequence").iterator():
        if entry.sequence != expected:
            problems.append(f"Row {expected} is missing: the next row is {entry.sequence}.")
        if entry.previous != previous:
            problems.append(f"Row {entry.sequence} does not follow from the row before it.")
        if entry.digest != _digest(entry):
            problems.append(f"Row {entry.sequence} was changed after it was written.")
        previous, expected = entry.digest, entry.sequence + 1
    return problems


def _digest(entry: AuditEntry) -> str:
    at: datetime = entry.at
    fields = (
        entry.previous,
        str(entry.sequence),
        entry.verb,
        entry.subject,
        entry.content_sha256,
        str(entry.researcher_id or ""),
        at.astimezone(UTC).isoformat(timespec="milliseconds"),
    )
    return _sha256("\x1f".join(fields))


def _sha256(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
