"""What stands between the server and the views: the content security policy, and who needs sessions and messages.

Pages of somebody who takes part are most of what a server does while a study runs. ``TakingPart`` leads them past
everything that does nothing for them, and past nothing else.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.shortcuts import render
from django.urls import ResolverMatch, resolve
from django.utils.cache import patch_vary_headers

from studyweb.languages import InterfaceLanguage

Handler = Callable[[HttpRequest], HttpResponse]
# Where somebody takes part. The entry link is not among them: researchers preview their study by it.
_TAKING_PART = re.compile(r"/s/[^/]+/[^/]+/$")
# The largest request that is read at all: a file of articles has 20 MB at the most, and a form stands around it.
LARGEST_REQUEST = 32 * 1024 * 1024
# What a view or template can have done to a policy for one response.
_OWN = ("_csp_exempt", "_csp_config", "_csp_update", "_csp_replace")


class PolicyMiddleware(CSPMiddleware):
    """The content security policy, written once for all responses that have neither a nonce nor rules of their own."""

    _usual = ""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The response with its policy."""
        has_own = getattr(request, "_csp_nonce", None) or any(name in response.__dict__ for name in _OWN)
        if has_own or HEADER in response or not self._usual:
            super().process_response(request, response)
            if not has_own:
                self._usual = response.headers.get(HEADER, "")
            return response
        response.headers[HEADER] = self._usual
        # A nonce that is asked for from here on would not be in the policy: asking raises.
        too_late = CheckableLazyObject(self._csp_nonce_post_response)
        request.csp_nonce = too_late  # type: ignore[attr-defined]
        return response


class TakingPart:
    """The pages of somebody who takes part, from the request to the response; any other goes the ordinary way.

    What Django's own middleware does for such a page is done here, by that middleware where it decides something
    (the form's token, the language) and once a process where it says the same each time (the headers, the policy among
    them). Left out is what cannot concern it: static files, a slash that is missing, sessions and messages, and scripts
    in the page itself, so that there is no nonce.
    """

    def __init__(self, get_response: Handler) -> None:
        self._ordinary = get_response
        self._answer: Handler = convert_exception_to_response(self._view)  # type: ignore[assignment]  # no view is async
        self._csrf, self._language = CsrfViewMiddleware(get_response), InterfaceLanguage(get_response)
        self._usual: dict[bool, tuple[tuple[str, str], ...]] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The response, with every header that the ordinary way gives it."""
        is_too_large = _announced(request) > LARGEST_REQUEST
        is_secure = request.is_secure()
        if not _TAKING_PART.match(request.path_info) or (settings.SECURE_SSL_REDIRECT and not is_secure):
            return HttpResponse(status=413) if is_too_large else self._ordinary(request)
        self._language.process_request(request)
        self._csrf.process_request(request)
        response = self._answer(request)
        self._csrf.process_response(request, response)
        headers = response.headers
        # Only where nobody has chosen does it matter what the browser likes; a cache must know all the same.
        if headers.get("Vary") == "Cookie":
            headers["Vary"] = "Cookie, Accept-Language"
        else:
            patch_vary_headers(response, ("Accept-Language",))
        headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        headers.setdefault("Content-Length", str(len(response.content)))
        for name, value in self._usual.get(is_secure) or self._written(request, is_secure):
            headers.setdefault(name, value)
        return response

    def _view(self, request: HttpRequest) -> HttpResponseBase:
        request.get_host()  # raises DisallowedHost for a host that is not ours
        match = request.resolver_match = _resolved(request.path_info)
        refused = _unread(request) or self._csrf.process_view(request, match.func, match.args, match.kwargs)
        return refused or match.func(request, *match.args, **match.kwargs)

    def _written(self, request: HttpRequest, is_secure: bool) -> tuple[tuple[str, str], ...]:
        """The headers that do not depend on the page, as the middleware that knows them writes them."""
        blank = HttpResponse()
        before = set(blank.headers)
        for middleware in (SecurityMiddleware, PolicyMiddleware, XFrameOptionsMiddleware):
            middleware(self._ordinary).process_response(request, blank)
        found = tuple((name, value) for name, value in blank.headers.items() if name not in before)
        self._usual[is_secure] = found
        return found


def _unread(request: HttpRequest) -> HttpResponse | None:
    """The answer to a form that did not come whole or is too large, or None; of half a form nothing may be recorded.

    Whatever is sent is read here, into memory, and up to ``DATA_UPLOAD_MAX_MEMORY_SIZE``: past it, Django refuses
    before it reads, and its sender is told what is kept. A form with files, which no
    page of taking part has, would else fill the disk on its way to the token that it lacks.
    """
    if request.method != "POST":
        return None
    try:
        is_whole = len(request.body) >= _announced(request)
    except UnreadablePostError:
        is_whole = False
    except RequestDataTooBig:
        return _told(request, "too_long", 413)
    return None if is_whole else _told(request, "cut_off", 408)


def _told(request: HttpRequest, name: str, status: int) -> HttpResponse:
    response = render(request, f"participant/{name}.html", status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _announced(request: HttpRequest) -> int:
    """The length of the request's body as its header says it; 0 where it says none that can be read."""
    length = request.META.get("CONTENT_LENGTH") or ""
    return int(length) if length.isdecimal() and len(length) < 20 else 0


@lru_cache(maxsize=4096)
def _resolved(path: str) -> ResolverMatch:
    """The view of an address. A study has few, and to find it anew costs as much as a query."""
    return resolve(path)
