"""The web server's logs, without what would let a reader of it act for somebody or learn who they are.

Personal links and sign-in links open what is theirs to whoever has them; an entry link carries a panel's id for the
person in its query, and cookies carry the personal token.
"""

import logging
import re
from typing import Any

from gunicorn.config import AccessLogFormat  # type: ignore[import-untyped]  # its stubs are a package of their own
from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # its stubs are a package of their own

REDACTED = "[redacted]"
_SECRET_IN_PATH = re.compile(r"(/(?:r|sign-in)/)[^/?#\s\"]+")
_PARTICIPANTS_QUERY = re.compile(r"(/s/[^?#\s\"]*\?)[^#\s\"]+")
# gunicorn's own default (Apache's combined format).
COMBINED = str(AccessLogFormat.default)
_COOKIES = frozenset({"{cookie}i", "{set-cookie}o", "{http_cookie}e"})
_QUERIES = frozenset({"q", "{query_string}e"})


def redacted(text: str) -> str:
    """The text with the tokens of links, and the queries of participants' addresses, taken out."""
    return _PARTICIPANTS_QUERY.sub(rf"\g<1>{REDACTED}", _SECRET_IN_PATH.sub(rf"\g<1>{REDACTED}", text))


class RedactingFormatter(logging.Formatter):
    """Takes the same out of the application's log: Django writes the path of a request that failed."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback below it, redacted."""
        return redacted(super().format(record))


class RedactingLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's logger, every value of a line redacted; named by ``--logger-class``."""

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        """Write the line of a request. The usual format is written directly: all values cost more than a page."""
        if self.cfg.access_log_format != COMBINED:
            super().access(resp, req, environ, request_time)
        elif self.access_log_enabled:
            line = redacted(_combined(self.now(), resp, environ))
            # Who called is nobody's question here, and to find it out costs as much as the line.
            self.access_log.handle(logging.LogRecord(self.access_log.name, logging.INFO, "", 0, "%s", (line,), None))

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> dict[str, Any]:
        """The values that a line of the access log can be made of, by their names in ``--access-logformat``."""
        atoms = super().atoms(resp, req, environ, request_time)
        is_participants = str(environ.get("PATH_INFO", "")).startswith("/s/")
        hidden = _COOKIES | (_QUERIES if is_participants else frozenset())
        return {name: _clean(value, name in hidden) for name, value in atoms.items()}


def _combined(now: str, resp: Any, environ: dict[str, Any]) -> str:
    """A line of Apache's combined format. Line breaks and quotes in what a browser sent are written as escapes."""
    request = f"{environ['REQUEST_METHOD']} {environ['RAW_URI']} {environ['SERVER_PROTOCOL']}"
    status = str(resp.status).split(maxsplit=1)[0]
    referrer, agent = environ.get("HTTP_REFERER", "-"), environ.get("HTTP_USER_AGENT", "-")
    told = '" "'.join(_in_quotes(text) for text in (referrer, agent))
    return f'{environ.get("REMOTE_ADDR", "-")} - - {now} "{_in_quotes(request)}" {status} {resp.sent} "{told}"'


def _in_quotes(text: str) -> str:
    return (
        text if text.isprintable() and '"' not in text else text.encode("unicode_escape").decode().replace('"', '\\"')
    )


def _clean(value: Any, is_hidden: bool) -> Any:
    if not isinstance(value, str):
        return value
    return REDACTED if is_hidden and value else redacted(value)
