"""An instrument as the TOML file that ``surveys.instruments.read`` reads. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from surveys.instruments.model import Instrument

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def written(instrument: Instrument) -> str:
    """The whole file. What has its ordinary value is left out, as in the library's own files."""
    whole = instrument.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    items, scoring = whole.pop("items"), whole.pop("scoring", None)
    lines = list(_fields(whole))
    for item in items:
        options = item.pop("options", ())
        lines += ["", "[[items]]", *_fields(item)]
        if options:
            lines += ["options = [", *(f"  {_value(option)}," for option in options), "]"]
    if scoring is not None:
        lines += ["", "[scoring]", *_fields(scoring)]
    return "\n".join(lines) + "\n"


def _fields(values: Mapping[str, Any]) -> Iterator[str]:
    return (f"{_key(key)} = {_value(value)}" for key, value in values.items())


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    """One value on one line: what a model's JSON holds is text, numbers, yes or no, lists and tables."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_fields(value)) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    # JSON writes these as TOML does, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
