"""In which language the interface speaks to whom: participants in every one that has a catalogue, researchers in some.

A participant's pages are all translated, and follow the browser where the study does not decide. The workbench speaks
English until a researcher chooses another language: its translations are unreviewed, new strings stand in English until
somebody translates them, and what checks of pure data say (of a definition, a design, a plan) is English always.
"""

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

PARTICIPANTS = ("/s/", "/r/")


class InterfaceLanguage(LocaleMiddleware):
    """Django's choice by cookie and browser for participants, by the cookie alone for researchers."""

    def process_request(self, request: HttpRequest) -> None:
        """Let this request's page speak the language that was chosen, or English where it cannot."""
        if request.path_info.startswith(PARTICIPANTS):
            chosen = translation.get_language_from_request(request)
        else:
            chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
            if chosen not in settings.WORKBENCH_LANGUAGES:
                chosen = settings.LANGUAGE_CODE
        translation.activate(chosen)
        request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
