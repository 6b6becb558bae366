"""What every page of a study in the workbench shows: its sections, what the researcher may do, its messages."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from surveys.access import Permission, permits
from surveys.lifecycle import Tab, study_tabs
from surveys.models import Study

# The pages of a study by the name of their URL; a page below one of them (an arm's own page) keeps it current.
SECTIONS = (
    ("study", _("Overview")),
    ("study-texts", _("Texts")),
    ("study-design", _("Design")),
    ("study-questions", _("Questions")),
    ("study-arms", _("Arms")),
    ("study-articles", _("Articles")),
    ("study-recruitment", _("Recruitment")),
    ("study-monitor", _("Monitor")),
    ("study-people", _("People")),
    ("study-log", _("Log")),
)


def study_page(
    request: HttpRequest,
    study: Study,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """A page about a study, with its sections and what the researcher may do.

    ``template`` lies below templates/workbench/; another app gives its own whole name, such as generation/batch.html.
    """
    may = {permission.value: permits(study.role, permission) for permission in Permission}
    return render(
        request,
        template if "/" in template else f"workbench/{template}",
        {
            "study": study,
            "tabs": _tabs(request, study, may),
            "may": may,
            "editable": study.is_draft and may["edit"],
            "curable": study.is_draft and may["curate"],
            **(context or {}),
        },
        status=status,
    )


def _tabs(request: HttpRequest, study: Study, may: Mapping[str, bool]) -> list[Tab]:
    here = request.path
    tabs = []
    for name, label in SECTIONS:
        if name == "study-recruitment" and not may["run"]:
            continue
        url = reverse(f"workbench:{name}", args=[study.key])
        current = here == url if name == "study" else here.startswith(url)
        tabs.append(Tab(str(label), url, current))
    return [*tabs, *study_tabs(request, study)]


def absolute(request: HttpRequest, path: str) -> str:
    """The whole address of a path, for a link that is copied and sent: PUBLIC_URL's, or else that of this request."""
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


def show_problems(form: BaseForm, problems: Mapping[str, str] | Iterable[str]) -> None:
    """Put a domain's problems beside the fields they are about, or above the form where it has no such field."""
    if isinstance(problems, Mapping):
        for field, problem in problems.items():
            form.add_error(field if field in form.fields else None, problem)
    else:
        for problem in problems:
            form.add_error(None, problem)


def lock(form: BaseForm, *, unless: bool) -> None:
    """Show a form's values without letting them be changed, where the study or the role does not allow it."""
    if not unless:
        for field in form.fields.values():
            field.disabled = True
