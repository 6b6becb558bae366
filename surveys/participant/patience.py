"""A database that is away for a moment: a page waits for it and begins anew, and after that nothing typed is lost."""

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from surveys.participant import visit

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

log = logging.getLogger(__name__)
# A restart of PostgreSQL takes a few seconds, and nobody waits for a page longer than half a minute.
SECONDS = 15.0
PAUSE = 0.5


def patient(view: View[P]) -> View[P]:
    """A view that is called again while the database is away, and then says so, with all that was typed.

    What such a view writes must be safe to be asked for twice: nobody knows whether a commit whose answer was lost took
    place. Moves of a participant are (each is made only from the step that it leaves).
    """

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                return view(request, *args, **kwargs)
            except (OperationalError, InterfaceError) as error:
                if connection.in_atomic_block:
                    raise  # the connection is not ours to close
                connection.close()
                if time.monotonic() > deadline:
                    log.error("The database did not answer for %.0f seconds: %s", SECONDS, error)
                    return _come_back(request)
                time.sleep(PAUSE)

    return wrapped


def _come_back(request: HttpRequest) -> HttpResponse:
    """A page whose one button sends again what was sent. It needs no database."""
    context = {"typed": visit.fields(request), "sends": request.method == "POST"}
    response = render(request, "participant/away.html", context, status=503)
    response.headers["Retry-After"] = "30"
    return response
