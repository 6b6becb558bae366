"""Where browsers report how a page was taken; the pages work without it."""

import logging

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from surveys import paradata
from surveys.participant import visit
from surveys.participant.replies import private

log = logging.getLogger(__name__)
# A report has some 400 bytes, and multipart would make 2,500 of them.
LONGEST_BODY = 8_000


@private
@require_POST
def report(request: HttpRequest, study_key: str) -> HttpResponse:
    """Keep what a browser reports of one view of one page: ``POST /s/<study>/paradata/``.

    The body is a form (urlencoded or multipart) with ``csrfmiddlewaretoken``, the page's ``_person`` and the fields of
    ``surveys.paradata.Report``: ``step`` ('before-1', 'reading-2', 'debrief', ...), ``view`` (8 to 32 small letters and
    digits, chosen at random when the page is opened), ``sequence`` (rises with each report of the view), the totals
    since the page was opened (whole numbers within ``surveys.paradata.BOUNDS``; ``first_interaction_ms`` and
    ``submitted_ms`` may be empty), ``device`` ('phone', 'tablet' or 'computer') and ``input_methods``. The cookie
    ``participant`` says who it is.

    Answers 204 (kept, or nothing to keep: who has not consented, has withdrawn or is not known, a page of somebody else
    than the person of this browser, and a report that came before), 400 (a field is wrong; the body names it), 413 (too
    long), 503 (dropped, since others are being written).
    Nobody needs to wait for the answer, and nothing needs to be sent again: the next report holds the same totals.
    """
    if int(request.headers.get("Content-Length") or 0) > LONGEST_BODY:
        return HttpResponse(status=413)
    try:
        found = paradata.read_report(request.POST.dict())
    except paradata.ReportError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    token = "" if visit.is_of_another(request) else visit.token_of(request)
    try:
        if token:
            paradata.record(token, study_key, found)
    except paradata.BusyError:
        return HttpResponse(status=503)
    except OperationalError as error:  # a database that is busy for long: a page's paradata is what can be missed
        log.warning("A report on a page was dropped: %s", error)
        return HttpResponse(status=503)
    return HttpResponse(status=204)
