"""studyweb for gunicorn, where a request can ask that its answer be held back after all of its work is committed."""

import time
from collections.abc import Iterable
from typing import Any

from studyweb.wsgi import application as studyweb

HOLD = "X-Hold-The-Answer"


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The real application; whoever sends ``HOLD`` is not answered before the process is killed."""
    answer: Iterable[bytes] = studyweb(environ, start_response)
    if "HTTP_" + HOLD.upper().replace("-", "_") in environ:
        time.sleep(600)
    return answer
