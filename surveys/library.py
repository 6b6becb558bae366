"""The instruments that this installation offers: the library's, and a lab's own, which can be made of its questions."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from surveys import instruments
from surveys.definition import Block, Definition, DefinitionError
from surveys.instruments import Instrument
from surveys.instruments.model import texts_of


@dataclass(frozen=True)
class Offered:
    """What can be asked, by key, and what is wrong with the lab's files that are left out."""

    instruments: Mapping[str, Instrument]
    problems: tuple[str, ...] = ()


def offered() -> Offered:
    """The shipped instruments and those in the folder that the setting names; the folder is read each time."""
    shipped = instruments.library()
    if settings.INSTRUMENTS_DIR is None:
        return Offered(shipped)
    own, problems = instruments.own(settings.INSTRUMENTS_DIR)
    return Offered(dict(sorted({**shipped, **own}.items())), tuple(problems))


def as_instrument(definition: Definition, block: Block, study_name: str) -> Instrument:
    """A page of a lab's own questions as an instrument, in every language in which each word of it is written.

    Rules of display that look at other pages stay behind, as what they look at does. Raises ``DefinitionError`` where
    no language is whole.
    """
    here = {item.key for item in block.items}
    items = [
        item.model_copy(update={"show_if": tuple(rule for rule in item.show_if if rule.item in here)})
        for item in block.items
    ]
    texts = [text for item in items for text in texts_of(item)]
    languages = [tag for tag in definition.languages if all(text.get(tag, "").strip() for text in texts)]
    if not languages:
        raise DefinitionError([_("In no language of the study is each of these questions written to the end.")])
    about = "article" if block.when in {"reading", "looking-back"} else "person"
    given = {
        "key": f"own-{block.key}"[:40].rstrip("-") if block.key in instruments.library() else block.key,
        "title": definition.text(block.title, languages[0]) or block.key,
        "about": about,
        "citation": f"Not published; written for the study {study_name!r}.",
        "wording_checked": True,
        "wording_note": "Written for that study.",
        "languages": languages,
        "items": [item.model_dump(mode="json") for item in items],
        "scoring": block.scoring.model_dump(mode="json") if block.scoring else None,
    }
    return Instrument.model_validate(given)
