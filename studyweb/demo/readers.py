"""PURE: simulated readers, whose ratings carry a planted effect that a report must recover.

A reader rates each item by a graded-response model (Samejima 1969): a latent credibility, the sum of a person's own
leaning (sd ``PERSON_SD``), a story's (sd ``STORY_SD``, the same in every arm), the arm's shift and fresh noise (sd 1),
falls between the cuts of a 4-point scale. The shift of an arm is chosen so that the *expected* index (believable +
accurate + clear - 2, on 1 to 10) differs from the reference arm's by the planted effect exactly.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import sqrt
from statistics import NormalDist

from scipy.optimize import brentq

NORMAL = NormalDist()

CUTS = (-1.3, -0.2, 1.1)
PERSON_SD = 0.6
STORY_SD = 0.3
ITEMS = ("believable", "accurate", "clear")


def expected_index(shift: float) -> float:
    """The expected index, on 1 to 10, of a random reader and story in an arm with this latent shift."""
    total_sd = sqrt(1 + PERSON_SD**2 + STORY_SD**2)
    rating = 1 + sum(NORMAL.cdf((shift - cut) / total_sd) for cut in CUTS)
    return len(ITEMS) * rating - 2


@cache
def shift_for(effect: float) -> float:
    """The latent shift whose expected index is ``effect`` points from that of no shift.

    Raises ValueError if the index cannot differ by so much.
    """
    base = expected_index(0.0)
    if not 1 < base + effect < 10:
        raise ValueError(f"an effect of {effect} points would leave the index's range of 1 to 10")
    return float(brentq(lambda shift: expected_index(shift) - base - effect, -12, 12))


@dataclass(frozen=True)
class Population:
    """Readers to draw from: ``effects`` is each arm's planted effect in points of the index; ``seed`` fixes everything.

    The same (seed, reader, story, item) gives the same rating wherever and in whatever order it is asked for.
    """

    effects: Mapping[str, float]
    seed: int

    def rating(self, reader: int, story: str, arm: str, item: str) -> int:
        """This reader's answer, 1 to 4, to one credibility item about one story's version in one arm."""
        latent = (
            shift_for(self.effects[arm])
            + PERSON_SD * self._normal("person", reader)
            + STORY_SD * self._normal("story", story)
            + self._normal("noise", reader, story, item)
        )
        return 1 + sum(latent > cut for cut in CUTS)

    def chance(self, *of: object) -> float:
        """A uniform number in (0, 1) that belongs to these words alone."""
        key = "\x1f".join(map(str, (self.seed, *of)))
        drawn = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) >> 11
        return (drawn + 0.5) / 2**53

    def _normal(self, *of: object) -> float:
        return NORMAL.inv_cdf(self.chance(*of))
