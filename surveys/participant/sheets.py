"""Pages that are the same for everybody who stands at a step, rendered once a process, with gaps for what is one's own.

A ``Sheet`` holds all that such a page shows, its template gets nothing else, and the sheet is the cache's key: so no
page made for one person can reach another who should see something else. Whatever a page shows from today on that
differs between people (a factor's level, say) becomes a field of it; what differs at every request is a gap.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CSRF_ALLOWED_CHARS, get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from surveys.flow import Place
from surveys.frozen import FrozenStudy
from surveys.languages import interface_language
from surveys.models import Stage
from surveys.participant import visit
from surveys.participant.pages import (
    ShownArticle,
    consent_mark,
    languages,
    own_text,
    shown_article,
    shown_beside,
    surroundings,
    title,
)
from surveys.route import Step, step_named

# Pages of long articles take some 20 kB each; what is asked for least makes room.
_KEPT = 1024
_GAPS = ("csrf_token", "person", "questions", "draft_sequence", "articles")
# Nobody can write a gap's mark into a study: it is drawn anew by each process.
_MARK = secrets.token_hex(16)
_AT_GAPS = re.compile(f"{_MARK}({'|'.join(_GAPS)}){_MARK}")
# What a template is given in the place of each gap.
MARKS = {name: SafeString(f"{_MARK}{name}{_MARK}") for name in _GAPS}

# Where each letter of a form's token stands among all, and the bytes that would make the first of them likelier.
_PLACE = {letter: place for place, letter in enumerate(CSRF_ALLOWED_CHARS)}
_UNEVEN = bytes(range(256 - 256 % len(CSRF_ALLOWED_CHARS), 256))


@dataclass(frozen=True)
class Sheet:
    """Everything that the page of a step shows, apart from the gaps.

    ``language`` is the participant's, ``interface`` that of our own words; ``article`` is the one that the step is
    about, ``beside`` what the study's own manipulation shows next to it.
    """

    study: FrozenStudy
    study_key: str
    slug: str
    language: str
    interface: str
    is_preview: bool
    article: ShownArticle | None = None
    beside: tuple[tuple[str, ...], ...] = ()


def sheet_of(place: Place) -> Sheet:
    """All that the page of the step at the cursor shows, apart from what is this person's alone."""
    participant = place.participant
    return Sheet(
        study=place.study,
        study_key=participant.study.key,
        slug=place.step.slug,
        language=participant.language,
        interface=interface_language(participant.language),
        is_preview=participant.mode == "preview",
        article=shown_article(place.trial) if place.trial else None,
        beside=shown_beside(place),
    )


@dataclass(frozen=True)
class Rendered:
    """A page in pieces: fixed bytes, and between each two of them the name of the gap there."""

    fixed: tuple[bytes, ...]
    gaps: tuple[str, ...]
    languages: str


def complaining(request: HttpRequest, sheet: Sheet, context: Mapping[str, Any], status: int) -> HttpResponse:
    """The page with ``problems``, ``expired`` or ``told``, made for this request alone.

    ``context`` has the gaps, too.
    """
    with translation.override(sheet.interface):
        template, own = _page(sheet, _step(sheet))
        own |= {"person": visit.mark(request)}
        response = render(request, f"participant/{template}.html", own | dict(context), status=status)
    response.headers["Content-Language"] = _languages(sheet)
    return response


def filled(request: HttpRequest, sheet: Sheet, gaps: Mapping[str, str]) -> HttpResponse:
    """The page with its gaps filled: 'questions' and 'draft_sequence' where it asks questions, and the form's token."""
    return fill(request, _rendered(sheet), gaps)


def cut(page: str, languages: str) -> Rendered:
    """A page that was rendered with ``MARKS``, in pieces; ``languages`` are those whom it is for."""
    pieces = _AT_GAPS.split(page)
    return Rendered(tuple(piece.encode() for piece in pieces[::2]), tuple(pieces[1::2]), languages)


def fill(request: HttpRequest, rendered: Rendered, gaps: Mapping[str, str]) -> HttpResponse:
    """The page whose gaps these are; it gets the form's token, and whose it is, where it has a form."""
    filling = gaps
    if "csrf_token" in rendered.gaps:
        filling = {"csrf_token": token(request), "person": visit.mark(request), **gaps}
    parts = [rendered.fixed[0]]
    for name, after in zip(rendered.gaps, rendered.fixed[1:], strict=True):
        parts += (filling[name].encode(), after)
    response = HttpResponse(b"".join(parts))
    response.headers["Content-Language"] = rendered.languages
    return response


def token(request: HttpRequest) -> str:
    """Django's ``get_token``, which draws the 32 letters of its mask one by one, at a tenth of its cost."""
    secret = request.META.get("CSRF_COOKIE")
    if secret is None:
        return get_token(request)
    request.META["CSRF_COOKIE_NEEDS_UPDATE"] = True
    drawn = b""
    while len(drawn) < len(secret):
        drawn += secrets.token_bytes(48).translate(None, _UNEVEN)
    letters, count = CSRF_ALLOWED_CHARS, len(CSRF_ALLOWED_CHARS)
    shifts = [byte % count for byte in drawn[: len(secret)]]
    mask = "".join([letters[shift] for shift in shifts])
    return mask + "".join([letters[(_PLACE[each] + shift) % count] for each, shift in zip(secret, shifts, strict=True)])


@lru_cache(maxsize=_KEPT)
def _rendered(sheet: Sheet) -> Rendered:
    with translation.override(sheet.interface):
        template, context = _page(sheet, _step(sheet))
        page = render_to_string(f"participant/{template}.html", context | MARKS)
    return cut(page, _languages(sheet))


def _step(sheet: Sheet) -> Step:
    step = step_named(sheet.study, sheet.slug)
    if step is None:
        raise LookupError(f"the study has no step {sheet.slug!r}")
    return step


def _languages(sheet: Sheet) -> str:
    """Who the page is for: with the study's own language first, since most of the words are the study's."""
    return ", ".join(dict.fromkeys((sheet.language, sheet.interface)))


def _page(sheet: Sheet, step: Step) -> tuple[str, dict[str, Any]]:
    """(template, context) of a step's page."""
    study, language = sheet.study, sheet.language
    has_consented = step.stage != Stage.CONSENT
    context = surroundings(study, sheet.study_key, step, language, can_leave=has_consented, is_preview=sheet.is_preview)
    if not has_consented:
        offered = {"consent": own_text(study, "consent", language), "languages": languages(study, language)}
        offered |= {"words": consent_mark(study, language)}
        return "consent", context | offered | {"measures": study.definition.devices.asks_something}
    if sheet.article is None:
        return "questions_page", context | {"title": title(study, step, language)}
    context |= {"article": sheet.article, "beside": sheet.beside, "intro": own_text(study, "reading_intro", language)}
    return ("reading" if step.stage == Stage.READING else "looking_back"), context
