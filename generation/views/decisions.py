"""What a curator does with a text: accept, edit, reject, reopen, undo. Each ends at the next text of the queue."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from generation import curation
from generation.curation import CurationError, DecidedMeanwhile, standing_text
from generation.forms import AcceptForm, EditForm, RejectForm
from generation.models import Candidate
from generation.reviewing import Filters, last_decision, neighbours
from generation.views.review import candidate_page, candidate_url, found
from surveys.access import Permission, signed_in, study_for
from surveys.articles import ArticleError, DraftOnly
from surveys.models import Study
from surveys.workbench.pages import show_problems, study_page


@login_required
@require_POST
def accept(request: HttpRequest, study_key: str, number: int, index: int) -> HttpResponse:
    """Make the text an article of the study."""
    study = study_for(request, study_key, Permission.CURATE)
    text = found(study, number, index)
    form = AcceptForm(study, request.POST)
    if form.is_valid():
        try:
            article = curation.accept(text, by=signed_in(request), **form.cleaned_data)
            messages.success(request, _("Accepted as the article %(key)s.") % {"key": article.key})
            return _onward(request, study, text)
        except (DecidedMeanwhile, DraftOnly) as error:
            return _told(request, study, text, str(error))
        except (CurationError, ArticleError) as error:
            show_problems(form, error.problems)
    return candidate_page(request, study, text, accept_form=form)


@login_required
@require_POST
def reject(request: HttpRequest, study_key: str, number: int, index: int) -> HttpResponse:
    """Refuse the text, with a reason."""
    study = study_for(request, study_key, Permission.CURATE)
    text = found(study, number, index)
    form = RejectForm(request.POST)
    if form.is_valid():
        try:
            curation.reject(text, by=signed_in(request), **form.cleaned_data)
            messages.success(request, _("Rejected."))
            return _onward(request, study, text)
        except DecidedMeanwhile as error:
            return _told(request, study, text, str(error))
        except CurationError as error:
            show_problems(form, error.problems)
    return candidate_page(request, study, text, reject_form=form)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, study_key: str, number: int, index: int) -> HttpResponse:
    """Change the text; the draft stays beside it."""
    study = study_for(request, study_key, Permission.CURATE)
    text = found(study, number, index)
    initial = {"text": standing_text(text), "revision": text.revision}
    form = EditForm(request.POST if request.method == "POST" else None, initial=initial)
    filters = Filters.read(request.GET)
    if request.method == "POST" and form.is_valid():
        try:
            curation.edit(text, by=signed_in(request), **form.cleaned_data)
            messages.success(request, _("Saved. The draft is kept beside it."))
            return redirect(candidate_url(study, text, filters))
        except CurationError as error:
            # What was typed stays on the page, also where somebody else was quicker.
            show_problems(form, error.problems)
    back = candidate_url(study, text, filters)
    return study_page(request, study, "generation/edit.html", {"candidate": text, "form": form, "back": back})


@login_required
@require_POST
def reopen(request: HttpRequest, study_key: str, number: int, index: int) -> HttpResponse:
    """Take a decision back."""
    study = study_for(request, study_key, Permission.CURATE)
    return _reopened(request, study, found(study, number, index))


@login_required
@require_POST
def undo(request: HttpRequest, study_key: str) -> HttpResponse:
    """Take back what this person decided last."""
    study = study_for(request, study_key, Permission.CURATE)
    last = last_decision(study, signed_in(request))
    if last is None:
        messages.info(request, _("There is nothing of yours to undo."))
        return redirect("generation:review", study_key=study.key)
    return _reopened(request, study, last.candidate)


def _reopened(request: HttpRequest, study: Study, text: Candidate) -> HttpResponse:
    try:
        curation.reopen(text, by=signed_in(request))
    except (DecidedMeanwhile, DraftOnly, ArticleError) as error:
        return _told(request, study, text, str(error))
    messages.success(request, _("Open again. The log keeps both."))
    return redirect(candidate_url(study, text, Filters.read(request.GET)))


def _onward(request: HttpRequest, study: Study, text: Candidate) -> HttpResponse:
    """To the next text of the queue; from its end back to its beginning."""
    filters = Filters.read(request.GET)
    _before, behind = neighbours(filters.texts(study), text)
    if behind is not None:
        return redirect(candidate_url(study, behind, filters))
    url = redirect("generation:review", study_key=study.key).url
    return redirect(f"{url}?{filters.query}" if filters.query else url)


def _told(request: HttpRequest, study: Study, text: Candidate, problem: str) -> HttpResponse:
    messages.error(request, problem)
    return redirect(candidate_url(study, text, Filters.read(request.GET)))
