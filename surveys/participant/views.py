"""What participants see and do: every view reads the position, does one thing, and leads to where the person is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_http_methods, require_POST

from surveys import access_keys, attempts, flow, recruitment
from surveys.addresses import absolute
from surveys.flow import Gate, Place, Problems
from surveys.flow.asking import asked_of, earlier_answers
from surveys.flow.place import frozen
from surveys.flow.record import DraftTooLongError
from surveys.languages import interface_language
from surveys.models import Mode, Outcome, Stage, Study
from surveys.participant import consent, debriefing, pages, questions, replies, shared, sheets, visit
from surveys.participant.debriefing import Around
from surveys.participant.replies import private

_safe_or_post = require_http_methods(["GET", "HEAD", "POST"])


@private
@require_http_methods(["GET", "HEAD"])
def entry(request: HttpRequest, study_key: str) -> HttpResponse:
    """The entry link: the person who is known already goes on, a new one arrives, or is told why not now."""
    study = get_object_or_404(Study.objects.select_related("current_version"), key=study_key)
    try:
        mode = visit.mode_asked(request, study)
    except PermissionDenied as refusal:
        return replies.refused(request, study, str(refusal))
    settings = recruitment.read(study)
    entrant = recruitment.entrant(settings, request.GET.dict(), mode)
    if not entrant.panel_id:
        known = visit.comes_back(request, study_key)
        if (other := shared.instead(request, study, settings, mode, known)) is not None:
            return other
        if known is not None and _goes_on(known, mode):
            return replies.onward(known)
    gate = flow.gate(study, mode)
    if request.method == "HEAD":
        return HttpResponse()
    if gate is Gate.OPEN and mode == Mode.LIVE and settings.asks_for_id and not entrant.panel_id:
        if settings.shared_computer:
            return shared.ready(request, study, settings)
        return replies.unknown(request, study_key, status=403)
    return _arrive(request, study, mode, entrant, gate)


@private
@require_http_methods(["GET", "HEAD"])
def personal_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link that brings somebody back, on any device: it hands the token to a cookie and leaves the address bar."""
    place = flow.come_back(token)
    if place is None:
        return replies.unknown(request)
    response, study = replies.onward(place), place.participant.study
    visit.remember(response, study.key, token, lasting=not recruitment.read(study).shared_computer)
    return response


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
    # Also for who looks once more at a page that they have begun: a phone may have put it away meanwhile.
    finishes_it = slug == place.step.slug and (request.method == "POST" or place.draft is not None)
    if (
        place.is_closed
        and request.method != "HEAD"
        and place.participant.consented_at is not None
        and not (finishes_it and flow.can_finish_page(place))
    ):
        flow.end_because_closed(place)
        now = visit.place_of(request, study_key)
        return replies.unknown(request, study_key) if now is None else _past(request, now, slug)
    if request.method == "GET" and flow.end_if_late(place, timezone.now()):
        return replies.where_now(request, study_key)
    if slug == Stage.DEBRIEF and place.step.stage == Stage.END and place.participant.debriefed_at is not None:
        return _debrief(request, place)
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
    if not sequence.isascii() or not sequence.isdigit() or len(sequence) > 16:
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


@private
@_safe_or_post
def leave(request: HttpRequest, study_key: str) -> HttpResponse:
    """Leaving: asked once more, then final, and then the debriefing for who has seen an article."""
    place = visit.place_of(request, study_key)
    if place is None:
        return replies.unknown(request, study_key)
    if visit.is_of_another(request):
        return replies.somebody_else(request, place)
    if visit.is_guest(request, place):
        return replies.guest(request, place)
    if request.method == "POST":
        flow.leave(place)
        return replies.where_now(request, study_key)
    if not place.is_under_way:
        return replies.onward(place)
    by_id_alone = place.step.stage == Stage.CONSENT and recruitment.read(place.participant.study).consents_by_id
    way_back = "" if by_id_alone else _personal_address(request)
    return replies.page(request, "leave", place, {"way_back": way_back, "can_leave": False})


@private
@_safe_or_post
def withdraw(request: HttpRequest, study_key: str) -> HttpResponse:
    """Withdrawing: what it deletes and until when it can be done, then the deletion."""
    place = visit.place_of(request, study_key)
    if place is None:
        return replies.unknown(request, study_key)
    if visit.is_of_another(request):
        return replies.somebody_else(request, place)
    if visit.is_guest(request, place):
        return replies.guest(request, place)
    if request.method == "POST" and flow.withdraw(place):
        return replies.where_now(request, study_key)
    return replies.page(request, "withdraw", place, _withdrawal(place) | {"can_leave": False})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form whose token had expired: for participants, the same page again with all that they typed."""
    match = request.resolver_match
    if match is None or match.namespace != "participant":
        return render(request, "403_csrf.html", status=403)
    return _typed_again(request, **match.kwargs) if match.url_name == "step" else _asked_again(request)


def _goes_on(known: Place, mode: str) -> bool:
    """Whether the browser's person is who this link means; a finished preview begins anew."""
    is_over = not known.is_under_way and mode != "live"
    return known.participant.mode == mode and not is_over


def _arrive(request: HttpRequest, study: Study, mode: str, entrant: recruitment.Entrant, gate: Gate) -> HttpResponse:
    version = study.current_version
    language = visit.language_wanted(request, frozen(version).definition.languages) if version else ""
    arrival = flow.arrive(study, mode, entrant, language, opens=gate is Gate.OPEN)
    if arrival is None:
        return replies.turned_away(request, study, gate, entrant)
    place = flow.come_back(arrival.token, study.key)
    assert place is not None  # noqa: S101  # its row was read or written a moment ago
    response, lasting = replies.onward(place), not recruitment.read(study).shared_computer
    is_known = visit.token_of(request) == arrival.token
    if entrant.could_be_guessed and not is_known:
        has_consented = place.participant.consented_at is not None
        if has_consented and attempts.are_too_many(study, "number", visit.address(request), most=attempts.MOST_NUMBERS):
            return replies.unknown(request, study.key, status=429, wait=attempts.WINDOW_MINUTES)
        visit.invite(response, study.key, arrival.token, lasting=lasting)
    elif not (entrant.could_be_guessed and visit.is_guest(request, place)):
        # A guest who opens the link again stays one, since the moment at which they first came.
        visit.remember(response, study.key, arrival.token, lasting=lasting)
    if not entrant.panel_id:
        # What somebody who came before in this browser left there is not this person's.
        visit.drop_carried(response, study.key)
    elif place.participant.consented_at is None:
        visit.carry(response, study.key, entrant)
    return response


def _questions(request: HttpRequest, place: Place) -> HttpResponse:
    if request.method != "POST":
        if request.method == "GET":
            flow.mark_shown(place)
        return _question_page(request, place, visit.draft_of(request, place))
    raw = visit.typed(request)
    result = flow.submit(place, place.step.slug, raw)
    if isinstance(result, Problems):
        return _question_page(request, place, raw, result, status=422)
    study_key = place.participant.study.key
    if result.onward:
        return replies.to_step(study_key, result.onward)
    now = visit.place_of(request, study_key)
    if now is None:
        return replies.unknown(request, study_key)
    return replies.onward(now) if result.recorded else _past(request, now, place.step.slug)


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
        return replies.first_counts(place)
    return _onward(request, place, slug)


def _onward(request: HttpRequest, place: Place, slug: str) -> HttpResponse:
    """To where somebody is; who sends a page of which nothing can be recorded any more is told so there."""
    if request.method == "POST" and flow.has_come_too_late(place, slug):
        return replies.too_late(place)
    return replies.onward(place)


def _question_page(
    request: HttpRequest,
    place: Place,
    typed: Mapping[str, Sequence[str]],
    problems: Problems | None = None,
    *,
    expired: bool = False,
    status: int = 200,
) -> HttpResponse:
    sheet, wrong = sheets.sheet_of(place), problems.by_item if problems else {}
    sequence = str(place.draft.sequence if place.draft else 0)
    asked = asked_of(place, earlier_answers(place))
    is_told = replies.tells_that_first_counts(request)
    if not typed and not wrong and not expired and not is_told:
        html = questions.html(place.study, place.step, sheet.language, sheet.interface, asked)
        return sheets.filled(request, sheet, {"questions": html, "draft_sequence": sequence})
    with translation.override(sheet.interface):
        html = questions.html_with(place.study, place.step, sheet.language, asked, typed, wrong)
        complaints = questions.complaints(place.study, place.step, sheet.language, wrong)
    gaps = {"questions": html, "draft_sequence": sequence}
    if not complaints and not expired and not is_told:
        return sheets.filled(request, sheet, gaps)
    about = {"problems": complaints, "has_errors": bool(complaints), "expired": expired, "first_counts": is_told}
    return sheets.complaining(request, sheet, gaps | about, status)


def _debrief(request: HttpRequest, place: Place) -> HttpResponse:
    if request.method == "POST":
        study_key = place.participant.study.key
        if flow.acknowledge_debrief(place):
            return replies.to_step(study_key, Stage.END)
        return replies.where_now(request, study_key)
    if request.method == "GET":
        flow.mark_debriefing_shown(place)
    participant, deadline = place.participant, flow.withdrawal_deadline(place)
    around = Around(
        study=place.study,
        study_key=participant.study.key,
        language=participant.language,
        interface=interface_language(participant.language),
        is_preview=participant.mode == "preview",
        to_acknowledge=place.step.stage == Stage.DEBRIEF,
        ended=participant.outcome if participant.outcome in debriefing.ENDED_EARLY else "",
        kept_late=flow.has_kept_late(place),
        is_withdrawn=participant.withdrawn_at is not None,
        first_counts=replies.tells_that_first_counts(request),
        too_late=replies.tells_that_too_late(request),
        withdraw_until=deadline.date() if deadline and flow.can_withdraw(place, timezone.now()) else None,
    )
    return debriefing.page(request, around, pages.revealed(place))


def _end(request: HttpRequest, place: Place) -> HttpResponse:
    code, link = pages.way_back(place)
    is_guest = visit.is_guest(request, place)
    settings = recruitment.read(place.participant.study)
    context = {
        "outcome": place.participant.outcome or "closed",
        "kept_late": flow.has_kept_late(place),
        "too_late": replies.tells_that_too_late(request),
        "has_completed": place.participant.completed_at is not None,
        "was_debriefed": place.participant.debriefed_at is not None,
        "thanks": pages.wording(place, "thanks"),
        "code": "" if is_guest else code,
        "return_link": link,
        "is_shared": settings.shared_computer,
        "has_key": settings.shared_computer and settings.panel == access_keys.PANEL,
        # On a shared computer the way on is the next person's: nobody is led off the page that clears it.
        "returns_by_itself": not settings.shared_computer and pages.returns_by_itself(place, timezone.now()),
        "is_guest": is_guest,
        "way_back": "" if is_guest else _personal_address(request),
    }
    return replies.page(request, "end", place, context | _withdrawal(place))


_PAGES: dict[str, Callable[[HttpRequest, Place], HttpResponse]] = {
    Stage.CONSENT: consent.page,
    Stage.DEBRIEF: _debrief,
    Stage.END: _end,
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
        if place.is_closed and place.participant.consented_at is not None:
            # Also of this page nothing counts any more, and the end is where its sender is told so.
            flow.end_because_closed(place)
            place = visit.place_of(request, study_key) or place
        return private(_onward)(request, place, slug)
    if page.step.stage == Stage.CONSENT:
        return private(consent.page)(request, page, expired=True)
    return private(_question_page)(request, page, visit.typed(request), expired=True, status=403)


def _asked_again(request: HttpRequest) -> HttpResponse:
    """The page on which the button stands, again."""
    response = HttpResponse(status=303)
    response.headers["Location"] = request.path
    return response


def _withdrawal(place: Place) -> dict[str, Any]:
    return {
        "can_withdraw": flow.can_withdraw(place, timezone.now()),
        "deadline": flow.withdrawal_deadline(place),
        "is_withdrawn": place.participant.withdrawn_at is not None,
        "withdrawal_days": place.study.definition.withdrawal_days,
        # The ledger could not be replayed without the answer by which people are assigned evenly.
        "keeps_group": bool(place.study.definition.design.block_by),
    }


def _personal_address(request: HttpRequest) -> str:
    return absolute(request, reverse("participant-link", kwargs={"token": visit.token_of(request)}))
