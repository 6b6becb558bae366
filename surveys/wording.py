"""PURE: which of a study's questions are not written in which of its languages.

A text that lacks a language would be shown in the study's first one, or not at all, to somebody who reads another: a
question that is not asked in the words of its instrument measures something else.
"""

from collections.abc import Iterator, Mapping

from surveys.definition import Block, Definition
from surveys.items import Item


def untranslated(definition: Definition) -> dict[str, list[str]]:
    """{language: keys of the items and blocks that lack words in it}, for those of the study's languages with gaps."""
    lacking = {
        language: [key for block in definition.blocks for key in _lacking(block, language)]
        for language in definition.languages
    }
    return {language: keys for language, keys in lacking.items() if keys}


def _lacking(block: Block, language: str) -> Iterator[str]:
    if _is_missing((block.title, block.intro), language):
        yield block.key
    for item in block.items:
        if _is_missing(_texts(item), language):
            yield item.key


def _texts(item: Item) -> tuple[Mapping[str, str] | None, ...]:
    labels = (option.label for option in item.options)
    return (item.wording, item.help, item.vignette, item.stem, item.low_label, item.high_label, *labels)


def _is_missing(texts: tuple[Mapping[str, str] | None, ...], language: str) -> bool:
    """Whether one of the texts that are written at all is not written in this language."""
    return any(text and not text.get(language, "").strip() for text in texts)
