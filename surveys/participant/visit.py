"""Who a request comes from: the cookie with the personal token, the mode that was asked for, the language.

A browser that came by an id which anybody could guess is a guest of that person: its cookie, an invitation, holds the
token sealed. It may go on in the study; what only the person may do, it may not (docs/decisions/0014).
"""

import json
import re

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header

from surveys import flow, recruitment, tokens
from surveys.flow import Place
from surveys.flow.enrol import pack, unpack
from surveys.flow.record import FORM_TOKEN
from surveys.models import Mode, Participant, Study
from surveys.recruitment import Entrant

TOKEN_COOKIE = "participant"  # noqa: S105  # a cookie's name, no secret
ENTRANT_COOKIE = "entrant"
MARK_FIELD = "_person"  # no question has such a key
# The number of the newest draft of the page that is sent, as its script counts them (static/participant/draft.js);
# without a script, that of the draft with which it was shown.
SEQUENCE_FIELD = "_sequence"
_OURS = frozenset({MARK_FIELD, SEQUENCE_FIELD})
# What the link of the page for machines says besides.
OPENED = "opened"
# Names as those programs give them: messengers, social networks, mail and search. "Cubot" makes phones.
_MACHINES = re.compile(
    r"facebookexternalhit|facebookcatalog|meta-external|^WhatsApp/|SkypeUriPreview|BingPreview|MicrosoftPreview|vkShare"
    r"|Google-PageRenderer|GoogleImageProxy|Web Preview|Link Preview|Iframely|Embedly|Mastodon/|Pleroma|Synapse"
    r"|ms-office; MSOffice|Existence Discovery|(?<!cu)bot\b|crawler|spider\b",
    re.IGNORECASE,
)
# No token begins so.
_GUEST = "~"
COOKIE_SECONDS = 400 * 24 * 3600  # the longest that browsers keep one


def is_a_machine(request: HttpRequest) -> bool:
    """Whether a program looks at a link that was sent to somebody, or searches the web, by its own name.

    Whoever is taken for one is a person once they have pressed the button on the page that they get.
    """
    return OPENED not in request.GET and _MACHINES.search(request.META.get("HTTP_USER_AGENT", "")) is not None


def token_of(request: HttpRequest) -> str:
    """The personal token that the browser sent, or that of whose guest it is; '' where there is none."""
    return token_in(request.COOKIES.get(TOKEN_COOKIE, ""))


def token_in(cookie: str) -> str:
    """The personal token in a cookie's value."""
    return _invited(cookie)[0] if cookie.startswith(_GUEST) else cookie


def invitation_hash(request: HttpRequest) -> str:
    """The hash of the invitation with which a browser came by an id that could be guessed; '' where it has none.

    No two invitations are the same, and only the browser that was given one has it.
    """
    cookie = request.COOKIES.get(TOKEN_COOKIE, "")
    return tokens.token_hash(cookie) if cookie.startswith(_GUEST) else ""


def is_guest(request: HttpRequest, place: Place) -> bool:
    """Whether the browser was let in by an id that could be guessed, and has shown nothing else of who is using it.

    Who consented with this invitation is the person, though the answer, with the token, was lost or never looked at.
    """
    own = invitation_hash(request)
    return bool(own) and own != place.participant.invitation_hash


def draft_of(request: HttpRequest, place: Place) -> dict[str, list[str]]:
    """What was typed at this step before; for a guest only what was typed since they came, for it may be their own."""
    if place.draft is None:
        return {}
    if is_guest(request, place) and place.draft.saved_at.timestamp() < _invited(request.COOKIES[TOKEN_COOKIE])[1]:
        return {}
    content: dict[str, list[str]] = place.draft.content
    return content


def mark(request: HttpRequest) -> str:
    """What the forms of this request's person carry; '' where there is nobody."""
    token = token_of(request)
    return tokens.page_mark(token) if token else ""


def is_of_another(request: HttpRequest) -> bool:
    """Whether what is sent comes from a page of somebody else: two people can use one browser, which has one cookie.

    A page without a mark was open already when the server was renewed by the version that knows of marks.
    """
    if request.method != "POST":
        return False
    own, sent = mark(request), request.POST.get(MARK_FIELD, "")
    return bool(own and sent) and sent != own


def typed(request: HttpRequest) -> dict[str, list[str]]:
    """What was typed, by the name of the field."""
    return {name: [str(each) for each in sent] for name, sent in request.POST.lists() if name not in _OURS}


def is_number_of_draft(sequence: str) -> bool:
    """Whether a draft can have this number."""
    return sequence.isascii() and sequence.isdigit() and len(sequence) <= 16


def sequence_sent(request: HttpRequest, otherwise: int) -> int:
    """The number under which a page that was sent is kept as a draft: the one after its own newest.

    ``otherwise`` for a page that says none: it was open already when the server was renewed by the version that asks.
    """
    sent = request.POST.get(SEQUENCE_FIELD, "")
    return int(sent) + 1 if is_number_of_draft(sent) else otherwise


def fields(request: HttpRequest) -> list[tuple[str, str]]:
    """Every (name, value) of the form that was sent but its token, for another form that sends the same once more."""
    sent = [(name, str(value)) for name, values in request.POST.lists() for value in values]
    return [(name, value) for name, value in sent if name != FORM_TOKEN]


def fields_of_a_page(request: HttpRequest) -> list[tuple[str, str]]:
    """The same, where it is what was typed into somebody's page; [] for what only presses a button, or is no page's.

    A page of ours carries a mark; another site could otherwise put its own answers before somebody, ready to be sent.
    """
    return fields(request) if request.POST.get(MARK_FIELD) and typed(request).keys() - {FORM_TOKEN} else []


def place_of(request: HttpRequest, study_key: str, slug: str = "") -> Place | None:
    """Where the person of this request is in this study, or None if the cookie names nobody there."""
    token = token_of(request)
    return flow.find(token, study_key, slug) if token else None


def comes_back(request: HttpRequest, study_key: str) -> Place | None:
    """``place_of`` for somebody who comes by a link, from outside the study's pages."""
    token = token_of(request)
    return flow.come_back(token, study_key) if token else None


def address(request: HttpRequest) -> str:
    """The network address of this request, or '' where it is not known.

    Behind TLS a proxy speaks for everybody: the address is then the one that the nearest proxy appended.
    """
    if settings.BEHIND_TLS:
        return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def network_hash(request: HttpRequest, place: Place) -> str:
    """The keyed hash of the browser's network address and kind, or '' where the address is not known."""
    participant = place.participant
    browser = request.headers.get("User-Agent", "")[:1000]
    return tokens.network_hash(participant.study, participant.mode, address(request), browser)


def remember(response: HttpResponseBase, study_key: str, token: str, *, lasting: bool = True) -> None:
    """Give the browser the personal token, for this study's pages only; not ``lasting``, until it is closed."""
    _set(response, study_key, TOKEN_COOKIE, token, lasting=lasting)


def invite(response: HttpResponseBase, study_key: str, token: str, *, lasting: bool = True) -> None:
    """Make the browser a guest of the token's owner, for this study's pages only."""
    sealed = tokens.seal(json.dumps([_GUEST, token, timezone.now().timestamp()])).decode()
    _set(response, study_key, TOKEN_COOKIE, _GUEST + sealed, lasting=lasting)


def forget(response: HttpResponseBase, study_key: str) -> None:
    """Take everything of the person from the browser, for whoever comes next."""
    for name in (TOKEN_COOKIE, ENTRANT_COOKIE):
        response.delete_cookie(name, path=_path(study_key), samesite="Lax")


def carry(response: HttpResponseBase, study_key: str, entrant: Entrant, *, lasting: bool = True) -> None:
    """Give the browser the panel's ids, encrypted, to carry until the person consents; not ``lasting`` as above."""
    _set(response, study_key, ENTRANT_COOKIE, pack(entrant), lasting=lasting)


def carried(request: HttpRequest, participant: Participant) -> Entrant:
    """The panel's ids that the browser carries for this person, whose request it is; a plain entrant if there are none.

    Those of somebody else, who came before in the same browser and did not consent, are nobody's here: their token is
    not the one that was sent.
    """
    entrant = unpack(request.COOKIES.get(ENTRANT_COOKIE, ""))
    if not entrant.panel_id:
        return entrant
    token = tokens.panel_token(participant.study, participant.mode, entrant.panel_id)
    return entrant if token == token_of(request) else Entrant()


def drop_carried(response: HttpResponseBase, study_key: str) -> None:
    """Take the panel's ids back from the browser."""
    response.delete_cookie(ENTRANT_COOKIE, path=_path(study_key), samesite="Lax")


def mode_asked(request: HttpRequest, study: Study) -> Mode:
    """The mode that the entry link asks for: live without one.

    Any other comes by a signed value; 'preview' also by its name, for who is signed in and has a role in the study.
    Raises ``PermissionDenied`` for everybody else, so that nobody becomes a live participant by a mistyped link.
    """
    asked = request.GET.get("mode", "")
    if not asked:
        return Mode.LIVE
    if (signed := recruitment.read_signed_mode(study, asked)) is not None:
        return signed
    # The one participant page that looks at who is signed in, and only where a preview is asked for by name.
    if asked == Mode.PREVIEW and request.user.is_authenticated and study.memberships.filter(researcher=request.user):
        return Mode.PREVIEW
    raise PermissionDenied(_("This link is for the study’s team. It is incomplete, or its time has passed."))


def language_wanted(request: HttpRequest, offered: tuple[str, ...]) -> str:
    """The offered language that the browser likes best; the study's first if it likes none of them."""
    by_tag = {tag.lower(): tag for tag in offered}
    for wanted, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        while wanted:
            if wanted in by_tag:
                return by_tag[wanted]
            wanted = wanted.rpartition("-")[0]
    return offered[0]


def _invited(cookie: str) -> tuple[str, float]:
    """The token of whose guest a cookie makes its browser, and since when; ('', 0) for one that was made up."""
    try:
        kind, token, since = json.loads(tokens.unseal(cookie[len(_GUEST) :].encode("utf-8", "replace")))
    except (tokens.InvalidToken, ValueError):
        return "", 0.0
    return (token, since) if kind == _GUEST else ("", 0.0)


def _set(response: HttpResponseBase, study_key: str, name: str, value: str, *, lasting: bool = True) -> None:
    response.set_cookie(
        name,
        value,
        max_age=COOKIE_SECONDS if lasting else None,
        path=_path(study_key),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _path(study_key: str) -> str:
    return reverse("participant:entry", kwargs={"study_key": study_key})
