"""Where participants come from, and trying the study out before they do."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from surveys.access import Permission, permits, signed_in, study_for
from surveys.addresses import absolute
from surveys.models import Mode, Study
from surveys.recruitment import (
    ENDINGS,
    ENDINGS_WITHOUT_PANEL,
    WITHOUT_PANEL,
    Recruitment,
    RecruitmentError,
    entry_parameters,
    read,
    return_link,
    signed_mode,
    store,
)
from surveys.workbench.forms.recruitment import RecruitmentForm
from surveys.workbench.pages import show_problems, study_page


@login_required
@require_http_methods(["GET", "POST"])
def recruitment(request: HttpRequest, study_key: str) -> HttpResponse:
    """Panel, parameter names, completion codes, return links. They lie outside the hash and change at any time."""
    study = study_for(request, study_key, Permission.RUN)
    settings = read(study)
    form = RecruitmentForm(settings, _earlier(request, study), request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            store(study, form.values(), by=signed_in(request))
        except RecruitmentError as error:
            show_problems(form, error.problems)
        else:
            messages.success(request, _("The panel’s settings are saved."))
            return redirect("workbench:study-recruitment", study_key=study.key)
    context = {
        "form": form,
        "entry_link": entry_link(request, study, settings),
        "returns": _returns(settings),
        "shows_returns": bool(settings.returns) or form.is_bound,
        "keeps_nobody_out": settings.panel in WITHOUT_PANEL and bool(settings.keep_out or settings.keep_out_readers),
    }
    return study_page(request, study, "recruitment.html", context)


@login_required
@require_safe
def preview(request: HttpRequest, study_key: str) -> HttpResponse:
    """Links that let one walk through the frozen study as a participant without counting as one."""
    study = study_for(request, study_key, Permission.VIEW)
    modes = [Mode.PREVIEW, Mode.PILOT] if permits(study.role, Permission.RUN) else [Mode.PREVIEW]
    links = {}
    if study.current_version is not None and not study.is_draft:
        entry = absolute(request, reverse("participant:entry", args=[study.key]))
        links = {mode.value: f"{entry}?{urlencode({'mode': signed_mode(study, mode)})}" for mode in modes}
    return study_page(request, study, "preview.html", {"links": links})


def _earlier(request: HttpRequest, study: Study) -> dict[str, str]:
    """{key: name} of the studies whose participants can be kept out, the study's own pilot first."""
    others = Study.objects.filter(memberships__researcher=signed_in(request), launched_at__isnull=False)
    names = {each.key: each.name for each in others.exclude(pk=study.pk).order_by("-launched_at")}
    return {study.key: _("the pilot of this study"), **names}


def entry_link(request: HttpRequest, study: Study, settings: Recruitment) -> str:
    """The link as it is handed to the panel; a panel's placeholders stay as they are written."""
    entry = absolute(request, reverse("participant:entry", args=[study.key]))
    query = "&".join(f"{name}={placeholder}" for name, placeholder in entry_parameters(settings).items())
    return f"{entry}?{query}" if query else entry


def _returns(settings: Recruitment) -> list[tuple[str, str]]:
    """(how it ended, where that leads: to the panel, or to the study's own address) for each that leads somewhere."""
    endings = ENDINGS_WITHOUT_PANEL if settings.panel in WITHOUT_PANEL else ENDINGS
    links = [(str(ending.label), return_link(settings, ending.value, settings.panel, "…")) for ending in endings]
    return [(label, link) for label, link in links if link]
