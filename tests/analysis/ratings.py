"""Invented ratings for the tests of the analysis."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd


def ratings_of(arms: Mapping[str, Sequence[float | None]], articles: int = 5, **columns: str) -> pd.DataFrame:
    """One rating a person: for each arm its values, over ``articles`` articles; ``columns`` are added as they are."""
    rows = [
        {
            "participant": f"{arm}-{n:03}",
            "arm": arm,
            "article": f"{arm}-{n % articles}",
            "origin": "real" if arm == "real" else "synthetic",
            "credibility": value,
        }
        for arm, values in arms.items()
        for n, value in enumerate(values)
    ]
    return pd.DataFrame(rows).assign(**columns)


def simulated(
    people: int = 90,
    per_person: int = 3,
    arms: Sequence[str] = ("real", "small", "large"),
    *,
    within: bool = False,
    shift: float = -1.0,
    seed: int = 1,
) -> pd.DataFrame:
    """Ratings of 1..10 with a planted ``shift`` of every arm but 'real', people differing with an SD of 1."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(people):
        level = rng.normal(6.5, 1)
        for place in range(per_person):
            arm = arms[(person + place * within) % len(arms)]
            value = rng.normal(level + (0 if arm == "real" else shift), 1)
            rows.append(
                {
                    "participant": f"p{person:04}",
                    "arm": arm,
                    "article": f"{arm}-{(person + place) % 6}",
                    "origin": "real" if arm == "real" else "synthetic",
                    "position": place + 1,
                    "credibility": float(np.clip(round(value), 1, 10)),
                }
            )
    return pd.DataFrame(rows)
