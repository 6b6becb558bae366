"""How somebody comes in: by the study's link, by a panel's, or by the personal one."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from surveys import attempts, flow, recruitment
from surveys.flow import Gate, Place
from surveys.flow.place import frozen
from surveys.models import Mode, Study
from surveys.participant import replies, shared, visit
from surveys.participant.replies import private


@private
@require_http_methods(["GET", "HEAD"])
def entry(request: HttpRequest, study_key: str) -> HttpResponse:
    """The entry link: the person who is known already goes on, a new one arrives, or is told why not now."""
    study = get_object_or_404(Study.objects.select_related("current_version"), key=study_key)
    if visit.is_a_machine(request):
        return replies.for_machines(request, study)
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
    if visit.is_a_machine(request):
        return replies.for_machines(request)
    place = flow.come_back(token)
    if place is None:
        return replies.unknown(request)
    response, study = replies.onward(place), place.participant.study
    visit.remember(response, study.key, token, lasting=not recruitment.read(study).shared_computer)
    return response


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
