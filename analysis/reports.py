"""Making a report: asked for, built by the worker that claims it, stored; marked when a withdrawal overtakes it.

The row is the job. pandas is imported only where a worker builds: web processes call ``request_report`` and ``cancel``.
"""

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from analysis import exports, jobs
from analysis.models import Job, Report
from studyweb.wakeups import wake
from surveys import audit
from surveys.lifecycle import may_show_outcomes
from surveys.models import Mode, Participant, Researcher, Study, StudyVersion

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
        # The data that the report is made of, as files: who reads the one may check it against the other. The report
        # comes first: files of a large study take minutes.
        exports.request_export(study, by=by, mode=mode, version=version)
    return report


def cancel(report: Report, *, by: Researcher) -> bool:
    """End a report that is still to be made. False if it was done before."""
    return jobs.cancel(report, by=by, verb="report cancelled")


def modes_of(study: Study) -> list[str]:
    """The modes that have participants, live first; live alone where nobody came yet."""
    present = set(study.participants.values_list("mode", flat=True).distinct())
    return [mode for mode in Mode.values if mode in present] or [Mode.LIVE]


def versions_of(study: Study, mode: str) -> list[tuple[StudyVersion, int]]:
    """The versions that people of this mode took part in, and how many, the newest first."""
    versions = StudyVersion.objects.filter(study=study).defer("document").order_by("-number")
    people = Count("participants", filter=Q(participants__mode=mode))
    return [(version, version.n) for version in versions.annotate(n=people) if version.n]


def make(report_id: int) -> None:
    """Build and store a report, if it is ours to make. What goes wrong is stored with it and raised."""
    jobs.make(
        Report,
        report_id,
        _built,
        given_up=_("The worker ended %(n)s times while it made this report."),
        failed=_("The report could not be made: %(why)s"),
    )


def _built(report: Report) -> None:
    from analysis.building import build

    build(report)


def sweep() -> int:
    """Publish again every report that nobody is making; returns how many."""
    from analysis.tasks import make_report

    return jobs.announce_again(Report, make_report, "report_id")


def overtaken(job: Job) -> bool:
    """Whether somebody withdrew after it was asked for: it may hold answers that are deleted now."""
    return Participant.objects.filter(study=job.study_id, mode=job.mode, withdrawn_at__gt=job.requested_at).exists()
