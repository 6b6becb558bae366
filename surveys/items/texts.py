"""The small parts that questions are made of: texts by language, keys, codes, bounds. Pure."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

# language[-Script][-REGION][-variant]..., in the canonical case of BCP 47 (RFC 5646, section 2.1.1).
_LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*")


def is_language_tag(tag: str) -> bool:
    """Whether a tag is well-formed BCP 47 in canonical case: 'en', 'pt-BR', 'zh-Hant-TW', 'ca-valencia'."""
    return _LANGUAGE_TAG.fullmatch(tag) is not None


def _checked_text(text: dict[str, str]) -> dict[str, str]:
    for tag, words in text.items():
        if not is_language_tag(tag):
            raise ValueError(f"{tag!r} is not a language tag (BCP 47) such as 'en', 'de' or 'pt-BR'")
        if "\0" in words:
            raise ValueError(f"the {tag!r} text holds a NUL character, which no database stores: remove it")
    return text


Text = Annotated[dict[str, str], AfterValidator(_checked_text)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)]

# The limits keep a bound such as 1e999999 from becoming a million digits when it is written out.
Bound = Annotated[Decimal, Field(allow_inf_nan=False, ge=-(10**15), le=10**15, decimal_places=9)]


def refuse_blank(text: dict[str, str], field: str) -> None:
    """Raises ValueError naming each language in which a text is there and says nothing."""
    if blank := [tag for tag, words in text.items() if not words.strip()]:
        raise ValueError(f"the {field} is empty in {', '.join(blank)}: write it, or leave the language out")


def plain(number: Decimal) -> str:
    """A number in its one spelling: without exponent and needless zeros, with a point."""
    digits = format(number, "f")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if digits in {"-0", "+0", ""} else digits
