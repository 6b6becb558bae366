"""PURE: which devices a study can be taken on, and what a browser tells of the one that somebody came with.

What a browser says of itself is a hint and no proof: the rule spares people a study that their screen cannot show.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["phone", "tablet", "computer"]
# From the smallest to the largest.
KINDS: tuple[Kind, ...] = get_args(Kind)
NARROWEST, WIDEST = 240, 4000
_LONGEST_WIDTH = 6


class Devices(BaseModel):
    """What a study asks of a device: at least this kind, and a window of at least ``width`` CSS pixels; 0 for any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least: Kind = "phone"
    width: int = Field(default=0, ge=0, le=WIDEST)

    @property
    def asks_something(self) -> bool:
        """Whether anything is asked at all."""
        return bool(self.width) or self.least != KINDS[0]


@dataclass(frozen=True)
class Device:
    """What is known of a device. ``width`` is None where no script measured the window."""

    kind: Kind
    width: int | None = None


@dataclass(frozen=True)
class Shortfall:
    """Why a study cannot be taken on a device: its kind is too small, or its window is narrower than ``needed``."""

    kind: Kind
    width: int | None
    needed: int

    @property
    def is_of_the_kind(self) -> bool:
        """Whether another window on the same device would not help."""
        return not self.needed


def seen(headers: Mapping[str, str], measured: Mapping[str, str] | None = None) -> Device:
    """The device by a request's headers, and by what the page's script measured: ``device`` and ``width``.

    A browser that asks for pages as a computer has them names itself one; the script sees the screen all the same. So
    the smaller of the two counts. What is no measure counts as not measured.
    """
    measured = measured or {}
    kind = named(headers.get("User-Agent", ""), headers.get("Sec-CH-UA-Mobile", ""))
    told = next((each for each in KINDS if each == measured.get("device")), kind)
    width = measured.get("width", "")
    is_number = width.isascii() and width.isdigit() and len(width) < _LONGEST_WIDTH
    return Device(min(kind, told, key=KINDS.index), int(width) if is_number else None)


def named(agent: str, mobile: str = "") -> Kind:
    """The kind of device that a browser names itself on, in ``User-Agent`` and in ``Sec-CH-UA-Mobile``."""
    # Tablets first: an older iPad says 'Mobile', too, and Android's tablets are those that do not.
    if "iPad" in agent or "Tablet" in agent or ("Android" in agent and "Mobi" not in agent):
        return "tablet"
    return "phone" if "Mobi" in agent or mobile == "?1" else "computer"


def shortfall(asked: Devices, device: Device) -> Shortfall | None:
    """What keeps a study from being taken on this device, or None. A width that nobody measured keeps nobody out."""
    if KINDS.index(device.kind) < KINDS.index(asked.least):
        return Shortfall(device.kind, device.width, 0)
    if device.width is not None and device.width < asked.width:
        return Shortfall(device.kind, device.width, asked.width)
    return None
