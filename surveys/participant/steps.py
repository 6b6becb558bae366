"""The pages of the way: each reads the position, does one thing, and leads to where the person is."""

from collections.abc import Callable, Mapping, Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_POST

from surveys import flow
from surveys.flow import Place, Problems
from surveys.flow.asking import asked_of, earlier_answers
from surveys.flow.record import DraftTooLongError
from surveys.models import Outcome, Stage
from surveys.participant import consent, endings, questions, replies, sheets, visit
from surveys.participant.replies import private

_safe_or_post = require_http_methods(["GET", "HEAD", "POST"])


@private
@_safe_or_post
def step(request: HttpRequest, study_key: str, slug: str) -> HttpResponse:
    """One page of the way; any page but the current one leads to the current one.

    Who opens one after too long has come back too late, as by a link; what is sent late from an open page is kept, as
    is a page that was open when the study closed, for a while.
    """
    place = visit.place_of(request, study_key, slug)
    if place is None:
        return replies.unknown(request, study_key)
    if visit.is_of_another(request):
        return replies.somebody_else(request, place)
    is_sent = slug == place.step.slug and request.method == "POST"
    if request.method != "HEAD" and _has_lost_its_study(place, slug, is_sent=is_sent):
        flow.end_because_closed(place)
        now = visit.place_of(request, study_key)
        return replies.unknown(request, study_key) if now is None else _past(request, now, slug)
    if request.method == "GET" and flow.end_if_late(place, timezone.now()):
        return replies.where_now(request, study_key)
    if slug == Stage.DEBRIEF and place.step.stage == Stage.END and place.participant.debriefed_at is not None:
        return endings.debrief(request, place)
    if slug != place.step.slug:
        return _past(request, place, slug)
    return _PAGES.get(place.step.stage, _questions)(request, place)


@private
@require_POST
def draft(request: HttpRequest, study_key: str) -> HttpResponse:
    """What is typed, saved as it is typed: 204 kept, 413 too long, 400 no draft, 403 nobody.

    409 where the step was answered before, 410 where the way has ended without it, 423 where it has ended, too, and the
    page itself can still be sent, and 412 where it is somebody else's than the person of this browser.
    """
    slug, sequence = request.GET.get("step", ""), request.GET.get("sequence", "")
    if not visit.is_number_of_draft(sequence):
        return HttpResponse(status=400)
    if visit.is_of_another(request):
        return HttpResponse(status=412)
    try:
        if flow.save_draft(visit.token_of(request), study_key, slug, int(sequence), visit.typed(request)):
            return HttpResponse(status=204)
    except DraftTooLongError:
        return HttpResponse(status=413)
    place = visit.place_of(request, study_key)
    if place is None:
        return HttpResponse(status=403)
    if flow.late_page(place, slug) is not None:
        return HttpResponse(status=423)
    has_ended = place.participant.outcome not in {Outcome.UNDER_WAY, Outcome.COMPLETED}
    return HttpResponse(status=410 if has_ended or (place.is_closed and place.step.slug == slug) else 409)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form whose token had expired: for participants, the same page again with all that they typed."""
    match = request.resolver_match
    if match is None or match.namespace != "participant":
        return render(request, "403_csrf.html", status=403)
    return _typed_again(request, **match.kwargs) if match.url_name == "step" else _asked_again(request)


def _has_lost_its_study(place: Place, slug: str, *, is_sent: bool = False) -> bool:
    """Whether the study has closed on somebody inside, and the page that was before them then can be sent no more.

    ``slug`` is the step that was asked for, and ``is_sent`` whether its page was sent. Who looks at that page once more
    has it before them still: a phone may have put it away meanwhile.
    """
    if not place.is_closed or place.participant.consented_at is None:
        return False
    return not ((is_sent or flow.had_open(place, slug)) and flow.can_finish_page(place))


def _questions(request: HttpRequest, place: Place) -> HttpResponse:
    if request.method != "POST":
        if request.method == "GET" and not flow.mark_shown(place):
            return replies.where_now(request, place.participant.study.key)
        return _question_page(request, place, visit.draft_of(request, place))
    raw = visit.typed(request)
    result = flow.submit(place, place.step.slug, raw)
    if isinstance(result, Problems):
        return _question_page(request, place, raw, result, sequence=_kept(request, place, raw), status=422)
    study_key = place.participant.study.key
    if result.onward:
        return replies.to_step(study_key, result.onward)
    now = visit.place_of(request, study_key)
    if now is None:
        return replies.unknown(request, study_key)
    return replies.onward(now) if result.recorded else _past(request, now, place.step.slug)


def _kept(request: HttpRequest, place: Place, raw: Mapping[str, Sequence[str]]) -> int:
    """The draft's number, now that a page that cannot be taken is kept as one: no script may have done so before.

    What another tab has saved since this page's own last draft is newer, and stays.
    """
    newest = place.draft.sequence if place.draft else 0
    sequence = visit.sequence_sent(request, newest + 1)
    try:
        flow.save_draft(visit.token_of(request), place.participant.study.key, place.step.slug, sequence, raw)
    except DraftTooLongError:
        return newest  # the page itself has all of it
    return max(sequence, newest)


def _past(request: HttpRequest, place: Place, slug: str) -> HttpResponse:
    """Onward from a page that is not the current one; who sends it other answers than the first is told of those.

    A "no" in another tab after the "yes" leads to leaving, which is what it means now. A page that was open when the
    way ended elsewhere is kept, or its sender is told that it came too late.
    """
    if slug == Stage.CONSENT and request.POST.get("answer") == "decline" and place.is_under_way:
        return replies.to_leaving(place)
    if request.method == "POST" and flow.keep_late(place, slug, visit.typed(request)):
        return replies.onward(place)
    if request.method == "POST" and flow.differs(place, slug, visit.typed(request)):
        return replies.telling(place, "first-counts")
    return _onward(request, place, slug)


def _onward(request: HttpRequest, place: Place, slug: str) -> HttpResponse:
    """To where somebody is; who sends a page of which nothing can be recorded any more is told so there."""
    if request.method == "POST" and flow.has_come_too_late(place, slug):
        return replies.telling(place, "too-late")
    return replies.onward(place)


def _question_page(
    request: HttpRequest,
    place: Place,
    typed: Mapping[str, Sequence[str]],
    problems: Problems | None = None,
    *,
    expired: bool = False,
    sequence: int | None = None,
    status: int = 200,
) -> HttpResponse:
    sheet, wrong = sheets.sheet_of(place), problems.by_item if problems else {}
    if sequence is None:
        sequence = place.draft.sequence if place.draft else 0
    asked = asked_of(place, earlier_answers(place))
    told = replies.told(request)
    if not typed and not wrong and not expired and not told:
        html = questions.html(place.study, place.step, sheet.language, sheet.interface, asked)
        return sheets.filled(request, sheet, {"questions": html, "draft_sequence": str(sequence)})
    with translation.override(sheet.interface):
        html = questions.html_with(place.study, place.step, sheet.language, asked, typed, wrong)
        complaints = questions.complaints(place.study, place.step, sheet.language, wrong)
    gaps = {"questions": html, "draft_sequence": str(sequence)}
    if not complaints and not expired and not told:
        return sheets.filled(request, sheet, gaps)
    about = {"problems": complaints, "has_errors": bool(complaints), "expired": expired, "told": told}
    return sheets.complaining(request, sheet, gaps | about, status)


_PAGES: dict[str, Callable[[HttpRequest, Place], HttpResponse]] = {
    Stage.CONSENT: consent.page,
    Stage.DEBRIEF: endings.debrief,
    Stage.END: endings.end,
}


def _typed_again(request: HttpRequest, study_key: str, slug: str) -> HttpResponse:
    place = visit.place_of(request, study_key, slug)
    if place is None:
        return private(replies.unknown)(request, study_key, status=403)
    if visit.is_of_another(request):
        return private(replies.somebody_else)(request, place)
    can_be_sent = slug == place.step.slug and place.is_under_way and flow.can_finish_page(place)
    page = place if can_be_sent else flow.late_page(place, slug)
    if page is None:
        if _has_lost_its_study(place, slug):
            # Also of this page nothing counts any more, and the end is where its sender is told so.
            flow.end_because_closed(place)
            place = visit.place_of(request, study_key) or place
        return private(_onward)(request, place, slug)
    if page.step.stage == Stage.CONSENT:
        return private(consent.page)(request, page, expired=True)
    if page.step.stage == Stage.READING and (page.trial is None or page.trial.shown_at is None):
        # Nobody had it before them: it is shown, and its time begins, where it is asked for.
        return private(replies.where_now)(request, study_key)
    return private(_question_page)(request, page, visit.typed(request), expired=True, status=403)


def _asked_again(request: HttpRequest) -> HttpResponse:
    """The page on which the button stands, again."""
    response = HttpResponse(status=303)
    response.headers["Location"] = request.path
    return response
