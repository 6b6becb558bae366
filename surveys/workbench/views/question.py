"""One question of a draft: written, changed, moved, removed; and the page that it stands on, changed and tried out."""

import secrets
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from surveys.access import Permission, signed_in, study_for
from surveys.articles import DraftOnly
from surveys.definition import Block, Definition, DefinitionError
from surveys.drafting import ChangedMeanwhile, definition_of, parts_digest
from surveys.instruments.writing import written
from surveys.items import Item
from surveys.library import as_instrument
from surveys.models import Study
from surveys.questions import add_items, change_block, find_item, grid_of, move_item, remove_items, replace_items
from surveys.workbench.forms.question_pages import KINDS, NAMES, BlockForm
from surveys.workbench.forms.questions import QuestionForm, kind_of
from surveys.workbench.forms.scoring import ScoringForm
from surveys.workbench.pages import show_problems, study_page
from surveys.workbench.trial import Tried, try_out

PARTS = ("blocks",)


@login_required
@require_safe
def choose(request: HttpRequest, study_key: str) -> HttpResponse:
    """The kinds of questions, to begin a new one."""
    study = study_for(request, study_key, Permission.EDIT)
    return study_page(request, study, "question_kinds.html", {"kinds": KINDS})


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, study_key: str, kind: str) -> HttpResponse:
    """A new question of this kind."""
    study = study_for(request, study_key, Permission.EDIT)
    if kind not in NAMES:
        raise Http404(_("There is no such kind of question."))
    form = QuestionForm(definition_of(study), kind, (), parts_digest(study, PARTS), _posted(request))

    def add() -> None:
        how, _colon, where = form.cleaned_data["place"].partition(":")
        place = {"block": "", "when": where} if how == "new" else {"block": where}
        add_items(study, form.read_items, **place, by=signed_in(request), seen=form.cleaned_data["seen"])

    return _written(request, study, form, add, _("The question is added."))


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, study_key: str, item_key: str) -> HttpResponse:
    """A question that is there, or the whole grid in which it is a row."""
    study = study_for(request, study_key, Permission.EDIT)
    definition = definition_of(study)
    block, item = _item(definition, item_key)
    items = grid_of(block, item)
    form = QuestionForm(definition, kind_of(item), items, parts_digest(study, PARTS), _posted(request))

    def change() -> None:
        keys = [each.key for each in items]
        replace_items(study, keys, form.read_items, by=signed_in(request), seen=form.cleaned_data["seen"])

    return _written(request, study, form, change, _("The question is saved."), block)


@login_required
@require_http_methods(["GET", "POST"])
def remove(request: HttpRequest, study_key: str, item_key: str) -> HttpResponse:
    """Ask, then take one question out of the draft."""
    study = study_for(request, study_key, Permission.EDIT)
    _block, item = _item(definition_of(study), item_key)
    if request.method == "POST":
        by = signed_in(request)
        _attempt(request, _("The question is removed."), lambda: remove_items(study, [item_key], by=by))
        return redirect("workbench:study-questions", study_key=study.key)
    return study_page(request, study, "question_remove_one.html", {"item": item})


@login_required
@require_POST
def move(request: HttpRequest, study_key: str, item_key: str) -> HttpResponse:
    """Move a question before its neighbour, or behind with ``direction=down``."""
    study = study_for(request, study_key, Permission.EDIT)
    up = request.POST.get("direction") != "down"
    _attempt(request, _("The order is changed."), lambda: move_item(study, item_key, by=signed_in(request), up=up))
    return redirect("workbench:study-questions", study_key=study.key)


@login_required
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, study_key: str, block_key: str) -> HttpResponse:
    """What stands above a page's questions, and where it is asked."""
    study = study_for(request, study_key, Permission.EDIT)
    definition = definition_of(study)
    block = _block_named(definition, block_key)
    form = BlockForm(definition, block, parts_digest(study, PARTS), _posted(request))
    if request.method == "POST" and _block_changed(request, study, block_key, form):
        messages.success(request, _("The page is saved."))
        return redirect("workbench:study-questions", study_key=study.key)
    return study_page(request, study, "question_page.html", {"form": form, "asked_on": block})


@login_required
@require_http_methods(["GET", "POST"])
def scoring(request: HttpRequest, study_key: str, block_key: str) -> HttpResponse:
    """How a page of the lab's own questions comes to one number; an instrument's scoring is the library's."""
    study = study_for(request, study_key, Permission.EDIT)
    definition = definition_of(study)
    block = _block_named(definition, block_key)
    form = ScoringForm(definition, block, parts_digest(study, PARTS), _posted(request))
    if request.method == "POST" and not block.instrument and _block_changed(request, study, block_key, form):
        messages.success(request, _("The scoring is saved."))
        return redirect("workbench:study-questions", study_key=study.key)
    about_articles = block.when in {"reading", "looking-back"}
    context = {"form": form, "asked_on": block, "about_articles": about_articles}
    return study_page(request, study, "question_scoring.html", context)


@login_required
@require_safe
def instrument_file(request: HttpRequest, study_key: str, block_key: str) -> HttpResponse:
    """A page of the lab's own questions as an instrument's file, for the folder from which every study can take it."""
    study = study_for(request, study_key, Permission.VIEW)
    definition = definition_of(study)
    block = _block_named(definition, block_key)
    if block.instrument:
        raise Http404(_("These questions come from an instrument already."))
    try:
        made = as_instrument(definition, block, study.name)
    except DefinitionError as error:
        messages.error(request, " ".join(error.problems))
        return redirect("workbench:study-questions", study_key=study.key)
    response = HttpResponse(written(made), content_type="application/toml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{made.key}.toml"'
    return response


@login_required
@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, study_key: str, block_key: str) -> HttpResponse:
    """A page of questions as participants see it; what is sent is read and shown, and kept nowhere."""
    study = study_for(request, study_key, Permission.VIEW)
    definition = definition_of(study)
    block = _block_named(definition, block_key)
    raw = {name: [str(value) for value in values] for name, values in request.POST.lists()}
    person = request.POST.get("person") or secrets.token_hex(8)
    tried: Tried = try_out(study, block, person, raw if request.method == "POST" else None)
    context: dict[str, Any] = {"study": study, "asked_on": block, "person": person, "tried": tried}
    context["title"] = definition.text(block.title, definition.languages[0]) or block.key
    return study_page(
        request,
        study,
        "participant/question_preview.html",
        context | {"problems": tried.complaints, "has_errors": bool(tried.complaints), "article": tried.article},
        status=422 if tried.complaints else 200,
    )


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _item(definition: Definition, key: str) -> tuple[Block, Item]:
    found = find_item(definition, key)
    if found is None:
        raise Http404(_("There is no such question."))
    return found


def _block_named(definition: Definition, key: str) -> Block:
    block = next((each for each in definition.blocks if each.key == key), None)
    if block is None:
        raise Http404(_("There is no such block of questions."))
    return block


def _written(
    request: HttpRequest,
    study: Study,
    form: QuestionForm,
    store: Callable[[], object],
    done: str,
    block: Block | None = None,
) -> HttpResponse:
    """The form's page, or, once it is stored, the questions with the one that was written."""
    is_sent = request.method == "POST" and not form.wants_more
    if is_sent and form.is_valid() and form.read() and _stored(study, form, store):
        messages.success(request, done)
        return redirect("workbench:study-questions", study_key=study.key)
    if form.wants_more:
        form.say_nothing()
    context = {"form": form, "kind": NAMES[form.kind], "asked_on": block, "item": form.first}
    return study_page(request, study, "question_form.html", context)


def _stored(study: Study, form: QuestionForm | BlockForm | ScoringForm, store: Callable[[], object]) -> bool:
    """Whether it could be stored; if not, the form says why and still holds what was typed."""
    try:
        store()
    except DefinitionError as error:
        show_problems(form, error.problems)
    except DraftOnly as error:
        show_problems(form, [str(error)])
    except ChangedMeanwhile as error:
        show_problems(form, [str(error)])
        study.refresh_from_db(fields=["definition"])
        form.renew(parts_digest(study, PARTS))
    return not form.errors


def _block_changed(request: HttpRequest, study: Study, key: str, form: BlockForm | ScoringForm) -> bool:
    """Whether the form is valid and what it says of this page of questions could be stored."""
    if not form.is_valid():
        return False
    seen, by = form.cleaned_data["seen"], signed_in(request)
    return _stored(study, form, lambda: change_block(study, key, form.changes(), by=by, seen=seen))


def _attempt(request: HttpRequest, done: str, act: Callable[[], object]) -> None:
    try:
        act()
    except DefinitionError as error:
        messages.error(request, " ".join(error.problems))
    except DraftOnly as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
