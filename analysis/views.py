"""The pages of a study's results: the report, masked until the unblinding, with its figures and tables."""

from urllib.parse import urlencode

from csp.decorators import csp_replace
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from analysis import exports, polling, reports
from analysis.dark_figures import follows_theme
from analysis.models import Report
from surveys import lifecycle
from surveys.access import Permission, permits, signed_in, study_for
from surveys.lifecycle import LifecycleError, may_show_outcomes
from surveys.models import Mode, Study, StudyVersion
from surveys.workbench.pages import tabs

# Megabytes that no page shows; a download reads what it sends.
_LARGE = ("archive", "html")


@login_required
@require_GET
def results(request: HttpRequest, study_key: str) -> HttpResponse:
    """The latest report of a mode, and how far the next one is."""
    study = study_for(request, study_key, Permission.VIEW)
    if study.current_version is None:
        raise Http404(_("This study was never frozen, so there is nothing to report."))
    modes = reports.modes_of(study)
    mode = request.GET.get("mode", modes[0])
    if mode not in modes:
        raise Http404(_("Nobody took part in this mode."))
    version = _version(study, request.GET.get("version", ""))
    reported = Report.objects.filter(study=study, mode=mode, version=version).defer(*_LARGE)
    report = reported.filter(status=Report.Status.DONE).order_by("-finished_at").first()
    export = exports.latest(study, mode, version) if permits(study.role, Permission.EXPORT) else None
    # A report that was masked stays masked: after the unblinding a new one shows the outcomes.
    context = {
        "study": study,
        "tabs": tabs(request, study),
        "modes": [(name, Mode(name).label) for name in modes],
        "mode": mode,
        "version": version,
        "versions": reports.versions_of(study, mode),
        "report": report,
        "left_out": [section for section in report.result.get("sections", ()) if section["left_out"]] if report else [],
        "latest": reported.order_by("-requested_at", "-pk").first(),
        "overtaken": report is not None and reports.overtaken(report),
        "open": may_show_outcomes(study, mode),
        "unblinding": getattr(study, "unblinding", None),
        "may_unblind": permits(study.role, Permission.UNBLIND) and study.status != Study.Status.DRAFT,
        "may_ask": permits(study.role, Permission.ANALYSE),
        "may_export": permits(study.role, Permission.EXPORT),
        "export": export,
        "kinds": exports.kinds(export) if export else "",
    }
    return render(request, "analysis/results.html", context)


def _version(study: Study, number: str) -> StudyVersion:
    """The study's version of this number, the current one for ''. Raises ``Http404``."""
    if not number and study.current_version is not None:
        return study.current_version
    found = StudyVersion.objects.filter(study=study, number=number if number.isdecimal() else 0).first()
    if found is None:
        raise Http404(_("This study has no such version."))
    return found


@login_required
@require_POST
def request_report(request: HttpRequest, study_key: str) -> HttpResponse:
    """Ask for a new report of a mode."""
    study = study_for(request, study_key, Permission.ANALYSE)
    mode = request.POST.get("mode", Mode.LIVE)
    if mode not in Mode.values:
        raise Http404(_("There is no such mode."))
    version = _version(study, request.POST.get("version", "")) if study.current_version else None
    try:
        reports.request_report(study, by=signed_in(request), mode=mode, version=version)
    except reports.ReportError as error:
        messages.error(request, str(error))
    return redirect(_results_url(study, mode, version))


@login_required
@require_GET
def progress(request: HttpRequest, study_key: str, report_key: str) -> HttpResponse:
    """The part of the page that says how far a report is; a done one makes the page load again."""
    study = study_for(request, study_key, Permission.VIEW)
    report = _report(study, report_key)
    may_ask = permits(study.role, Permission.ANALYSE)
    context = {"study": study, "latest": report, "may_ask": may_ask}
    return polling.part(request, "analysis/progress.html", report, context)


@login_required
@require_POST
def cancel(request: HttpRequest, study_key: str, report_key: str) -> HttpResponse:
    """End a report that is being made."""
    study = study_for(request, study_key, Permission.ANALYSE)
    report = _report(study, report_key)
    if reports.cancel(report, by=signed_in(request)):
        messages.success(request, _("The report was cancelled."))
    else:
        messages.info(request, _("The report was done already."))
    return redirect(_results_url(study, report.mode, report.version))


@login_required
@require_GET
@csp_replace({"style-src": ["'unsafe-inline'"]})  # type: ignore[arg-type]  # it is typed for views without arguments
def figure(request: HttpRequest, study_key: str, report_key: str, name: str) -> HttpResponse:
    """One figure as SVG, which carries its own styles."""
    report = _open_report(request, study_key, report_key, Permission.VIEW)
    for one in report.result.get("figures", ()):
        if one["name"] == name:
            return HttpResponse(follows_theme(one["svg"]), content_type="image/svg+xml")
    raise Http404(_("This report has no such figure."))


@login_required
@require_GET
def download_html(request: HttpRequest, study_key: str, report_key: str) -> HttpResponse:
    """The report as one file."""
    report = _open_report(request, study_key, report_key, Permission.ANALYSE)
    return _file(report.html.encode(), "text/html; charset=utf-8", f"report-{report.data_sha256[:12]}.html")


@login_required
@require_GET
def download_archive(request: HttpRequest, study_key: str, report_key: str) -> HttpResponse:
    """The report with its figures and tables as files, in one zip."""
    report = _open_report(request, study_key, report_key, Permission.ANALYSE)
    if report.archive is None:
        raise Http404(_("This report was made before its figures came as files. Make a new one."))
    return _file(bytes(report.archive), "application/zip", f"report-{report.data_sha256[:12]}.zip")


@login_required
@require_http_methods(["GET", "POST"])
def unblind(request: HttpRequest, study_key: str) -> HttpResponse:
    """Ask for the reason, log it, and open the outcomes."""
    study = study_for(request, study_key, Permission.UNBLIND)
    problem, reason = "", request.POST.get("reason", "")
    if request.method == "POST":
        try:
            lifecycle.unblind(study, signed_in(request), reason)
        except LifecycleError as error:
            problem = " ".join(error.problems)
        else:
            reports.request_report(study, by=signed_in(request), mode=Mode.LIVE)
            messages.success(request, _("The study is unblinded. A report with its outcomes is being made."))
            return redirect("analysis:results", study_key=study.key)
    context = {"study": study, "tabs": tabs(request, study), "problem": problem, "reason": reason}
    return render(request, "analysis/unblind.html", context, status=422 if problem else 200)


def _report(study: Study, report_key: str) -> Report:
    report = Report.objects.select_related("study").defer(*_LARGE).filter(study=study, key=report_key).first()
    if report is None:
        raise Http404(_("There is no such report in this study."))
    return report


def _open_report(request: HttpRequest, study_key: str, report_key: str, permission: Permission) -> Report:
    """A done report for somebody who may have it."""
    report = _report(study_for(request, study_key, permission), report_key)
    if report.status != Report.Status.DONE:
        raise Http404(_("This report is not done."))
    return report


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _results_url(study: Study, mode: str, version: StudyVersion | None) -> str:
    query = {"mode": mode} | ({"version": str(version.number)} if version else {})
    return f"{reverse('analysis:results', kwargs={'study_key': study.key})}?{urlencode(query)}"
