"""The instruments that this installation offers: those of the library, and the lab's own beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from surveys import instruments
from surveys.instruments import Instrument


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
