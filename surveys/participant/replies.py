"""How pages are sent to participants: in their language, never cached, and the redirect to where somebody is."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from surveys.flow import Gate, Place
from surveys.participant.pages import frame

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def private(view: View[P]) -> View[P]:
    """A view whose responses nobody keeps: no cache, no search engine."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        patch_vary_headers(response, ["Cookie"])
        return response

    return wrapped


def page(
    request: HttpRequest, name: str, place: Place, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page for somebody who is inside: the study's texts in their language, ours in it or in the nearest we have."""
    interface = interface_language(place.participant.language)
    with translation.override(interface):
        response = render(request, f"participant/{name}.html", frame(place) | (context or {}), status=status)
        # Who the page is for: with the study's own language first, since most of the words are the study's.
        languages = dict.fromkeys((place.participant.language, interface))
        response.headers["Content-Language"] = ", ".join(languages)
    return response


def onward(place: Place) -> HttpResponseRedirect:
    """To the page where somebody is."""
    return to_step(place.participant.study.key, place.step.slug)


def to_step(study_key: str, slug: str) -> HttpResponseRedirect:
    """To a step's page, by GET, so that reloading it sends nothing again."""
    response = HttpResponseRedirect(reverse("participant:step", kwargs={"study_key": study_key, "slug": slug}))
    response.status_code = 303
    return response


def turned_away(request: HttpRequest, gate: Gate) -> HttpResponse:
    """The page for who may not come in now."""
    return render(request, "participant/gate.html", {"gate": gate.value})


def unknown(request: HttpRequest, study_key: str = "", *, status: int = 404) -> HttpResponse:
    """The page for a request that no cookie connects with anybody."""
    return render(request, "participant/unknown.html", {"study_key": study_key}, status=status)


def interface_language(language: str) -> str:
    """The language in which the interface has words for who takes part in this language."""
    try:
        return translation.get_supported_language_variant(language.lower())
    except LookupError:
        return settings.LANGUAGE_CODE
