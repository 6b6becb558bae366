"""How pages are sent to participants: in their language, never cached, and the redirect to where somebody is."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Concatenate, Literal, ParamSpec, get_args

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from surveys import access_keys, recruitment
from surveys.flow import Gate, Place
from surveys.languages import interface_language
from surveys.models import Outcome, Stage, Study
from surveys.participant import visit
from surveys.participant.pages import frame, outside
from surveys.participant.patience import patient
from surveys.recruitment import PANEL_NAMES, Entrant

P = ParamSpec("P")
# What a page tells, by its address, of the one that was sent before it: that it had been answered in other words, which
# count, or that it came after the way had ended and nothing of it is recorded.
Told = Literal["", "first-counts", "too-late"]
_TOLD: dict[str, Told] = {f"told={told}": told for told in get_args(Told) if told}
# Of a page at which nobody is: it can be left by no button, and counts nowhere.
_NOWHERE: dict[str, Any] = {"can_leave": False, "page_number": None, "page_count": None}
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def private(view: View[P]) -> View[P]:
    """A view whose responses nobody keeps: no cache, no search engine, and no browser that looks ahead. It is patient.

    A page that is fetched before anybody asks for it would count somebody as arrived, or an article as shown.
    """

    waiting = patient(view)

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if _shows_ahead(request):
            response = for_machines(request)
        else:
            response = HttpResponse(status=503) if _looks_ahead(request) else waiting(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        if "Vary" in response.headers:
            patch_vary_headers(response, ["Cookie"])
        else:
            response.headers["Vary"] = "Cookie"
        return response

    return wrapped


def page(
    request: HttpRequest, name: str, place: Place, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page for somebody who is inside: the study's texts in their language, ours in it or in the nearest we have."""
    interface = interface_language(place.participant.language)
    with translation.override(interface):
        around = frame(place) | {"person": visit.mark(request)}
        response = render(request, f"participant/{name}.html", around | (context or {}), status=status)
        # Who the page is for: with the study's own language first, since most of the words are the study's.
        languages = dict.fromkeys((place.participant.language, interface))
        response.headers["Content-Language"] = ", ".join(languages)
    return response


def somebody_else(request: HttpRequest, place: Place) -> HttpResponse:
    """The page for what was sent from a page of another person than ``place``'s, who came last in this browser.

    Nothing is recorded, and what was typed is kept in its form, which can be sent once the browser knows its owner.
    """
    by_id_alone = _sends_consent(request) and recruitment.read(place.participant.study).consents_by_id
    context = {"typed": visit.fields(request), "by_id_alone": by_id_alone} | _NOWHERE
    return page(request, "somebody_else", place, context, status=409)


def id_lost(request: HttpRequest, place: Place) -> HttpResponse:
    """The page for a consent that does not bring the panel's id or the key by which its sender came."""
    settings = recruitment.read(place.participant.study)
    told = {
        "has_key": settings.panel == access_keys.PANEL,
        "sent_from": PANEL_NAMES.get(settings.panel, ""),
        "panel_site": recruitment.panel_site(settings),
    }
    return page(request, "id_lost", place, told | _NOWHERE, status=403)


def onward(place: Place) -> HttpResponseRedirect:
    """To the page where somebody is."""
    return to_step(place.participant.study.key, place.step.slug)


def to_leaving(place: Place) -> HttpResponseRedirect:
    """To the page that asks whether somebody really leaves."""
    response = onward(place)
    response.headers["Location"] = reverse("participant:leave", kwargs={"study_key": place.participant.study.key})
    return response


def telling(place: Place, told: Told) -> HttpResponseRedirect:
    """To the page where somebody is, which tells this of the page that they sent just now."""
    response = onward(place)
    response.headers["Location"] += f"?told={told}"
    return response


def told(request: HttpRequest) -> Told:
    """What this page tells of the one before it: when it is led to, and not when it is sent itself."""
    return _TOLD.get(request.META.get("QUERY_STRING", ""), "") if request.method == "GET" else ""


def where_now(request: HttpRequest, study_key: str) -> HttpResponse:
    """To where the person of this request is, after something moved them."""
    place = visit.place_of(request, study_key)
    return onward(place) if place else unknown(request, study_key)


def to_step(study_key: str, slug: str) -> HttpResponseRedirect:
    """To a step's page, by GET, so that reloading it sends nothing again."""
    response = HttpResponseRedirect(_address(study_key, slug))
    response.status_code = 303
    return response


@lru_cache(maxsize=4096)
def _address(study_key: str, slug: str) -> str:
    return reverse("participant:step", kwargs={"study_key": study_key, "slug": slug})


def turned_away(request: HttpRequest, study: Study, gate: Gate, entrant: Entrant) -> HttpResponse:
    """The page for who may not come in now; it leads back to the panel, from a study that has closed with its code."""
    told = {"code": "", "return_link": "", "panel_site": ""}
    settings = recruitment.read(study)
    if gate is Gate.CLOSED and entrant.panel == settings.panel:
        told["code"] = recruitment.code(settings, Outcome.CLOSED)
        told["return_link"] = recruitment.return_link(settings, Outcome.CLOSED, entrant.panel, entrant.panel_id)
    elif gate is not Gate.CLOSED and entrant.panel in PANEL_NAMES and entrant.panel == settings.panel:
        told |= {"sent_from": PANEL_NAMES[entrant.panel], "panel_site": recruitment.panel_site(settings)}
    return render(request, "participant/gate.html", outside(study) | told | {"gate": gate.value})


def for_machines(request: HttpRequest, study: Study | None = None) -> HttpResponse:
    """The page for a program that looks at a link for somebody: it says what it leads to, and nobody arrives."""
    query = request.GET.copy()
    query[visit.OPENED] = "yes"
    context = {"onward": f"?{query.urlencode()}"} | (outside(study) if study else {})
    return render(request, "participant/for_machines.html", context)


def refused(request: HttpRequest, study: Study, reason: str) -> HttpResponse:
    """The page for a link to a preview or simulation that admits nobody."""
    return render(request, "participant/refused.html", outside(study) | {"reason": reason}, status=403)


def guest(request: HttpRequest, place: Place) -> HttpResponse:
    """The page for a guest who asks for what only the person may do."""
    return page(request, "guest", place, {"can_leave": False}, status=403)


def unknown(request: HttpRequest, study_key: str = "", *, status: int = 404, wait: int = 0) -> HttpResponse:
    """The page for a request that no cookie connects with anybody.

    What was typed into a page that is sent so is kept in its form, as by ``somebody_else``. ``wait`` says for how many
    minutes nobody more is let in by a number from this network.
    """
    study = Study.objects.select_related("current_version").filter(key=study_key).first() if study_key else None
    context = outside(study) if study else {}
    settings = recruitment.read(study) if study else None
    sent_from = PANEL_NAMES[settings.panel] if settings and settings.asks_for_id else ""
    told: dict[str, Any] = {"study_key": study_key, "wait": wait, "sent_from": sent_from}
    told["typed"] = visit.fields_of_a_page(request) if study else []
    told["by_id_alone"] = settings is not None and settings.consents_by_id and _sends_consent(request)
    told |= {"panel_site": recruitment.panel_site(settings) if settings and sent_from else ""}
    return render(request, "participant/unknown.html", context | told, status=status)


def _sends_consent(request: HttpRequest) -> bool:
    return request.resolver_match is not None and request.resolver_match.kwargs.get("slug") == Stage.CONSENT


def _shows_ahead(request: HttpRequest) -> bool:
    """Whether an app's browser (Facebook's) fetches this in advance, which may show what it got when somebody opens it.

    An error would then be all that they see; the button on the page for machines leads on.
    """
    purpose: str = request.META.get("HTTP_X_PURPOSE", "")
    return purpose.lower() == "preview"


def _looks_ahead(request: HttpRequest) -> bool:
    """Whether the browser fetches or renders this in advance (Fetch's Sec-Purpose, and what browsers sent before it).

    It drops such an answer if its status is an error, and asks again when somebody really opens the page.
    """
    purposes = (request.META.get(f"HTTP_{name}", "") for name in ("SEC_PURPOSE", "PURPOSE", "X_PURPOSE", "X_MOZ"))
    return any(purpose.lower().startswith(("prefetch", "preview")) for purpose in purposes)
