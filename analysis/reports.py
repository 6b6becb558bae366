"""Making a report: asked for, claimed by one worker, built, stored; and marked when a withdrawal overtakes it.

The row is the job. pandas is imported only where a worker builds: web processes call ``request_report`` and ``cancel``.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from analysis.models import Report
from studyweb.wakeups import wake
from surveys import audit
from surveys.lifecycle import may_show_outcomes
from surveys.models import Participant, Researcher, Study

LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 3
Status = Report.Status


class ReportError(Exception):
    """A report that cannot be made now; the message says why and what to do."""


def request_report(study: Study, *, by: Researcher, mode: str) -> Report:
    """A report of the study's current version, waiting for a worker; the like one that waits already, if there is one.

    Raises ``ReportError`` if nothing was ever frozen.
    """
    from analysis.tasks import make_report

    if study.current_version is None:
        raise ReportError(_("Freeze and launch the study first: there is nothing to report yet."))
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=study.pk)
        # One that was asked for before the unblinding stays masked: it does not stand in for one with outcomes.
        masked = not may_show_outcomes(study, mode)
        open_ones = Report.objects.filter(study=study, mode=mode, status__in=(Status.WAITING, Status.RUNNING))
        open_one = open_ones.filter(version=study.current_version, masked=masked).first()
        if open_one is not None:
            return open_one
        report = Report.objects.create(
            study=study, version=study.current_version, mode=mode, masked=masked, requested_by=by
        )
        audit.record(study, "report asked for", by=by, subject=f"{mode}{' (masked)' if report.masked else ''}")
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


def still_ours(report: Report, progress: str) -> bool:
    """Renew the lease and say how far it is. False if somebody cancelled or another worker took over: stop then."""
    return bool(
        Report.objects.filter(pk=report.pk, status=Status.RUNNING, attempts=report.attempts).update(
            lease_expires_at=Now() + LEASE, progress=progress
        )
    )


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

        build(report)
    except Exception as error:
        _fail(report, _("The report could not be made: %(why)s") % {"why": error})
        raise


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
