"""In which language the interface speaks to whom: participants in every one that has a catalogue, researchers in some.

A participant's pages are all translated; the workbench is offered in a language only when all of it is, since a page
that is half German is read aloud wrongly.
"""

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

PARTICIPANTS = ("/s/", "/r/")


class InterfaceLanguage(LocaleMiddleware):
    """Django's choice by cookie and browser, kept to the languages that the asked-for page speaks."""

    def process_request(self, request: HttpRequest) -> None:
        """Let this request's page speak the language that was chosen, or English where it cannot."""
        chosen = translation.get_language_from_request(request)
        if not request.path_info.startswith(PARTICIPANTS) and chosen not in settings.WORKBENCH_LANGUAGES:
            chosen = settings.LANGUAGE_CODE
        translation.activate(chosen)
        request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
