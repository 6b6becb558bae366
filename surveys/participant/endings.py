"""The pages on which a way ends: leaving, withdrawing, the debriefing and the last one."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from surveys import access_keys, flow, recruitment
from surveys.addresses import absolute
from surveys.flow import Place
from surveys.languages import interface_language
from surveys.models import PanelIdentity, Stage
from surveys.participant import debriefing, pages, replies, visit
from surveys.participant.debriefing import Around
from surveys.participant.replies import private

_safe_or_post = require_http_methods(["GET", "HEAD", "POST"])


@private
@_safe_or_post
def leave(request: HttpRequest, study_key: str) -> HttpResponse:
    """Leaving: asked once more, then final, and then the debriefing for who has seen an article."""
    place = _who_may_end(request, study_key)
    if isinstance(place, HttpResponse):
        return place
    if request.method == "POST":
        flow.leave(place)
        return replies.where_now(request, study_key)
    if not place.is_under_way:
        return replies.onward(place)
    by_id_alone = place.step.stage == Stage.CONSENT and recruitment.read(place.participant.study).consents_by_id
    way_back = "" if by_id_alone else _personal_address(request)
    has_consented = place.participant.consented_at is not None
    context = {"way_back": way_back, "has_consented": has_consented, "can_leave": False}
    return replies.page(request, "leave", place, context)


@private
@_safe_or_post
def withdraw(request: HttpRequest, study_key: str) -> HttpResponse:
    """Withdrawing: what it deletes and until when it can be done, then the deletion."""
    place = _who_may_end(request, study_key)
    if isinstance(place, HttpResponse):
        return place
    if request.method == "POST" and flow.withdraw(place):
        return replies.where_now(request, study_key)
    return replies.page(request, "withdraw", place, _withdrawal(place) | {"can_leave": False})


def _who_may_end(request: HttpRequest, study_key: str) -> Place | HttpResponse:
    """Where the person is who can leave and withdraw here; or the page for nobody known, somebody else and a guest."""
    place = visit.place_of(request, study_key)
    if place is None:
        return replies.unknown(request, study_key)
    if visit.is_of_another(request):
        return replies.somebody_else(request, place)
    return replies.guest(request, place) if visit.is_guest(request, place) else place


def debrief(request: HttpRequest, place: Place) -> HttpResponse:
    """The debriefing, and where it is acknowledged the way to the end."""
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
        told=replies.told(request),
        withdraw_until=deadline.date() if deadline and flow.can_withdraw(place, timezone.now()) else None,
    )
    return debriefing.page(request, around, pages.revealed(place))


def end(request: HttpRequest, place: Place) -> HttpResponse:
    """The last page: how the way ended, the code, and the ways back: to the panel, to the consent."""
    if request.method == "POST" and request.POST.get("answer") == "reconsider":
        flow.reconsider(place)
        return replies.where_now(request, place.participant.study.key)
    code, link = pages.way_back(place)
    is_guest = visit.is_guest(request, place)
    settings = recruitment.read(place.participant.study)
    can_reconsider = flow.can_reconsider(place)
    tells_panel = settings.panel not in recruitment.WITHOUT_PANEL
    context = {
        "outcome": place.participant.outcome or "closed",
        "kept_late": flow.has_kept_late(place),
        "told": replies.told(request),
        "has_completed": place.participant.completed_at is not None,
        "was_debriefed": place.participant.debriefed_at is not None,
        "thanks": pages.wording(place, "thanks"),
        "code": "" if is_guest else code,
        "return_link": link,
        "is_shared": settings.shared_computer,
        "has_key": settings.shared_computer and settings.panel == access_keys.PANEL,
        # On a shared computer the way on is the next person's: nobody is led off the page that clears it.
        "returns_after": 0
        if settings.shared_computer
        else pages.returns_after(place, timezone.now(), is_sure=not (can_reconsider and tells_panel)),
        "is_guest": is_guest,
        "way_back": "" if is_guest else _personal_address(request),
        "can_reconsider": can_reconsider,
    }
    if can_reconsider:
        ids = visit.carried(request, place.participant)
        # Only who came by an id is asked for it by the consent, whatever panel the settings name.
        came_by_id = PanelIdentity.objects.filter(participant=place.participant).exists()
        context["brings_id"] = bool(ids.panel_id) or not came_by_id
    return replies.page(request, "end", place, context | _withdrawal(place))


def _withdrawal(place: Place) -> dict[str, Any]:
    deadline = flow.withdrawal_deadline(place)
    return {
        "can_withdraw": flow.can_withdraw(place, timezone.now()),
        # The day that is told: as a time it would be another one in UTC.
        "deadline": deadline.date() if deadline else None,
        "is_withdrawn": place.participant.withdrawn_at is not None,
        "withdrawal_days": place.study.definition.withdrawal_days,
        # The ledger could not be replayed without the answer by which people are assigned evenly.
        "keeps_group": bool(place.study.definition.design.block_by),
    }


def _personal_address(request: HttpRequest) -> str:
    return absolute(request, reverse("participant-link", kwargs={"token": visit.token_of(request)}))
