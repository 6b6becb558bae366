"""The access log keeps no token and no panel id."""

import io
import logging
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.http import HttpResponse
from django.utils.log import log_response
from gunicorn.config import Config  # type: ignore[import-untyped]  # its stubs are a package of their own

from studyweb.access_log import COMBINED, RedactingFormatter, RedactingLogger, redacted

TOKEN = "xXB7rhFpvZR4mKUjdRVUL5"
FORMAT = '%(r)s %(U)s %(q)s %(f)s "%({cookie}i)s" "%({set-cookie}o)s" %({query_string}e)s %({raw_uri}e)s %(s)s'


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"GET /r/{TOKEN}/ HTTP/1.1", "GET /r/[redacted]/ HTTP/1.1"),
        (f"https://study.example.org/r/{TOKEN}", "https://study.example.org/r/[redacted]"),
        (f"GET /sign-in/{TOKEN}/ HTTP/1.1", "GET /sign-in/[redacted]/ HTTP/1.1"),
        ("GET /s/ab12/?PROLIFIC_PID=5f3a&SESSION_ID=7 HTTP/1.1", "GET /s/ab12/?[redacted] HTTP/1.1"),
        ("GET /s/ab12/reading-1/ HTTP/1.1", "GET /s/ab12/reading-1/ HTTP/1.1"),
        ("GET /studies/ab12/?page=2 HTTP/1.1", "GET /studies/ab12/?page=2 HTTP/1.1"),
        ("GET /sign-in/ HTTP/1.1", "GET /sign-in/ HTTP/1.1"),
    ],
)
def test_tokens_and_participants_queries_are_taken_out(line: str, expected: str) -> None:
    assert redacted(line) == expected


@pytest.mark.parametrize("status", [404, 500])
def test_the_log_of_a_request_that_failed_keeps_no_token(status: int) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("tests.redacting")
    logger.propagate = False
    logger.handlers = [handler]
    log_response("%s: %s", "Failed", f"/r/{TOKEN}/", response=HttpResponse(status=status), logger=logger)
    assert stream.getvalue().split(" ", 1)[1] == "Failed: /r/[redacted]/\n"


def test_the_applications_own_log_redacts_too() -> None:
    formatters = [handler.formatter for handler in logging.getLogger().handlers]
    assert any(isinstance(formatter, RedactingFormatter) for formatter in formatters)


def _logged(path: str, query: str = "", *, log_format: str = FORMAT, **environ: str) -> str:
    config = Config()
    config.set("accesslog", "-")
    config.set("access_log_format", log_format)
    logger = RedactingLogger(config)
    stream = io.StringIO()
    logger.access_log.handlers = [logging.StreamHandler(stream)]
    raw = f"{path}?{query}" if query else path
    request = SimpleNamespace(headers=[("Cookie", f"participant={TOKEN}")])
    response = SimpleNamespace(status="200 OK", headers=[("Set-Cookie", f"participant={TOKEN}")], sent=1)
    given = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": raw,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_COOKIE": f"participant={TOKEN}",
        **environ,
    }
    logger.access(response, request, given, timedelta(milliseconds=5))
    return stream.getvalue()


def test_a_personal_link_is_logged_without_its_token_wherever_it_stands() -> None:
    line = _logged(f"/r/{TOKEN}/", HTTP_REFERER=f"http://localhost/r/{TOKEN}/")
    assert "GET /r/[redacted]/ HTTP/1.1" in line
    assert line.rstrip().endswith("200")
    assert TOKEN not in line


def test_an_entry_is_logged_without_the_panels_ids() -> None:
    line = _logged("/s/ab12/", "PROLIFIC_PID=5f3a&SESSION_ID=77cc")
    assert "GET /s/ab12/?[redacted] HTTP/1.1" in line
    assert "5f3a" not in line
    assert "77cc" not in line


def test_other_addresses_are_logged_as_they_are() -> None:
    assert "/studies/ab12/ page=2" in _logged("/studies/ab12/", "page=2")


def test_the_usual_line_is_that_of_apaches_combined_format() -> None:
    line = _logged("/s/ab12/reading-1/", log_format=COMBINED, REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="A browser")
    expected = r'192\.0\.2\.7 - - \[[^]]+\] "GET /s/ab12/reading-1/ HTTP/1\.1" 200 1 "-" "A browser"\n'
    assert re.fullmatch(expected, line)


def test_the_usual_line_keeps_neither_tokens_nor_panel_ids() -> None:
    link = _logged(f"/r/{TOKEN}/", log_format=COMBINED, HTTP_REFERER=f"http://localhost/r/{TOKEN}/")
    entry = _logged("/s/ab12/", "PROLIFIC_PID=5f3a", log_format=COMBINED, HTTP_REFERER="http://x/s/ab12/?SESSION_ID=77")
    assert TOKEN not in link
    assert "5f3a" not in entry
    assert "77" not in entry


def test_nobody_can_write_a_line_of_their_own_into_the_usual_log() -> None:
    line = _logged("/s/ab12/", log_format=COMBINED, HTTP_USER_AGENT='x" 200\n192.0.2.7 - - "GET /s/ab12/end/\x1b[2J')
    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert len(re.findall(r'(?<!\\)"', line)) == 6
