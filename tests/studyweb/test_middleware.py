"""Every page has its policy; only researchers' pages pay for sessions and messages."""

import pytest
from csp.constants import HEADER
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from studyweb.middleware import PolicyMiddleware, for_researchers

POLICY = "default-src 'none'"


@pytest.mark.parametrize(
    ("path", "is_known"),
    [
        ("/s/ab12/reading-1/", False),
        ("/s/ab12/draft/", False),
        ("/s/ab12/", True),
        ("/studies/ab12/texts/", True),
        ("/", True),
        ("/sign-in/x/y/", True),
        ("/s/ab12/reading-1/more/", True),
    ],
)
def test_only_the_steps_of_taking_part_go_without_sessions(path: str, is_known: bool) -> None:
    seen: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    for_researchers(view)(RequestFactory().get(path))
    assert [hasattr(seen[0], name) for name in ("session", "user", "htmx")] == [is_known] * 3


def _policy(
    response: HttpResponse, request: HttpRequest | None = None, middleware: PolicyMiddleware | None = None
) -> str:
    middleware = middleware or PolicyMiddleware(lambda _: response)
    found: str = middleware.process_response(request or RequestFactory().get("/"), response)[HEADER]
    return found


def test_the_policy_is_the_same_the_first_time_and_later() -> None:
    middleware = PolicyMiddleware(lambda _: HttpResponse())
    policies = {_policy(HttpResponse(), middleware=middleware) for _ in range(3)}
    assert len(policies) == 1
    assert POLICY in policies.pop()


def test_a_nonce_or_a_rule_of_one_response_stays_with_that_response() -> None:
    middleware = PolicyMiddleware(lambda _: HttpResponse())
    usual = _policy(HttpResponse(), middleware=middleware)
    request = RequestFactory().get("/")
    middleware.process_request(request)
    nonce = str(request.csp_nonce)  # type: ignore[attr-defined]
    assert f"'nonce-{nonce}'" in _policy(HttpResponse(), request, middleware)
    styled = HttpResponse()
    styled._csp_replace = {"style-src": ["'unsafe-inline'"]}  # type: ignore[attr-defined]
    assert "style-src 'unsafe-inline'" in _policy(styled, middleware=middleware)
    assert _policy(HttpResponse(), middleware=middleware) == usual
    assert "nonce-" not in usual
    assert "unsafe-inline" not in usual


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/s/ab12/reading-1/", "/s/ab12/", "/sign-in/", "/nothing-here/"])
def test_every_page_has_every_security_header(path: str) -> None:
    for _ in range(2):
        response = Client().get(path)
        assert POLICY in response[HEADER]
        assert response["X-Frame-Options"] == "DENY"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Referrer-Policy"] == "same-origin"
