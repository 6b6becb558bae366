"""Every page has its policy; pages of taking part have all that others have, but for sessions and messages."""

import pytest
from csp.constants import HEADER
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings

from studyweb.middleware import PolicyMiddleware, TakingPart

POLICY = "default-src 'none'"


@pytest.mark.parametrize(
    ("path", "is_ordinary"),
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
@pytest.mark.django_db
def test_only_the_steps_of_taking_part_go_without_sessions(path: str, is_ordinary: bool) -> None:
    seen: list[HttpRequest] = []

    def ordinary(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    TakingPart(ordinary)(RequestFactory().get(path))
    assert [request.path for request in seen] == [path] * is_ordinary


def _answer(path: str, *, way: type[TakingPart] | None, **headers: str) -> HttpResponse:
    """The response to a request that comes by this middleware, or by all the others."""
    handler = BaseHandler()
    others = [name for name in settings.MIDDLEWARE if name != "studyweb.middleware.TakingPart"]
    with override_settings(MIDDLEWARE=others if way is None else settings.MIDDLEWARE):
        handler.load_middleware()
    response = handler.get_response(RequestFactory().get(path, headers=headers))
    assert isinstance(response, HttpResponse)
    return response


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/s/ab12/reading-1/", "/s/ab12/draft/", "/s/ab12/äh/"])
@pytest.mark.parametrize("headers", [{}, {"Accept-Language": "de, en"}, {"Host": "elsewhere.example"}])
def test_a_page_of_taking_part_has_what_the_ordinary_way_gives_it(path: str, headers: dict[str, str]) -> None:
    shortcut, ordinary = (_answer(path, way=way, **headers) for way in (TakingPart, None))
    assert (shortcut.status_code, shortcut.content) == (ordinary.status_code, ordinary.content)
    assert shortcut.headers.items() >= ordinary.headers.items()
    assert shortcut.cookies.keys() == ordinary.cookies.keys()


@pytest.mark.django_db
def test_behind_tls_a_page_of_taking_part_is_redirected_and_then_kept_there() -> None:
    with override_settings(
        SECURE_SSL_REDIRECT=True,
        SECURE_HSTS_SECONDS=60,
        SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    ):
        plain, secure = Client().get("/s/ab12/reading-1/"), Client().get("/s/ab12/reading-1/", secure=True)
    assert (plain.status_code, plain["Location"]) == (301, "https://testserver/s/ab12/reading-1/")
    assert secure["Strict-Transport-Security"] == "max-age=60"


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
