"""The pages on which a draft's texts, design and analysis plan are written."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from surveys.access import Permission, permits, signed_in, study_for
from surveys.articles import DraftOnly
from surveys.definition import DefinitionError
from surveys.drafting import ChangedMeanwhile, change_definition, definition_of, parts_digest
from surveys.models import Study
from surveys.workbench.forms.design import DesignForm
from surveys.workbench.forms.drafted import DefinitionForm
from surveys.workbench.forms.texts import TextsForm
from surveys.workbench.pages import lock, show_problems, study_page


@login_required
@require_http_methods(["GET", "POST"])
def texts(request: HttpRequest, study_key: str) -> HttpResponse:
    """Title, consent, reading intro, debriefing, thanks, contact and ethics board, in every language."""
    study = study_to_write(request, study_key)
    given = request.POST if request.method == "POST" else None
    form = TextsForm(definition_of(study), parts_digest(study, TextsForm.parts), given)
    if request.method == "POST" and saved(request, study, form):
        messages.success(request, _("The texts are saved."))
        return redirect("workbench:study-texts", study_key=study.key)
    return definition_page(request, study, form, "texts.html")


@login_required
@require_http_methods(["GET", "POST"])
def design(request: HttpRequest, study_key: str) -> HttpResponse:
    """How articles are given to people, and the analysis plan."""
    study = study_to_write(request, study_key)
    given = request.POST if request.method == "POST" else None
    arms = list(study.arms.order_by("position", "pk"))
    form = DesignForm(definition_of(study), parts_digest(study, DesignForm.parts), arms, given)
    if request.method == "POST" and saved(request, study, form):
        messages.success(request, _("The design and the plan are saved."))
        return redirect("workbench:study-design", study_key=study.key)
    return definition_page(request, study, form, "design.html")


def study_to_write(request: HttpRequest, study_key: str) -> Study:
    """The study, for a page that shows a part of its definition to everybody and lets its editors change it."""
    return study_for(request, study_key, Permission.EDIT if request.method == "POST" else Permission.VIEW)


def saved(request: HttpRequest, study: Study, form: DefinitionForm) -> bool:
    """Whether the form could be stored; if not, the form says why and still holds what was typed."""
    if not form.is_valid():
        return False
    try:
        change_definition(study, form.changes(), by=signed_in(request), seen=form.cleaned_data["seen"])
    except DefinitionError as error:
        show_problems(form, error.problems)
    except DraftOnly as error:
        show_problems(form, [str(error)])
    except ChangedMeanwhile as error:
        show_problems(form, [str(error)])
        study.refresh_from_db(fields=["definition"])
        form.renew(parts_digest(study, form.parts))
    return not form.errors


def definition_page(request: HttpRequest, study: Study, form: DefinitionForm, template: str) -> HttpResponse:
    """A page with the form of a part of the definition, locked where it cannot be changed."""
    lock(form, unless=form.is_bound or (study.is_draft and permits(study.role, Permission.EDIT)))
    return study_page(request, study, template, {"form": form})
