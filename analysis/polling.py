"""The part of a page that says how far a job is, as the page asks for it again and again."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HTMX_STOP_POLLING

from analysis.models import Work


def part(request: HttpRequest, template: str, job: Work, context: Mapping[str, Any]) -> HttpResponse:
    """The template with ``context``; of a job that is over it ends the asking and makes the page load again."""
    response = render(request, template, dict(context))
    if not job.is_open:
        response.status_code = HTMX_STOP_POLLING
        response["HX-Refresh"] = "true"
    return response
