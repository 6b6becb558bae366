"""Invented crossed ratings for the tests of mixed models."""

import numpy as np
import pandas as pd


def crossed(
    people: int = 20,
    articles: int = 8,
    each: int = 4,
    *,
    seed: int = 1,
    person_sd: float = 0.8,
    article_sd: float = 0.5,
    slope_sd: float = 0.0,
    noise: float = 1.0,
) -> pd.DataFrame:
    """Each person rates ``each`` of the articles, half of them synthetic: participant, article, origin, signed, y."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), each)
    article = np.concatenate([rng.permutation(articles)[:each] for _ in range(people)])
    synthetic = article % 2
    y = 5.0 - 0.5 * synthetic + rng.normal(0, noise, len(person))
    y += rng.normal(0, person_sd, people)[person] + rng.normal(0, article_sd, articles)[article]
    y += rng.normal(0, slope_sd, people)[person] * (synthetic - 0.5)
    return pd.DataFrame(
        {
            "participant": [f"p{n:02}" for n in person],
            "article": [f"a{n:02}" for n in article],
            "origin": np.where(synthetic == 1, "synthetic", "real"),
            "signed": synthetic - 0.5,
            "y": y,
        }
    )


def balanced(people: int, articles: int, *, seed: int, person_sd: float = 1.0, article_sd: float = 0.7) -> pd.DataFrame:
    """Everybody rates every article once: participant, article, y."""
    rng = np.random.default_rng(seed)
    y = rng.normal(0, person_sd, (people, 1)) + rng.normal(0, article_sd, (1, articles))
    y = y + rng.normal(size=(people, articles))
    rows = [(f"p{i}", f"a{j}", y[i, j]) for i in range(people) for j in range(articles)]
    return pd.DataFrame(rows, columns=["participant", "article", "y"])
