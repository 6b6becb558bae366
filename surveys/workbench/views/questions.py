"""The questions of a study: shown as they are, exported and imported as a file, added from the library."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from surveys.access import Permission, signed_in, study_for
from surveys.articles import DraftOnly
from surveys.definition import DefinitionError
from surveys.drafting import add_instrument, definition_of, move_block, remove_block
from surveys.library import offered
from surveys.lifecycle import LifecycleError, export_definition, import_definition
from surveys.models import Study
from surveys.workbench.forms.study import DefinitionFileForm, LibraryForm
from surveys.workbench.pages import show_problems, study_page


@login_required
@require_safe
def questions(request: HttpRequest, study_key: str) -> HttpResponse:
    """Every block of questions, in the order in which participants meet them."""
    study = study_for(request, study_key, Permission.VIEW)
    return _page(request, study, LibraryForm(), DefinitionFileForm())


@login_required
@require_POST
def add(request: HttpRequest, study_key: str) -> HttpResponse:
    """Add an instrument of the library as a block behind the others."""
    study = study_for(request, study_key, Permission.EDIT)
    form = LibraryForm(request.POST)
    if form.is_valid():
        try:
            add_instrument(study, form.cleaned_data["instrument"], form.cleaned_data["when"], by=signed_in(request))
        except DefinitionError as error:
            show_problems(form, error.problems)
        except DraftOnly as error:
            show_problems(form, [str(error)])
        else:
            messages.success(request, _("The questions are added."))
            return redirect("workbench:study-questions", study_key=study.key)
    return _page(request, study, form, DefinitionFileForm())


@login_required
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, study_key: str, block_key: str) -> HttpResponse:
    """Ask, then take a block of questions out of the draft."""
    study = study_for(request, study_key, Permission.EDIT)
    block = next((each for each in definition_of(study).blocks if each.key == block_key), None)
    if block is None:
        raise Http404(_("There is no such block of questions."))
    if request.method == "POST":
        by = signed_in(request)
        _attempt(request, _("The questions are removed."), lambda: remove_block(study, block_key, by=by))
        return redirect("workbench:study-questions", study_key=study.key)
    return study_page(request, study, "question_remove.html", {"removed": block})


@login_required
@require_POST
def move(request: HttpRequest, study_key: str, block_key: str) -> HttpResponse:
    """Move a block before its neighbour, or behind with ``direction=down``."""
    study = study_for(request, study_key, Permission.EDIT)
    up = request.POST.get("direction") != "down"
    _attempt(request, _("The order is changed."), lambda: move_block(study, block_key, by=signed_in(request), up=up))
    return redirect("workbench:study-questions", study_key=study.key)


@login_required
@require_safe
def export(request: HttpRequest, study_key: str) -> HttpResponse:
    """The definition and the arms as a JSON file."""
    study = study_for(request, study_key, Permission.VIEW)
    response = HttpResponse(export_definition(study), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="study-{study.key}.json"'
    return response


@login_required
@require_POST
def load(request: HttpRequest, study_key: str) -> HttpResponse:
    """Replace the draft's definition by a file's, whole or not at all."""
    study = study_for(request, study_key, Permission.EDIT)
    form = DefinitionFileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            import_definition(study, signed_in(request), form.cleaned_data["file"].read())
        except LifecycleError as error:
            show_problems(form, [f"{form.cleaned_data['file'].name}: {problem}" for problem in error.problems])
        else:
            messages.success(request, _("The definition is imported."))
            return redirect("workbench:study-questions", study_key=study.key)
    return _page(request, study, LibraryForm(), form)


def _attempt(request: HttpRequest, done: str, act: Callable[[], object]) -> None:
    try:
        act()
    except DefinitionError as error:
        messages.error(request, " ".join(error.problems))
    except DraftOnly as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)


def _page(
    request: HttpRequest, study: Study, library: LibraryForm, definition_file: DefinitionFileForm
) -> HttpResponse:
    definition = definition_of(study)
    stages = [
        (_("Before the articles"), definition.at("before")),
        (_("Beside each article"), definition.at("reading")),
        (_("About each article, after all were read"), definition.at("looking-back")),
        (_("After the articles"), definition.at("after")),
    ]
    return study_page(
        request,
        study,
        "questions.html",
        {
            "stages": [(title, blocks) for title, blocks in stages if blocks],
            "language": definition.languages[0],
            "library": library,
            "library_problems": offered().problems,
            "definition_file": definition_file,
        },
    )
