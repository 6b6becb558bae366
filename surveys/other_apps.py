"""What the other apps bring to a study, by dotted names in the settings: tabs, panels, guards, what they hide or do."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from surveys.models import Article, Researcher, Study


@dataclass(frozen=True)
class Tab:
    """A page of another app about a study, as the workbench lists it."""

    label: str
    url: str
    current: bool


def study_tabs(request: HttpRequest, study: Study) -> list[Tab]:
    """The tabs that the other apps add to a study for the researcher of this request."""
    tabs = (import_string(name)(request, study) for name in settings.STUDY_TABS)
    return [tab for tab in tabs if tab is not None]


@dataclass(frozen=True)
class Panel:
    """What another app shows below an article in the workbench: a template of its own and what that is about."""

    template: str
    about: object


def article_panels(request: HttpRequest, study: Study, article: Article) -> list[Panel]:
    """What the other apps know of an article, for the researcher of this request."""
    panels = (import_string(name)(request, study, article) for name in settings.ARTICLE_PANELS)
    return [panel for panel in panels if panel is not None]


@dataclass(frozen=True)
class Note:
    """What another app found in an article that its debriefing may have to set right, and where."""

    what: str
    evidence: str


def debriefing_notes(article: Article) -> list[Note]:
    """What the other apps found in an article for whoever writes what is not true in it."""
    return [note for name in settings.DEBRIEFING_NOTES for note in import_string(name)(article)]


def hides_models(study: Study) -> bool:
    """Whether the other apps keep from ``study.role``, for now, which model wrote a text and in which arm it stands."""
    return any(import_string(name)(study) for name in settings.BLINDED_BY)


Act = Literal["change the text", "put back", "place"]


def refusal(article: Article, act: Act) -> str:
    """Why another app does not let an act on an article be done here, in a sentence; '' where all do."""
    said: Iterator[str] = (import_string(name)(article, act) for name in settings.ARTICLE_GUARDS)
    return next(filter(None, said), "")


@dataclass(frozen=True)
class PartOfPeople:
    """What people wrote of a machine-written text: how it begins, before a model went on; and edits afterwards.

    ``rewritten`` says whether edits are more of it than what models wrote and still stands, or all of it.
    """

    opened: bool = False
    edited: bool = False
    rewritten: Literal["", "mostly", "wholly"] = ""


def part_of_people(article: Article) -> PartOfPeople:
    """What the other apps know that people wrote of a machine-written article."""
    known = [import_string(name)(article) for name in settings.PARTS_OF_PEOPLE]
    return PartOfPeople(
        opened=any(part.opened for part in known),
        edited=any(part.edited for part in known),
        rewritten=next((part.rewritten for part in known if part.rewritten), ""),
    )


def team_changed(study: Study, person: Researcher, *, by: Researcher) -> None:
    """Let the other apps go on without somebody whose role was changed or taken. Needs the study's row held."""
    for name in settings.TEAM_CHANGED:
        import_string(name)(study, person, by)
