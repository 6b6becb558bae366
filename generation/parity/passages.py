"""Where a text's sentences end, and which of its sentences are whole. Pure."""

import re

from generation.engine.sentences import is_sentence_end, stops

_LINE = re.compile(r"[^\n]+")


def sentence_ends(text: str) -> list[int]:
    """The places behind each sentence, in order; a line's end is one, and so is the text's.

    At each full stop only what stands around it is looked at: a text may have 100,000 characters and no sentence end.
    """
    ends: list[int] = []
    for line in _LINE.finditer(text):
        start = line.start()
        for stop, after in stops(text, start, line.end()):
            if is_sentence_end(text, stop, after):
                ends.append(start := after)
        if rest := text[start : line.end()].rstrip():
            ends.append(start + len(rest))
    return ends


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, without the blanks between them."""
    ends = sentence_ends(text)
    return [text[start:end].strip() for start, end in zip([0, *ends[:-1]], ends, strict=True)] if ends else []
