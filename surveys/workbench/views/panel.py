"""Access keys; and a panel's list of submissions: what it would do is shown first, and done when it is confirmed."""

import csv
import io
from collections import Counter

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from surveys import access_keys, panel_status, recruitment
from surveys.access import Permission, signed_in, study_for
from surveys.addresses import absolute
from surveys.models import Study
from surveys.panel_status import Line, PanelFileError
from surveys.workbench.forms.panel import KeysForm, PanelFileForm, RevokeForm
from surveys.workbench.pages import study_page

MOST_LINES = 500


@login_required
@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest, study_key: str) -> HttpResponse:
    """The sheets of keys that were made; making one downloads it, once, since only hashes are kept."""
    study = study_for(request, study_key, Permission.RUN)
    form = KeysForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = access_keys.make(study, form.cleaned_data["count"], by=signed_in(request))
        return _sheet(request, study, made)
    context = {
        "form": form,
        "batches": access_keys.batches(study),
        "in_use": recruitment.read(study).panel == access_keys.PANEL,
    }
    return study_page(request, study, "access_keys.html", context)


@login_required
@require_POST
def revoke_key(request: HttpRequest, study_key: str) -> HttpResponse:
    """Revoke one unused key of a sheet by its number."""
    study = study_for(request, study_key, Permission.RUN)
    form = RevokeForm(request.POST)
    asked = form.cleaned_data if form.is_valid() else {}
    if asked and access_keys.revoke(study, asked["batch"], asked["number"], by=signed_in(request)):
        messages.success(request, _("Key %(number)s of sheet %(batch)s lets nobody in any more.") % asked)
    else:
        messages.error(
            request, _("Nothing was revoked: the sheet has no unused key of this number. Look at the number again.")
        )
    return redirect("workbench:study-access-keys", study_key=study.key)


def _sheet(request: HttpRequest, study: Study, made: list[str]) -> HttpResponse:
    address = absolute(request, reverse("participant:entry", args=[study.key]))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["number", "key", "address"])
    writer.writerows((number, key, address) for number, key in enumerate(made, start=1))
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="access-keys-{study.key}.csv"'
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_http_methods(["GET", "POST"])
def statuses(request: HttpRequest, study_key: str) -> HttpResponse:
    """A file leads to the look, the look to the confirmation; nothing is written before that."""
    study = study_for(request, study_key, Permission.RUN)
    if request.method == "POST" and "list" in request.POST:
        return _confirmed(request, study)
    is_sent = request.method == "POST"
    form = PanelFileForm(request.POST if is_sent else None, request.FILES if is_sent else None)
    if is_sent and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            rows = panel_status.read(file.read())
        except PanelFileError as error:
            return _page(request, study, form, error, file.name)
        lines = panel_status.look(study, rows)
        return study_page(
            request,
            study,
            "panel_statuses_look.html",
            {
                "filename": file.name,
                "lines": lines[:MOST_LINES],
                "more": max(0, len(lines) - MOST_LINES),
                "counts": _counted(lines),
                "release": sum(line.what == "release" for line in lines),
                "list": panel_status.pack(study, rows),
            },
        )
    return _page(request, study, form)


def _confirmed(request: HttpRequest, study: Study) -> HttpResponse:
    try:
        rows = panel_status.unpack(study, request.POST["list"])
    except PanelFileError as error:
        return _page(request, study, PanelFileForm(), error)
    counts = panel_status.apply(study, rows, by=signed_in(request))
    freed = counts["release"]
    told = ngettext("%(n)s place is free again.", "%(n)s places are free again.", freed) % {"n": freed}
    messages.success(request, f"{told} {_('Every submission’s status is kept.')}")
    return redirect("workbench:study-panel-statuses", study_key=study.key)


def _page(
    request: HttpRequest,
    study: Study,
    form: PanelFileForm,
    error: PanelFileError | None = None,
    filename: str = "",
) -> HttpResponse:
    problems = error.problems if error else ()
    context = {
        "form": form,
        "filename": filename,
        "problems": problems[:MOST_LINES],
        "more": max(0, len(problems) - MOST_LINES),
        "known": panel_status.STATUSES,
    }
    return study_page(request, study, "panel_statuses.html", context, status=422 if problems else 200)


def _counted(lines: list[Line]) -> list[tuple[str, int]]:
    """(what it means in words, how many), only what there is."""
    words = {
        "release": _("under way here and ended at the panel: their part ends, their place is free again"),
        "another": _(
            "under way here, and the list tells of another submission than the one they came with: nothing changes"
        ),
        "completed": _(
            "completed here although the panel says that they returned or timed out: nothing changes, look at them"
        ),
        "goes-on": _("under way here and at the panel: nothing changes"),
        "ended": _("had ended here before: nothing changes"),
        "not-consented": _("came and have not consented: they hold no place"),
        "unknown": _("never came here: they hold no place"),
    }
    counts = Counter(line.what for line in lines)
    return [(label, counts[what]) for what, label in words.items() if counts[what]]  # type: ignore[index]  # its keys
