"""Where a text's sentences end, and which of its sentences are whole. Pure."""

import re

from generation.engine.sentences import last_sentence_end

# As far as the engine looks behind a full stop to tell an abbreviation from an end.
_BEHIND = 4
_STOP = re.compile(r"[.!?…。！？．｡؟۔।॥։።፧។៕]+[\"'”’»›“‘«‹」』)\]]*|\n+")


def sentence_ends(text: str) -> list[int]:
    """The places behind each sentence, in order; a paragraph's end is one, and so is the text's."""
    ends: list[int] = []
    start = 0
    for match in _STOP.finditer(text):
        end = match.start() if "\n" in match.group() else match.end()
        if not text[start:end].strip():
            continue
        behind = text[start : end + _BEHIND]
        if "\n" in match.group() or end == len(text) or last_sentence_end(behind) == end - start:
            ends.append(end)
            start = end
    if text[start:].strip():
        ends.append(len(text.rstrip()))
    return ends


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order, without the blanks between them."""
    starts = [0, *(ends := sentence_ends(text))[:-1]] if text.strip() else []
    return [text[start:end].strip() for start, end in zip(starts, ends, strict=True)] if starts else []
