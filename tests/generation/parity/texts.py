"""Texts for the parity report's tests. All are invented."""

from typing import Any

from generation.parity.measures import Shown

REAL = (
    "The council of Northgate voted on Tuesday to close its old bridge, which engineers found unsafe in 2018.\n\n"
    '"We had no other choice," said Maria Holm, the mayor. The detour is 9 miles long.'
)
WRITTEN = (
    "The council of Northgate decided on Monday to shut the old bridge. Nobody was hurt.\n\n"
    'A spokesman, Peter Lund, said: "The river rose too fast." Work begins in May 2020.'
)


def shown(text: str, side: str = "synthetic", **changes: Any) -> Shown:
    given: dict[str, Any] = {"key": f"{side}-1", "arm": side, "headline": "The old bridge is closed", **changes}
    return Shown(side=side, text=text, **given)


def pair(real: str = REAL, written: str = WRITTEN, **changes: Any) -> list[Shown]:
    """A real text and a written one."""
    return [shown(real, "real"), shown(written, "synthetic", **changes)]
