"""The web server's logs, without what would let a reader of it act for somebody or learn who they are.

Personal links and sign-in links open what is theirs to whoever has them; an entry link carries a panel's id for the
person in its query, and cookies carry the personal token.
"""

import logging
import re
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # its stubs are a package of their own

REDACTED = "[redacted]"
_SECRET_IN_PATH = re.compile(r"(/(?:r|sign-in)/)[^/?#\s\"]+")
_PARTICIPANTS_QUERY = re.compile(r"(/s/[^?#\s\"]*\?)[^#\s\"]+")
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

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> dict[str, Any]:
        """The values that a line of the access log can be made of, by their names in ``--access-logformat``."""
        atoms = super().atoms(resp, req, environ, request_time)
        is_participants = str(environ.get("PATH_INFO", "")).startswith("/s/")
        hidden = _COOKIES | (_QUERIES if is_participants else frozenset())
        return {name: _clean(value, name in hidden) for name, value in atoms.items()}


def _clean(value: Any, is_hidden: bool) -> Any:
    if not isinstance(value, str):
        return value
    return REDACTED if is_hidden and value else redacted(value)
