"""The pages of a study's data files: asked for, followed while they are made, downloaded from any byte on."""

import re
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST, require_safe

from analysis import exports, polling, reports
from analysis.models import Export
from surveys import audit
from surveys.access import Permission, permits, signed_in, study_for
from surveys.lifecycle import may_show_outcomes
from surveys.models import Mode, Study
from surveys.workbench.pages import tabs

# No file has a place of more digits: such a header is one that is not understood.
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
LABELS = {
    "parquet": gettext_lazy("Parquet: for R (arrow), Python and DuckDB"),
    "spss": gettext_lazy("SPSS (.sav)"),
    "stata": gettext_lazy("Stata (.dta)"),
    "excel": gettext_lazy("Excel (.xlsx)"),
    "json-lines": gettext_lazy("JSON lines"),
    "qualtrics": gettext_lazy("Qualtrics-style CSV"),
}


@login_required
@require_GET
def files(request: HttpRequest, study_key: str) -> HttpResponse:
    """Every export of the study, the newest first, and the form that asks for another."""
    study = study_for(request, study_key, Permission.EXPORT)
    if study.current_version is None:
        raise Http404(_("This study was never frozen, so there is nothing to export."))
    made = Export.objects.filter(study=study).select_related("requested_by", "version").order_by("-requested_at", "-pk")
    modes = [mode for mode in Mode.values if mode in reports.modes_of(study)]
    mode = request.GET.get("mode", modes[0])
    listed = [_shown(export, permits(study.role, Permission.IDENTIFY)) for export in made]
    context = {
        "study": study,
        "tabs": tabs(request, study),
        "exports": listed,
        "ready": bool(listed) and listed[0]["next"] == "download",
        "modes": [(name, Mode(name).label) for name in modes],
        "mode": mode,
        "versions": reports.versions_of(study, mode),
        "masked": not may_show_outcomes(study, mode),
        "formats": LABELS.items(),
        "may_identify": permits(study.role, Permission.IDENTIFY),
        "smallest": exports.KEPT_IDENTIFYING.days,
        "kept": exports.KEPT.days,
    }
    return render(request, "analysis/exports.html", context)


def _shown(export: Export, may_identify: bool) -> dict[str, Any]:
    """An export as the page lists it; ``next`` is what to do with it: download it, make it again, or nothing."""
    overtaken = reports.overtaken(export)
    then = "download" if export.size and not overtaken else "again"
    return {
        "export": export,
        "kinds": exports.kinds(export),
        "overtaken": overtaken,
        "next": then if may_identify or not export.identifying else "",
    }


@login_required
@require_POST
def request_export(request: HttpRequest, study_key: str) -> HttpResponse:
    """Ask for an export; identifying columns are for owners."""
    identifying = request.POST.get("identifying") == "yes"
    study = study_for(request, study_key, Permission.IDENTIFY if identifying else Permission.EXPORT)
    mode = request.POST.get("mode", Mode.LIVE)
    if mode not in Mode.values:
        raise Http404(_("There is no such mode."))
    version = None
    if number := request.POST.get("version", ""):
        version = study.versions.filter(number=number if number.isdecimal() else 0).first()
        if version is None:
            raise Http404(_("This study has no such version."))
    try:
        exports.request_export(
            study,
            by=signed_in(request),
            mode=mode,
            version=version,
            formats=request.POST.getlist("formats"),
            identifying=identifying,
        )
    except exports.ExportError as error:
        messages.error(request, str(error))
    return redirect("analysis:exports", study_key=study.key)


@login_required
@require_GET
def progress(request: HttpRequest, study_key: str, export_key: str) -> HttpResponse:
    """The part of a page that says how far an export is; a done one makes the page load again."""
    study = study_for(request, study_key, Permission.EXPORT)
    export = _export(study, export_key)
    context = {"study": study, "export": export, "kinds": exports.kinds(export)}
    return polling.part(request, "analysis/export_progress.html", export, context)


@login_required
@require_POST
def cancel(request: HttpRequest, study_key: str, export_key: str) -> HttpResponse:
    """End an export that is being made."""
    study = study_for(request, study_key, Permission.EXPORT)
    if exports.cancel(_export(study, export_key), by=signed_in(request)):
        messages.success(request, _("The export was cancelled."))
    else:
        messages.info(request, _("The export was done already."))
    return redirect("analysis:exports", study_key=study.key)


@login_required
@require_POST
def delete(request: HttpRequest, study_key: str, export_key: str) -> HttpResponse:
    """Delete an export that is not being made any more."""
    study = study_for(request, study_key, Permission.EXPORT)
    export = _export(study, export_key)
    if export.is_open:
        messages.error(request, _("This export is still being made: cancel it first."))
    else:
        exports.delete(export, by=signed_in(request))
        messages.success(request, _("The export and its files are deleted."))
    return redirect("analysis:exports", study_key=study.key)


@login_required
@require_safe
def download(request: HttpRequest, study_key: str, export_key: str) -> HttpResponseBase:
    """The zip, or the bytes of it that a download which was cut off still lacks (RFC 9110, section 14)."""
    study = study_for(request, study_key, Permission.EXPORT)
    export = _export(study, export_key)
    if export.identifying and not permits(study.role, Permission.IDENTIFY):
        raise Http404(_("There is no such export in this study."))
    if export.status != Export.Status.DONE:
        raise Http404(_("This export is not done."))
    if not export.size or reports.overtaken(export):
        raise Http404(_("The files hold answers that were withdrawn since, or are too old. Make a new export."))
    etag = f'"{export.sha256}"'
    name = f"{study.key}-{export.mode}-v{export.version.number}-{export.sha256[:12]}.zip"
    headers = {"Accept-Ranges": "bytes", "ETag": etag, "Content-Disposition": f'attachment; filename="{name}"'}
    wanted = request.headers.get("Range", "")
    if wanted and request.headers.get("If-Range", etag) == etag:
        first, last = _bounds(wanted, export.size)
        if first > last:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{export.size}"})
    else:
        first, last = 0, export.size - 1
    whole = (first, last) == (0, export.size - 1)
    headers["Content-Length"] = str(last - first + 1)
    if not whole:
        headers["Content-Range"] = f"bytes {first}-{last}/{export.size}"
    if request.method == "HEAD":
        return HttpResponse(status=200 if whole else 206, content_type="application/zip", headers=headers)
    if first == 0:
        subject = f"{export.key}{' WITH identifying columns' if export.identifying else ''}"
        audit.record(study, "export downloaded", by=signed_in(request), subject=subject)
    return StreamingHttpResponse(
        exports.read(export, first, last),
        status=200 if whole else 206,
        content_type="application/zip",
        headers=headers,
    )


def _bounds(wanted: str, size: int) -> tuple[int, int]:
    """First and last byte of a Range header with one range; the whole file for one that is not understood.

    A first byte behind the last says that there is no such range.
    """
    match = _RANGE.fullmatch(wanted.replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        return 0, size - 1
    first, last = match.groups()
    if first and last and int(last) < int(first):
        # Invalid, and so ignored (RFC 9110, section 14.1.1).
        return 0, size - 1
    if not first:
        # The last so many bytes.
        return (max(0, size - int(last)), size - 1) if int(last) else (size, 0)
    return int(first), min(int(last), size - 1) if last else size - 1


def _export(study: Study, export_key: str) -> Export:
    found = Export.objects.select_related("study", "version").filter(study=study, key=export_key).first()
    if found is None:
        raise Http404(_("There is no such export in this study."))
    return found
