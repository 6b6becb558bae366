"""Every page has its policy; taking part has all that others have; what is too large or cut off is not read."""

import io

import pytest
from csp.constants import HEADER
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings

from studyweb.middleware import LARGEST_REQUEST, PolicyMiddleware, TakingPart

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


@pytest.mark.django_db
@pytest.mark.parametrize("size", [settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1, LARGEST_REQUEST + 1])
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded"])
def test_nothing_is_read_of_a_page_that_is_too_large_to_be_one(kind: str, size: int) -> None:
    request = _sent(io.BytesIO(b"x"), kind, size)
    response = _handled(request)
    assert (response.status_code, response["Cache-Control"]) == (413, "no-store")
    # Its sender is told what to do; nothing of their browser, which may have dropped a page that is not to be stored.
    assert "What you sent is too long" in response.content.decode()
    assert '<a href="">Open the page again</a>' in response.content.decode()
    assert "is still there" not in response.content.decode()
    assert request.META["wsgi.input"].tell() == 0


@pytest.mark.django_db
def test_nothing_is_read_of_a_file_that_is_larger_than_any_that_is_asked_for() -> None:
    request = _sent(io.BytesIO(b"x"), "multipart/form-data; boundary=x", LARGEST_REQUEST + 1, path="/sign-in/")
    assert (_handled(request).status_code, request.META["wsgi.input"].tell()) == (413, 0)


class _Broken(io.BytesIO):
    """A connection that is lost while it is read."""

    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionResetError


@pytest.mark.django_db
@pytest.mark.parametrize("body", [io.BytesIO(b"believable=1&comment=half"), _Broken()])
def test_half_a_form_reaches_no_view_and_its_reader_is_told_how_to_send_it_again(body: io.BytesIO) -> None:
    response = _handled(_sent(body, "application/x-www-form-urlencoded", 400))
    assert (response.status_code, response["Cache-Control"]) == (408, "no-store")
    assert "Only a part of your page arrived" in response.content.decode()
    assert "half" not in response.content.decode()


def _sent(body: io.BytesIO, kind: str, announced: int, path: str = "/s/ab12/reading-1/") -> WSGIRequest:
    """A POST of which this many bytes are announced."""
    environ = RequestFactory().post(path).environ
    return WSGIRequest(environ | {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(announced), "wsgi.input": body})


def _handled(request: WSGIRequest) -> HttpResponse:
    handler = BaseHandler()
    handler.load_middleware()
    response = handler.get_response(request)
    assert isinstance(response, HttpResponse)
    return response


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
