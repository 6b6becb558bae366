"""Text as every database can store it."""

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with NUL shown as its symbol and half a surrogate pair as U+FFFD: PostgreSQL stores neither."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text.replace("\0", "\N{SYMBOL FOR NULL}"))
