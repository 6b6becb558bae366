"""Coming in by an access key, and computers that one person uses after another."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from surveys import access_keys, flow, recruitment
from surveys.access_keys import KeyRefused
from surveys.flow import Gate, Place
from surveys.flow.place import frozen
from surveys.models import Mode, Stage, Study
from surveys.participant import pages, replies, visit
from surveys.participant.replies import private
from surveys.recruitment import PANEL_NAMES, Recruitment

_safe_or_post = require_http_methods(["GET", "HEAD", "POST"])


@private
@_safe_or_post
def key(request: HttpRequest, study_key: str) -> HttpResponse:
    """The page on which a key is typed. One that was used before leads back to where its owner is."""
    study = get_object_or_404(Study.objects.select_related("current_version"), key=study_key)
    settings = recruitment.read(study)
    if settings.panel != access_keys.PANEL:
        return HttpResponseRedirect(reverse("participant:entry", kwargs={"study_key": study_key}))
    if request.method != "POST":
        return _key_page(request, study)
    typed = request.POST.get("key", "")
    try:
        entrant = access_keys.redeem(study, typed, visit.address(request))
    except KeyRefused as refusal:
        return _key_page(request, study, typed, str(refusal), status=422)
    gate = flow.gate(study, Mode.LIVE)
    version = study.current_version
    language = visit.language_wanted(request, frozen(version).definition.languages) if version else ""
    arrival = flow.arrive(study, Mode.LIVE, entrant, language, opens=gate is Gate.OPEN)
    if arrival is None:
        return replies.turned_away(request, study, gate, entrant)
    access_keys.mark_used(study, entrant)
    place = flow.come_back(arrival.token, study.key)
    assert place is not None  # noqa: S101  # its row was read or written a moment ago
    if not place.is_under_way and "again" not in request.POST:
        return _page(request, study, "key_used", {"typed": typed})
    response = replies.onward(place)
    visit.remember(response, study.key, arrival.token, lasting=not settings.shared_computer)
    if place.participant.consented_at is None:
        visit.carry(response, study.key, entrant)
    return response


@private
@_safe_or_post
def next_person(request: HttpRequest, study_key: str) -> HttpResponse:
    """Clear the computer: nothing of the person who used it stays in the browser."""
    study = get_object_or_404(Study.objects.select_related("current_version"), key=study_key)
    if request.method != "POST":
        return _page(request, study, "next_person", {})
    response = HttpResponseRedirect(reverse("participant:entry", kwargs={"study_key": study_key}))
    response.status_code = 303
    # An old page does not clear away the person who came after: the entry asks whether it is still them.
    if not visit.is_of_another(request):
        visit.forget(response, study_key)
    return response


def instead(
    request: HttpRequest, study: Study, settings: Recruitment, mode: str, known: Place | None
) -> HttpResponse | None:
    """The answer to the entry link without a panel's id where it is not the ordinary one, or None.

    On a shared computer somebody who is in the middle is asked whether it is still them, and one whose part has ended
    is cleared away first; where keys are used, whoever is not known types one, and so does who is known of a preview
    or a pilot alone, or has not consented and lost what their key left in the browser. A panel's id tells by itself who
    comes, and takes the place of whoever was there before.
    """
    if mode != Mode.LIVE:
        return None
    if settings.shared_computer and known is not None:
        if known.is_under_way:
            return _page(request, study, "same_person", {"current_slug": known.step.slug})
        return _to_next(study)
    if settings.panel != access_keys.PANEL:
        return None
    if known is None or known.participant.mode != mode:
        return _to_key(study)
    has_lost_it = known.step.stage == Stage.CONSENT and not visit.carried(request, known.participant).panel_id
    return _to_key(study) if has_lost_it else None


def ready(request: HttpRequest, study: Study, settings: Recruitment) -> HttpResponse:
    """The page of a shared computer at which nobody takes part, where the panel's link is what lets people begin."""
    told = {"sent_from": PANEL_NAMES[settings.panel], "panel_site": recruitment.panel_site(settings)}
    return _page(request, study, "ready", told)


def _to_key(study: Study) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("participant:key", kwargs={"study_key": study.key}))


def _to_next(study: Study) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("participant:next", kwargs={"study_key": study.key}))


def _key_page(
    request: HttpRequest, study: Study, typed: str = "", problem: str = "", *, status: int = 200
) -> HttpResponse:
    return _page(request, study, "key", {"typed": typed[:40], "problem": problem}, status=status)


def _page(request: HttpRequest, study: Study, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    around = pages.outside(study) | {"study_key": study.key, "person": visit.mark(request)}
    return render(request, f"participant/{name}.html", around | context, status=status)
