"""How one model at one server wants its settings called: learned from its refusals, for as long as this process runs.

The protocol's name for the longest text was changed: newer hosted models refuse `max_tokens` and want
`max_completion_tokens`, which most other servers do not know. The same models refuse a temperature or a top_p even
where it says what they do anyway (OpenAI's reference for chat completions; openai-python, issue 2072).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LONGEST = ("max_tokens", "max_completion_tokens")
_SAYS_NOTHING = {"temperature": 1, "top_p": 1}
"""Settings that the protocol leaves out at these values: whoever leaves them out asks for the same."""

_REFUSES_A_NAME = re.compile(r"unsupported|not supported|not permitted|unrecognized|unknown|unexpected", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wording:
    """The name that the longest text goes by, and the settings that are left out at their default."""

    longest: str = _LONGEST[0]
    left_out: frozenset[str] = frozenset()

    def of(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request's body in this wording; a setting whose value says something is never left out."""
        said = {
            name: value for name, value in body.items() if not (name in self.left_out and _says_nothing(body, name))
        }
        return {self.longest if name in _LONGEST else name: value for name, value in said.items()}

    def after(self, refusal: str, body: Mapping[str, Any]) -> Wording | None:
        """Return the wording to try next, from what the server said to `body` in this one; None where none helps."""
        if not _REFUSES_A_NAME.search(refusal):
            return None
        named, sent = _named(refusal), self.of(body)
        if named & set(_LONGEST):
            return next(
                (Wording(other, self.left_out) for mine, other in (_LONGEST, _LONGEST[::-1]) if mine in sent), None
            )
        refused = {name for name in named if name in sent and _says_nothing(body, name)}
        return Wording(self.longest, self.left_out | refused) if refused else None


def _says_nothing(body: Mapping[str, Any], name: str) -> bool:
    return bool(body[name] == _SAYS_NOTHING[name])


def _named(refusal: str) -> set[str]:
    """The settings that a refusal names: as its parameter, or else in its words."""
    try:
        error = json.loads(refusal)["error"]
        given = error.get("param")
    except (ValueError, LookupError, TypeError, AttributeError):
        given = None
    known = {*_LONGEST, *_SAYS_NOTHING}
    return {given} if isinstance(given, str) and given in known else known & set(re.findall(r"\w+", refusal))
