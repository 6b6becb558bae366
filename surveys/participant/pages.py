"""What each page says: view models without origin, model or arm, which are named at the debriefing and nowhere else."""

import json
import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from surveys import recruitment
from surveys.flow import Place
from surveys.flow.place import articles_shown, frozen
from surveys.frozen import FrozenStudy
from surveys.languages import direction, own_name
from surveys.manipulation import beside
from surveys.models import PanelIdentity, Study, Trial
from surveys.participant.questions import lang_attribute
from surveys.route import Step, progress
from surveys.sentences import paragraphs
from surveys.tokens import InvalidToken, unseal

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ShownArticle:
    """All that a page before the debriefing knows of an article."""

    headline: str
    paragraphs: tuple[str, ...]
    language: str


@dataclass(frozen=True)
class RevealedBeside:
    """What stood beside an article as a manipulation: which factor and level, and the words that were read."""

    factor: str
    level: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Revealed:
    """An article at the debriefing: who wrote it, what in it is not true, and what stood beside it for the study.

    ``rewritten_by_people`` is 'mostly' or 'wholly' where people wrote more of a machine's text than it did, or all.
    ``untrue_language`` is that of ``untrue``: the study's first where nobody wrote it in the participant's.
    """

    headline: str
    opening: str
    language: str
    is_machine_written: bool
    is_invented: bool
    is_opened_by_people: bool
    is_edited_by_people: bool
    rewritten_by_people: str
    model: str
    source: str
    author: str
    published_on: date | None
    url: str
    untrue: tuple[str, ...]
    untrue_language: str
    beside: tuple[RevealedBeside, ...]


def frame(place: Place) -> dict[str, Any]:
    """What stands around a page for somebody who is inside."""
    participant = place.participant
    found = surroundings(
        place.study,
        participant.study.key,
        place.step,
        participant.language,
        can_leave=place.is_under_way and participant.consented_at is not None,
        is_preview=participant.mode == "preview",
    )
    return found if place.is_under_way else found | {"page_number": None, "page_count": None}


def surroundings(
    study: FrozenStudy, study_key: str, step: Step, language: str, *, can_leave: bool, is_preview: bool
) -> dict[str, Any]:
    """What stands around each page: the study's title, whom to ask, and how far along the step is."""
    definition = study.definition
    number, count = progress(study, step)
    return {
        "text_lang": lang_attribute(language),
        "page_dir": direction(language),
        "study_title": definition.text(definition.wording.title, language),
        "study_key": study_key,
        "current_slug": step.slug,
        "step_slug": step.slug,
        "contact": definition.contact,
        "page_number": number,
        "page_count": count,
        "can_leave": can_leave,
        "is_preview": is_preview,
    }


def outside(study: Study) -> dict[str, Any]:
    """What stands around a page for somebody who is not inside: title and contact of the current version, if any."""
    if study.current_version is None:
        return {}
    definition = frozen(study.current_version).definition
    language = definition.languages[0]
    return {
        "study_title": definition.text(definition.wording.title, language),
        "text_lang": lang_attribute(language),
        "contact": definition.contact,
    }


def wording(place: Place, name: str) -> tuple[str, ...]:
    """The paragraphs of one of the study's own texts, in the participant's language."""
    return own_text(place.study, name, place.participant.language)


def own_text(study: FrozenStudy, name: str, language: str) -> tuple[str, ...]:
    """The paragraphs of one of the study's own texts, in this language."""
    definition = study.definition
    return paragraphs(definition.text(getattr(definition.wording, name), language))


@lru_cache(maxsize=256)
def consent_mark(study: FrozenStudy, language: str) -> str:
    """What the consent's form carries of the words above it, with the study's title and whom to ask."""
    definition = study.definition
    title, consent = (
        definition.text(text, language) for text in (definition.wording.title, definition.wording.consent)
    )
    words = json.dumps([language, title, consent, definition.contact.model_dump_json()])
    return sha256(words.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Language:
    """A language that the study can be taken in, by its own name."""

    tag: str
    name: str
    is_chosen: bool


# How long after somebody came to the end the page still leads back by itself: later they came back to read.
RETURNS_WITHIN = timedelta(minutes=10)
_SECONDS, _SECONDS_TO_THINK = 15, 90


def languages(study: FrozenStudy, chosen: str) -> list[Language]:
    """The languages to choose from, in the study's order; none where there is no choice."""
    tags = study.definition.languages
    return [Language(tag, own_name(tag), tag == chosen) for tag in tags] if len(tags) > 1 else []


def returns_after(place: Place, now: datetime, *, is_sure: bool) -> int:
    """After how many seconds the end leads back to the panel without being asked: only for who has just come to it.

    0 for never. Who may still take back what they pressed, and is not ``is_sure``, has time to read how.
    """
    reached = place.participant.debriefed_at or place.participant.ended_at
    if reached is None or now - reached >= RETURNS_WITHIN:
        return 0
    return _SECONDS if is_sure else _SECONDS_TO_THINK


def title(study: FrozenStudy, step: Step, language: str) -> str:
    """The heading of a page of questions that is about no article: its block's title, or the study's."""
    definition = study.definition
    own = definition.text(step.blocks[0].title, language) if step.blocks else ""
    return own or definition.text(definition.wording.title, language)


def shown_article(trial: Trial) -> ShownArticle:
    """The article of a trial as it may be shown before the debriefing."""
    article = trial.article
    return _shown(article.headline, article.text, article.language)


def shown_beside(place: Place) -> tuple[tuple[str, ...], ...]:
    """What the study's own manipulation shows above the article of this step, each as paragraphs; on no other page.

    The one thing before the debriefing that may differ by origin: a label that is correct or false tells it, or lies.
    """
    if place.trial is None or place.step.stage != "reading":
        return ()
    return tuple(each.words for each in _beside(place, place.trial.article.key, place.trial.condition))


def revealed(place: Place) -> list[Revealed]:
    """The articles that this person was shown, in that order, with the truth about each as it was frozen."""
    study, language = place.study, place.participant.language
    return [
        _reveal(study, article.key, article.headline, article.text, _beside(place, article.key, condition), language)
        for article, condition in articles_shown(place)
    ]


def way_back(place: Place) -> tuple[str, str]:
    """(completion code to show, link back to the panel); each '' where there is none.

    The code is that of the panel where it has one, else this person's own. Only who has completed gets one, whether
    or not the answers were withdrawn afterwards.
    """
    participant = place.participant
    settings = recruitment.read(participant.study)
    has_completed = participant.completed_at is not None
    outcome = "completed" if has_completed else participant.outcome
    identity = PanelIdentity.objects.filter(participant=participant).first()
    panel = identity.panel if identity else "plain"
    panel_id = _panel_id(identity) if identity else ""
    came_as_set = panel == settings.panel or {panel, settings.panel} <= recruitment.WITHOUT_PANEL
    panel_code = recruitment.code(settings, outcome) if came_as_set else ""
    link = recruitment.return_link(settings, outcome, panel, panel_id) if came_as_set else ""
    own = participant.completion_code if has_completed else ""
    return panel_code or own, link


@lru_cache(maxsize=1024)
def _shown(headline: str, text: str, language: str) -> ShownArticle:
    return ShownArticle(headline, paragraphs(text), language)


def _panel_id(identity: PanelIdentity) -> str:
    """The id that the panel gave, or '' where there is none or it cannot be read: the code is shown all the same."""
    if not identity.ciphertext:
        return ""
    try:
        return unseal(bytes(identity.ciphertext))
    except InvalidToken:
        log.error(  # where it was raised says nothing; the settings are what is wrong
            "The panel's id of a participant of study %s cannot be decrypted: IDENTITY_KEY is not the one it was "
            "stored with. Links back to the panel that need it are left out. Set the old IDENTITY_KEY again.",
            identity.study.key,
        )
        return ""


def _beside(place: Place, article_key: str, condition: str) -> tuple[RevealedBeside, ...]:
    definition, language = place.study.definition, place.participant.language
    if not condition:
        return ()
    origin = place.study.article_by_key[article_key].origin
    return tuple(
        RevealedBeside(each.factor, each.level, paragraphs(definition.text(each.text, language)))
        for each in beside(definition.design.factors, condition, origin)
    )


@lru_cache(maxsize=2048)
def _reveal(
    study: FrozenStudy, key: str, headline: str, text: str, beside: tuple[RevealedBeside, ...], language: str
) -> Revealed:
    """``headline`` and ``text`` were read, and their hash is frozen; everything about them is as the version has it."""
    frozen = study.article_by_key[key]
    is_machine_written = frozen.origin == "synthetic"
    body = paragraphs(text)
    told_in = language if language in frozen.untrue_in else study.definition.languages[0]
    return Revealed(
        headline=headline,
        opening=body[0] if body else "",
        language=frozen.language,
        is_machine_written=is_machine_written,
        is_invented=frozen.is_invented,
        is_opened_by_people=frozen.opened_by_people,
        is_edited_by_people=frozen.edited_by_people,
        rewritten_by_people=frozen.rewritten_by_people,
        model=frozen.model_name if is_machine_written else "",
        source=frozen.source,
        author=frozen.author,
        published_on=date.fromisoformat(frozen.published_on) if frozen.published_on else None,
        url=frozen.url,
        untrue=paragraphs(frozen.untrue_in.get(language, frozen.untrue)),
        untrue_language=told_in,
        beside=beside,
    )
