"""PURE: the numbers that were published in 2019, to be drawn as marked reference lines and for nothing else.

Group sizes, spreads and tests were not published with them, and their cut for 'credible' was not stated: no test is
made against them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedValue:
    """One published number: a share of 0..1, or an index of 1..10."""

    label: str
    value: float


SOURCE = (
    "OpenAI (2019), Release Strategies and the Social Impacts of Language Models, arXiv:1908.09203; OpenAI (2019), "
    "GPT-2: 6-Month Follow-Up; Kreps, McCain & Brundage (2022), J. Exp. Polit. Sci., doi:10.1017/XPS.2020.37"
)
SHARES = (
    PublishedValue("picked GPT-2 355M articles, about", 0.66),
    PublishedValue("curated GPT-2 articles", 0.72),
    PublishedValue("New York Times originals", 0.83),
)
INDEXES = (
    PublishedValue("GPT-2 355M", 6.07),
    PublishedValue("GPT-2 774M", 6.72),
    PublishedValue("GPT-2 1.5B", 6.91),
)
