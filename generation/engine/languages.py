"""Which language a text is in, as far as its letters tell (py3langid: a naive Bayes model over byte n-grams)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier


class Guess(NamedTuple):
    """A language (ISO 639-1) and how sure the model is of it, from 0 to 1."""

    language: str
    certainty: float


def guessed(text: str) -> Guess:
    """Return the likeliest language of a text; the first call reads the model, which takes about a second."""
    language, certainty = _identifier().classify(text)
    return Guess(str(language), float(certainty))


def is_known(language: str) -> bool:
    """Return whether a language (its tag's first part counts) is one that can be told."""
    return primary(language) in {str(label) for label in _identifier().labels}


def primary(tag: str) -> str:
    """Return a language tag's first part: 'pt' of 'pt-BR'."""
    return tag.strip().casefold().replace("_", "-").split("-")[0]


@cache
def _identifier() -> LanguageIdentifier:
    # Imported at its first use: pages that only ask for texts need neither it nor its memory.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
