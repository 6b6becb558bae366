"""studyweb for gunicorn, where a request can ask that its answer be held back after all of its work is committed.

How long a page waits for the database can be shortened, so that no test waits as long as people do.
"""

import os
import time
from collections.abc import Iterable
from typing import Any

from studyweb.wsgi import application as studyweb
from surveys.participant import patience

HOLD = "X-Hold-The-Answer"
PATIENCE = "STUDYWEB_TEST_PATIENCE"
if PATIENCE in os.environ:
    patience.SECONDS = float(os.environ[PATIENCE])


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The real application; whoever sends ``HOLD`` is not answered before the process is killed."""
    answer: Iterable[bytes] = studyweb(environ, start_response)
    if "HTTP_" + HOLD.upper().replace("-", "_") in environ:
        time.sleep(600)
    return answer
