"""What every page of a study in the workbench shows: its sections, what the researcher may do, its messages."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from surveys.access import Permission, permits
from surveys.models import Study
from surveys.other_apps import Tab, study_tabs

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
    ("study-quality", _("Quality")),
)
LAST_SECTIONS = (
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
            "tabs": tabs(request, study),
            "may": may,
            "editable": study.is_draft and may["edit"],
            "curable": study.is_draft and may["curate"],
            **(context or {}),
        },
        status=status,
    )


def tabs(request: HttpRequest, study: Study) -> list[Tab]:
    """The study's pages, with those that the other apps add: every page about a study shows them all."""
    return [
        *_sections(request, study, SECTIONS),
        *study_tabs(request, study),
        *_sections(request, study, LAST_SECTIONS),
    ]


def _sections(request: HttpRequest, study: Study, sections: Iterable[tuple[str, str | Promise]]) -> Iterator[Tab]:
    here = request.path
    for name, label in sections:
        if name == "study-recruitment" and not permits(study.role, Permission.RUN):
            continue
        url = reverse(f"workbench:{name}", args=[study.key])
        yield Tab(str(label), url, here == url if name == "study" else here.startswith(url))


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
