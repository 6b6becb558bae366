"""The page of the consent: agreeing, declining, choosing a language; and what it is on a device that is too small.

It is always that of the study's current version, and who agrees to other words than these gets these to read first.
"""

from django.http import HttpRequest, HttpResponse

from surveys import flow, recruitment
from surveys.devices import seen, shortfall
from surveys.flow import Gate, Place
from surveys.models import Stage
from surveys.participant import pages, replies, sheets, visit


def page(request: HttpRequest, place: Place, *, expired: bool = False) -> HttpResponse:
    """The consent, and where it is answered the way on; ``expired`` for a form whose token had run out."""
    study = place.participant.study
    gate = flow.gate(study, place.participant.mode)
    if gate is not Gate.OPEN:
        return replies.turned_away(request, study, gate, visit.carried(request, place.participant))
    was_superseded = flow.is_superseded(place)
    if was_superseded:
        flow.join_current(place)
        now = visit.place_of(request, study.key, place.step.slug)
        if now is None or now.step.stage != Stage.CONSENT:
            return replies.where_now(request, study.key)
        place = now
    answer = request.POST.get("answer", "")
    if not expired and flow.choose_language(place, request.POST.get("language", "")):
        return replies.onward(place)
    if (expired or answer in {"", "agree"}) and (other := _on_a_small_device(request, place)) is not None:
        return other
    sheet = sheets.sheet_of(place)
    if expired:
        return sheets.complaining(request, sheet, {"expired": True}, 403)
    if answer == "agree" and not _read_these_words(request, place, unless_told=not was_superseded):
        return sheets.complaining(request, sheet, {"has_changed": True}, 409)
    if answer in {"agree", "decline", "turn-back"}:
        return _answered(request, place, answer)
    return sheets.filled(request, sheet, {})


def _read_these_words(request: HttpRequest, place: Place, *, unless_told: bool) -> bool:
    """Whether the page that was sent had the words that are to be agreed to now; ``unless_told`` where it does not say.

    They are others where the study was revised meanwhile, or its language was changed in another tab.
    """
    sent = request.POST.get("words", "")
    return sent == pages.consent_mark(place.study, place.participant.language) if sent else unless_told


def _answered(request: HttpRequest, place: Place, answer: str) -> HttpResponse:
    study, onward = place.participant.study, ""
    if answer == "agree":
        ids = visit.carried(request, place.participant)
        try:
            onward = flow.agree(place, ids, visit.network_hash(request, place), visit.invitation_hash(request))
        except flow.StrangerError:
            return replies.id_lost(request, place)
    elif answer == "decline":
        flow.decline(place)
    else:
        flow.turn_back(place)
    if not onward:
        now = visit.place_of(request, study.key)
        response = replies.onward(now) if now else replies.unknown(request, study.key)
        if now is not None and flow.can_reconsider(now):
            # Who pressed that by mistake can still agree by these ids; who did not closes the browser, and they go.
            ids = visit.carried(request, now.participant)
            if ids.panel_id:
                visit.carry(response, study.key, ids, lasting=False)
        # Whom it leaves at the consent, since the study has changed meanwhile, is the panel's person still.
        elif now is None or now.step.stage != Stage.CONSENT:
            visit.drop_carried(response, study.key)
        return response
    response = replies.to_step(study.key, onward)
    if visit.invitation_hash(request):
        # Whoever consents is the person from now on, as far as anybody can tell; guests who come later are not.
        lasting = not recruitment.read(study).shared_computer
        visit.remember(response, study.key, visit.token_of(request), lasting=lasting)
    visit.drop_carried(response, study.key)
    return response


def _on_a_small_device(request: HttpRequest, place: Place) -> HttpResponse | None:
    """The page that says what to do where the study cannot be taken on this device, or None where it can.

    It ends nothing: people come back with another device, or in a wider window. Whoever has none says so on it.
    """
    asked = place.study.definition.devices
    if not asked.asks_something:
        return None
    found = shortfall(asked, seen(request.headers, request.POST.dict()))
    if found is None:
        return None
    context = {"least": asked.least, "shortfall": found, "can_leave": False}
    return replies.page(request, "device", place, context, status=422 if request.method == "POST" else 200)
