"""What stands between the server and the views: the content security policy, and who needs sessions and messages."""

import re
from collections.abc import Callable

from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

Handler = Callable[[HttpRequest], HttpResponse]
# Where somebody takes part. The entry link is not among them: researchers preview their study by it.
_TAKING_PART = re.compile(r"/s/[^/]+/[^/]+/$")
# What a view or template can have done to a policy for one response.
_OWN = ("_csp_exempt", "_csp_config", "_csp_update", "_csp_replace")


def for_researchers(get_response: Handler) -> Handler:
    """``RESEARCHERS_MIDDLEWARE`` around every page but those of somebody who takes part.

    They know their people by a token of their own, and sessions, accounts, messages and htmx would cost them as much as
    a page.
    """
    whole = get_response
    for name in reversed(settings.RESEARCHERS_MIDDLEWARE):
        whole = import_string(name)(whole)

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request) if _TAKING_PART.match(request.path_info) else whole(request)

    return middleware


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
