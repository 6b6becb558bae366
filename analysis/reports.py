"""Making a report: asked for, claimed by one worker, built, stored; and marked when a withdrawal overtakes it.

The row is the job. pandas is imported only where a worker builds: web processes call ``request_report`` and ``cancel``.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from analysis.models import Report
from studyweb.wakeups import wake
from surveys import audit
from surveys.lifecycle import may_show_outcomes
from surveys.models import Participant, Researcher, Study, StudyVersion

LEASE = timedelta(minutes=2)
HEARTBEAT_SECONDS = 30.0
MOST_ATTEMPTS = 3
Status = Report.Status


class ReportError(Exception):
    """A report that cannot be made now; the message says why and what to do."""


def request_report(study: Study, *, by: Researcher, mode: str, version: StudyVersion | None = None) -> Report:
    """A report of one version, the current one unless named, waiting for a worker; the like one that waits already.

    Raises ``ReportError`` if nothing was ever frozen.
    """
    from analysis.tasks import make_report

    version = version or study.current_version
    if version is None:
        raise ReportError(_("Freeze and launch the study first: there is nothing to report yet."))
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=study.pk)
        # One that was asked for before the unblinding stays masked: it does not stand in for one with outcomes.
        masked = not may_show_outcomes(study, mode)
        open_ones = Report.objects.filter(study=study, mode=mode, status__in=(Status.WAITING, Status.RUNNING))
        open_one = open_ones.filter(version=version, masked=masked).first()
        if open_one is not None:
            return open_one
        report = Report.objects.create(study=study, version=version, mode=mode, masked=masked, requested_by=by)
        subject = f"v{version.number}, {mode}{' (masked)' if masked else ''}"
        audit.record(study, "report asked for", by=by, subject=subject)
        wake(make_report, report_id=report.pk)
    return report


def cancel(report: Report, *, by: Researcher) -> bool:
    """End a report that is still to be made. False if it was done before."""
    with transaction.atomic():
        ended = Report.objects.filter(pk=report.pk, status__in=(Status.WAITING, Status.RUNNING)).update(
            status=Status.CANCELLED, finished_at=Now(), progress=""
        )
        if ended:
            audit.record(report.study, "report cancelled", by=by)
    return bool(ended)


def claim(report_id: int) -> Report | None:
    """The report, if it is ours to make from now on; None if it is done, cancelled, or another worker has it."""
    taken = (
        Report.objects.claimable()
        .filter(pk=report_id)
        .update(status=Status.RUNNING, lease_expires_at=Now() + LEASE, attempts=F("attempts") + 1, progress="")
    )
    return Report.objects.select_related("study", "version__study").get(pk=report_id) if taken else None


def renew(report: Report, **values: str) -> bool:
    """Renew the lease, and write ``values``. False if somebody cancelled or another worker took over: stop then."""
    ours = Report.objects.filter(pk=report.pk, status=Status.RUNNING, attempts=report.attempts)
    return bool(ours.update(lease_expires_at=Now() + LEASE, **values))


def versions_of(study: Study, mode: str) -> list[tuple[StudyVersion, int]]:
    """The versions that people of this mode took part in, and how many, the newest first."""
    versions = StudyVersion.objects.filter(study=study).defer("document").order_by("-number")
    people = Count("participants", filter=Q(participants__mode=mode))
    return [(version, version.n) for version in versions.annotate(n=people) if version.n]


def make(report_id: int) -> None:
    """Build and store a report, if it is ours to make. What goes wrong is stored with it and raised."""
    report = claim(report_id)
    if report is None:
        return
    if report.attempts > MOST_ATTEMPTS:
        _fail(report, _("The worker ended %(n)s times while it made this report.") % {"n": MOST_ATTEMPTS})
        return
    try:
        from analysis.building import build

        with _kept(report):
            build(report)
    except Exception as error:
        _fail(report, _("The report could not be made: %(why)s") % {"why": error})
        raise


@contextmanager
def _kept(report: Report) -> Iterator[None]:
    """Renew the lease from a thread while the block runs: one long computation must not look like a dead worker."""
    over = threading.Event()

    def beat() -> None:
        try:
            while not over.wait(HEARTBEAT_SECONDS):
                if not renew(report):
                    return
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"report-{report.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _fail(report: Report, error: str) -> None:
    # Another worker may have taken it over meanwhile, and may still succeed.
    Report.objects.filter(pk=report.pk, status=Status.RUNNING, attempts=report.attempts).update(
        status=Status.FAILED, error=error, finished_at=Now(), progress=""
    )


def sweep() -> int:
    """Publish again every report that nobody is making; returns how many. Files that hold withdrawn answers go."""
    from analysis.tasks import make_report

    forget_files()
    waiting = list(Report.objects.claimable().values_list("pk", flat=True))
    for report_id in waiting:
        make_report.apply_async(kwargs={"report_id": report_id})
    return len(waiting)


def overtaken(report: Report) -> bool:
    """Whether somebody withdrew after the report was made: it still holds answers that are deleted now."""
    return Participant.objects.filter(
        study=report.study_id, mode=report.mode, withdrawn_at__gt=report.requested_at
    ).exists()


def forget_files() -> int:
    """Delete the stored files of reports that a withdrawal has overtaken; how many. Their numbers stay, marked so."""
    later = Participant.objects.filter(
        study=OuterRef("study"), mode=OuterRef("mode"), withdrawn_at__gt=OuterRef("requested_at")
    )
    holding = Report.objects.filter(Exists(later), status=Status.DONE, archive__isnull=False)
    return holding.update(archive=None, archive_sha256="")
