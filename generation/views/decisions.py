"""What a curator does with a text: accept, reject, reopen, mark, note, undo; and then the next text of the queue."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from generation import bulk, curation, opinions, remarks, scratch, undoing
from generation.assignments import panel_of
from generation.curation import CurationError, DecidedMeanwhile
from generation.models import Candidate, Edit, Opinion
from generation.placing import default_arm
from generation.review_forms import AcceptForm, PlainAcceptForm, RejectForm, RemarkForm
from generation.views.review import candidate_page, candidate_url, filters_of, found
from surveys.access import Permission, signed_in, study_for
from surveys.articles import ArticleError, DraftOnly
from surveys.models import Study
from surveys.workbench.pages import show_problems

Form = AcceptForm | PlainAcceptForm | RejectForm


@login_required
@require_POST
def accept(request: HttpRequest, study_key: str, code: str) -> HttpResponse:
    """Make the text an article of the study, or give one's opinion for it."""
    study = study_for(request, study_key, Permission.CURATE)
    text = found(study, code)
    is_blind = filters_of(request, study).is_blind
    if signed_in(request).pk in panel_of(text).missing:
        return _opinion(request, study, text, PlainAcceptForm(request.POST), Opinion.Verdict.ACCEPT)
    form = PlainAcceptForm(request.POST) if is_blind else AcceptForm(study, request.POST)

    def decide() -> str:
        given = {"arm": default_arm(text.batch), **form.cleaned_data} if is_blind else form.cleaned_data
        article = curation.accept(text, by=signed_in(request), **given)
        return _("Accepted as the article %(key)s.") % {"key": article.key}

    return _done(request, study, text, form, decide)


@login_required
@require_POST
def reject(request: HttpRequest, study_key: str, code: str) -> HttpResponse:
    """Refuse the text with a reason, or give one's opinion against it."""
    study = study_for(request, study_key, Permission.CURATE)
    text = found(study, code)
    form = RejectForm(request.POST)
    if signed_in(request).pk in panel_of(text).missing:
        return _opinion(request, study, text, form, Opinion.Verdict.REJECT)

    def decide() -> str:
        curation.reject(text, by=signed_in(request), **form.cleaned_data)
        return _("Rejected.")

    return _done(request, study, text, form, decide)


@login_required
@require_POST
def reopen(request: HttpRequest, study_key: str, code: str) -> HttpResponse:
    """Take a decision back."""
    study = study_for(request, study_key, Permission.CURATE)
    text = found(study, code)
    try:
        curation.reopen(text, by=signed_in(request))
    except (DecidedMeanwhile, DraftOnly, ArticleError) as error:
        return _told(request, study, text, str(error))
    messages.success(request, _("Open again. The log keeps both."))
    return redirect(candidate_url(study, text, filters_of(request, study)))


@login_required
@require_POST
def undo(request: HttpRequest, study_key: str) -> HttpResponse:
    """Take back what this person did last, or an opinion that its text's page names."""
    study = study_for(request, study_key, Permission.CURATE)
    by = signed_in(request)
    asked = request.POST.get("act", "")
    act = undoing.act_named(study, by, asked) if asked else undoing.last_act(study, by)
    if act is None:
        messages.info(request, undoing.why_not(study, by, asked))
        return _queue(request, study)
    try:
        text = undoing.take_back(act, by)
    except (CurationError, DraftOnly, ArticleError) as error:
        messages.error(request, str(error))
        return _queue(request, study)
    is_edit = isinstance(act, Edit)
    messages.success(
        request, _("The text is as before. The edit is kept.") if is_edit else _("Open again. The log keeps both.")
    )
    return _queue(request, study) if text is None else redirect(candidate_url(study, text, filters_of(request, study)))


@login_required
@require_POST
def reject_flagged(request: HttpRequest, study_key: str) -> HttpResponse:
    """Reject all flagged texts that the filters show, by one stroke."""
    study = study_for(request, study_key, Permission.CURATE)
    by = signed_in(request)
    texts = filters_of(request, study).texts(study, by)
    try:
        done = bulk.reject_flagged(study, texts, by=by, shown=request.POST.get("shown", ""))
    except (CurationError, DraftOnly) as error:
        messages.error(request, str(error))
        return _queue(request, study)
    n = done.reviews.count()
    said = ngettext("%(n)s flagged text is rejected.", "%(n)s flagged texts are rejected.", n) % {"n": n}
    messages.success(request, f"{said} {_('Undo takes all of them back.')}")
    return _queue(request, study)


@login_required
@require_POST
def mark(request: HttpRequest, study_key: str, code: str) -> HttpResponse:
    """Mark the text to be looked at again, or take the mark off."""
    return _remark(request, study_key, code, toggle=True)


@login_required
@require_POST
def note(request: HttpRequest, study_key: str, code: str) -> HttpResponse:
    """Leave a note with the text."""
    return _remark(request, study_key, code, toggle=False)


def _remark(request: HttpRequest, study_key: str, code: str, *, toggle: bool) -> HttpResponse:
    study = study_for(request, study_key, Permission.CURATE)
    text = found(study, code)
    form = RemarkForm(request.POST)
    if form.is_valid():
        try:
            remarks.remark(text, by=signed_in(request), toggle=toggle, **form.cleaned_data)
            if not toggle:
                scratch.forget(text, signed_in(request), "note")
            return redirect(candidate_url(study, text, filters_of(request, study)))
        except CurationError as error:
            show_problems(form, error.problems)
        except DraftOnly as error:
            return _told(request, study, text, str(error))
    return candidate_page(request, study, text, remark_form=form)


def _opinion(request: HttpRequest, study: Study, text: Candidate, form: Form, verdict: str) -> HttpResponse:
    def decide() -> str:
        panel = opinions.give(text, by=signed_in(request), verdict=verdict, **form.cleaned_data)
        if panel.missing:
            return _("Your opinion is kept. Others are still asked.")
        return _("All agree: it is decided.") if panel.verdict else _("Opinions differ: somebody adjudicates.")

    return _done(request, study, text, form, decide)


def _done(request: HttpRequest, study: Study, text: Candidate, form: Form, decide: Callable[[], str]) -> HttpResponse:
    """Onward where it could be decided; else the page again, with what is wrong at its field."""
    name = "reject_form" if isinstance(form, RejectForm) else "accept_form"
    if form.is_valid():
        try:
            messages.success(request, decide())
            return _onward(request, study, text)
        except DecidedMeanwhile as error:
            wanted = Candidate.Decision.REJECTED if name == "reject_form" else Candidate.Decision.ACCEPTED
            last = text.reviews.order_by("number").last()
            if last is None or last.by_id != signed_in(request).pk or last.new != wanted or last.rule:
                return _told(request, study, text, str(error))
            # The same click sent twice.
            messages.info(request, _("You had decided that already."))
            return _onward(request, study, text)
        except DraftOnly as error:
            return _told(request, study, text, str(error))
        except (CurationError, ArticleError) as error:
            show_problems(form, error.problems)
            # What was refused had counted up the row's revision before it was taken back.
            text = found(study, text.code)
    forms: dict[str, Any] = {name: form}
    return candidate_page(request, study, text, **forms)


def _onward(request: HttpRequest, study: Study, text: Candidate) -> HttpResponse:
    """To the next text of the queue; from its end back to its beginning."""
    filters = filters_of(request, study)
    behind = filters.neighbours(study, signed_in(request), text).behind
    return redirect(candidate_url(study, behind, filters)) if behind is not None else _queue(request, study)


def _queue(request: HttpRequest, study: Study) -> HttpResponse:
    query = filters_of(request, study).query
    url = redirect("generation:review", study_key=study.key).url
    return redirect(f"{url}?{query}" if query else url)


def _told(request: HttpRequest, study: Study, text: Candidate, problem: str) -> HttpResponse:
    messages.error(request, problem)
    return redirect(candidate_url(study, text, filters_of(request, study)))
