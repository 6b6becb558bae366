"""Making an export: asked for, written by the worker that claims it, stored in parts, read from any byte on.

The row is the job. pandas is imported only where a worker builds: web processes call ``request_export`` and ``read``.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from analysis import jobs
from analysis.models import Export, ExportPart
from studyweb.wakeups import wake
from surveys import audit
from surveys.lifecycle import may_show_outcomes
from surveys.models import Participant, Researcher, Study, StudyVersion

# Bytes of a part: what a download holds in memory at once.
PART_SIZE = 1 << 20
# The formats that an export may have beside CSV and what they are called, in the order in which the page offers them.
FORMATS = {
    "parquet": "Parquet",
    "spss": "SPSS",
    "stata": "Stata",
    "excel": "Excel",
    "json-lines": "JSON lines",
    "qualtrics": "Qualtrics",
}
# Exports that identify people are deleted sooner.
KEPT, KEPT_IDENTIFYING = timedelta(days=90), timedelta(days=7)
Status = Export.Status


class ExportError(Exception):
    """An export that cannot be made now; the message says why and what to do."""


def request_export(
    study: Study,
    *,
    by: Researcher,
    mode: str,
    version: StudyVersion | None = None,
    formats: Sequence[str] = (),
    identifying: bool = False,
) -> Export:
    """An export of one version, the current one unless named; the like one that waits already.

    ``identifying`` is for those who may; whoever calls has checked that. Raises ``ExportError`` if nothing was ever
    frozen, and for an unknown format. Before the unblinding identifying columns are panel ids and what was typed before
    the randomisation: whom to pay has to be known while a study runs.
    """
    from analysis.tasks import make_export

    version = version or study.current_version
    if version is None:
        raise ExportError(_("Freeze and launch the study first: there is nothing to export yet."))
    if unknown := sorted({*formats} - {*FORMATS}):
        raise ExportError(_("There is no format %(name)s.") % {"name": ", ".join(unknown)})
    chosen = [name for name in FORMATS if name in formats]
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=study.pk)
        masked = not may_show_outcomes(study, mode)
        waiting = Export.objects.filter(study=study, mode=mode, status__in=(Status.WAITING, Status.RUNNING))
        like = waiting.filter(version=version, masked=masked, identifying=identifying)
        for export in like:
            if export.formats == chosen:
                return export
        export = Export.objects.create(
            study=study,
            version=version,
            mode=mode,
            masked=masked,
            identifying=identifying,
            formats=chosen,
            requested_by=by,
        )
        kinds = ", ".join(["csv", *chosen]) + (", WITH identifying columns" if identifying else "")
        subject = f"v{version.number}, {mode}{' (masked)' if masked else ''}: {kinds}"
        audit.record(study, "export asked for", by=by, subject=subject[:200])
        wake(make_export, export_id=export.pk)
    return export


def kinds(export: Export) -> str:
    """What files an export has, by the names that people know them by."""
    return ", ".join(["CSV", *(FORMATS[name] for name in export.formats)])


def latest(study: Study, mode: str, version: StudyVersion) -> Export | None:
    """The newest export of CSV files without identifying columns, as comes with a report; None if there is none."""
    plain = Export.objects.filter(study=study, mode=mode, version=version, identifying=False, formats=[])
    return plain.order_by("-requested_at", "-pk").first()


def cancel(export: Export, *, by: Researcher) -> bool:
    """End an export that is still to be made. False if it was done before."""
    return jobs.cancel(export, by=by, verb="export cancelled")


def delete(export: Export, *, by: Researcher) -> None:
    """Delete a finished export with its files."""
    with transaction.atomic():
        audit.record(export.study, "export deleted", by=by, subject=export.key)
        export.delete()


def make(export_id: int) -> None:
    """Write and store an export, if it is ours to make. What goes wrong is stored with it and raised."""
    jobs.make(
        Export,
        export_id,
        _built,
        given_up=_("The worker ended %(n)s times while it made this export."),
        failed=_("The export could not be made: %(why)s"),
    )


def _built(export: Export) -> None:
    from analysis.export_building import build

    build(export)


def read(export: Export, first: int = 0, last: int | None = None) -> Iterator[bytes]:
    """The bytes of a finished export from ``first`` to ``last``, both inclusive, a part at a time."""
    last = export.size - 1 if last is None else min(last, export.size - 1)
    for number in range(first // PART_SIZE, last // PART_SIZE + 1):
        content = bytes(ExportPart.objects.get(export=export, number=number).content)
        begin = number * PART_SIZE
        yield content[max(0, first - begin) : last - begin + 1]


def sweep() -> int:
    """Publish again every export that nobody is making; returns how many. Files that must go are deleted."""
    from analysis.tasks import make_export

    forget_files()
    return jobs.announce_again(Export, make_export, "export_id")


def forget_files() -> int:
    """Delete the stored files of exports that a withdrawal has overtaken or whose time is over; how many exports.

    What the manifest counted stays; the page says that the files are gone.
    """
    later = Participant.objects.filter(
        study=OuterRef("study"), mode=OuterRef("mode"), withdrawn_at__gt=OuterRef("requested_at")
    )
    old = Q(requested_at__lt=Now() - KEPT) | Q(identifying=True, requested_at__lt=Now() - KEPT_IDENTIFYING)
    going = Export.objects.filter(Q(Exists(later)) | old, status=Status.DONE, size__gt=0)
    keys = list(going.values_list("pk", flat=True))
    with transaction.atomic():
        ExportPart.objects.filter(export__in=keys).delete()
        Export.objects.filter(pk__in=keys).update(size=0, sha256="")
    return len(keys)
