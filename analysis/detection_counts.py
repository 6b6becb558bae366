"""PURE: answers of people about articles as counts, and the measures of detection that any resampling of them has."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from analysis.intervals import NAN

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
MEASURES = ("hit_rate", "false_alarm_rate", "d_prime", "criterion", "auc", "accuracy")


@dataclass(frozen=True)
class AnswerCounts:
    """The answers as arrays, one an answer: person and article by number, what was said, and whether it counts."""

    names: tuple[str, ...]
    person: np.ndarray[tuple[int], np.dtype[np.int64]]
    article: np.ndarray[tuple[int], np.dtype[np.int64]]
    synthetic: np.ndarray[tuple[int], np.dtype[np.bool_]]
    category: np.ndarray[tuple[int], np.dtype[np.int64]]
    machine: FloatArray
    counted: FloatArray

    @classmethod
    def of(cls, answers: pd.DataFrame) -> "AnswerCounts":
        person, names = pd.factorize(answers["participant"], sort=True)
        article, _ = pd.factorize(answers["article"], sort=True)
        _, category = np.unique(answers["value"].to_numpy(dtype=float), return_inverse=True)
        synthetic = np.zeros(article.max() + 1, dtype=bool)
        synthetic[article] = answers["synthetic"].to_numpy(dtype=bool)
        return cls(
            names=tuple(map(str, names)),
            person=person,
            article=article,
            synthetic=synthetic,
            category=category.reshape(-1),
            machine=answers["machine"].to_numpy(dtype=float),
            counted=answers["counts"].to_numpy(dtype=float),
        )

    @property
    def n_people(self) -> int:
        return len(self.names)

    @property
    def n_articles(self) -> int:
        return len(self.synthetic)

    @property
    def complete(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Who has answers that count for both kinds of article."""
        table = self.per_person(np.ones(self.n_articles))
        complete: np.ndarray[tuple[int], np.dtype[np.bool_]] = (table["n_signal"] > 0) & (table["n_noise"] > 0)
        return complete

    @property
    def ranked(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Who has answers of any kind, neutral ones too, for both kinds of article, and so an AUC."""
        ranked: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.isfinite(self._auc_of_people(np.ones(self.n_articles)))
        return ranked

    def per_person(self, articles: FloatArray) -> dict[str, FloatArray]:
        """Each person's hits, false alarms and numbers, with articles weighed by how often they were drawn."""
        weight = articles[self.article] * self.counted
        is_signal = self.synthetic[self.article]
        each = {
            "hits": weight * self.machine * is_signal,
            "n_signal": weight * is_signal,
            "alarms": weight * self.machine * ~is_signal,
            "n_noise": weight * ~is_signal,
        }
        return {
            name: np.bincount(self.person, values, self.n_people).astype(np.float64) for name, values in each.items()
        }

    def measures(self, people: FloatArray, articles: FloatArray) -> dict[tuple[str, str], float]:
        """Every measure where person i was drawn ``people[i]`` times and article j ``articles[j]`` times."""
        table = self.per_person(articles)
        pooled = {name: np.array([people @ values]) for name, values in table.items()}
        found = {("pooled", name): float(value[0]) for name, value in _rates(pooled).items()}
        found["pooled", "auc"] = self._auc(people, articles)
        keep = (people > 0) & (table["n_signal"] > 0) & (table["n_noise"] > 0)
        weight = people[keep] / people[keep].sum() if keep.any() else np.empty(0)
        own = _rates({name: values[keep] for name, values in table.items()})
        for name, values in own.items():
            found["per-person", name] = float(weight @ values) if keep.any() else NAN
        # Of everybody with answers to both kinds, neutral ones too, which the whole scale needs.
        areas = self._auc_of_people(articles)
        ranked = (people > 0) & np.isfinite(areas)
        found["per-person", "auc"] = float(np.average(areas[ranked], weights=people[ranked])) if ranked.any() else NAN
        return found

    def _auc(self, people: FloatArray, articles: FloatArray) -> float:
        weight = people[self.person] * articles[self.article]
        is_signal = self.synthetic[self.article]
        size = int(self.category.max()) + 1
        signal = np.bincount(self.category, weight * is_signal, size)
        noise = np.bincount(self.category, weight * ~is_signal, size)
        if not (signal.sum() and noise.sum()):
            return NAN
        below = np.cumsum(noise) - noise
        return float(signal @ (below + noise / 2) / (signal.sum() * noise.sum()))

    def _auc_of_people(self, articles: FloatArray) -> FloatArray:
        weight = articles[self.article]
        is_signal = self.synthetic[self.article]
        size = int(self.category.max()) + 1
        place = self.person * size + self.category
        shape = (self.n_people, size)
        signal = np.bincount(place, weight * is_signal, self.n_people * size).reshape(shape)
        noise = np.bincount(place, weight * ~is_signal, self.n_people * size).reshape(shape)
        total = signal.sum(axis=1) * noise.sum(axis=1)
        below = np.cumsum(noise, axis=1) - noise
        wins = (signal * (below + noise / 2)).sum(axis=1)
        return _share(wins, total)

    def people(self) -> list[tuple[str, float, float, float, float, float, float]]:
        """Each person's name, hits, synthetic articles, false alarms, real articles, d' and criterion."""
        table = self.per_person(np.ones(self.n_articles))
        rates = _rates(table)
        columns = [*table.values(), rates["d_prime"], rates["criterion"]]
        return list(zip(self.names, *(column.tolist() for column in columns), strict=True))


def d_prime(hits: float, n_signal: float, false_alarms: float, n_noise: float) -> tuple[float, float]:
    """d' and the criterion c, with half an answer added to each count and one to each number (Hautus 1995).

    The correction is always applied, so that rates of 0 and 1 stay finite and all people are treated alike. nan
    without answers to either kind.

    >>> [round(value, 4) for value in d_prime(20, 25, 10, 25)]
    [1.0445, -0.2788]
    """
    names = ("hits", "n_signal", "alarms", "n_noise")
    counts = (hits, n_signal, false_alarms, n_noise)
    rates = _rates({name: np.array([float(value)]) for name, value in zip(names, counts, strict=True)})
    return float(rates["d_prime"][0]), float(rates["criterion"][0])


def _rates(table: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """All measures but AUC from counts; the rates and the accuracy are those of the answers, without correction."""
    known = (table["n_signal"] > 0) & (table["n_noise"] > 0)
    hit = special.ndtri((table["hits"] + 0.5) / (table["n_signal"] + 1))
    alarm = special.ndtri((table["alarms"] + 0.5) / (table["n_noise"] + 1))
    right = table["hits"] + table["n_noise"] - table["alarms"]
    return {
        "hit_rate": _share(table["hits"], table["n_signal"]),
        "false_alarm_rate": _share(table["alarms"], table["n_noise"]),
        "d_prime": np.where(known, hit - alarm, NAN),
        "criterion": np.where(known, -(hit + alarm) / 2, NAN),
        "accuracy": _share(right, table["n_signal"] + table["n_noise"]),
    }


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    share: FloatArray = np.divide(part, whole, out=np.full(len(whole), NAN), where=whole > 0)
    return share


def bootstrap(counts: AnswerCounts, draws: int, seed: int) -> dict[tuple[str, str], FloatArray]:
    """The measures of ``draws`` samples of people and, within each kind, of articles, both with replacement.

    Owen 2007, Ann. Appl. Stat. 1:386: resampling both sides at once is slightly conservative, resampling one of them
    only is far too sure of itself.
    """
    rng = np.random.default_rng(seed)
    kinds = [np.flatnonzero(counts.synthetic), np.flatnonzero(~counts.synthetic)]
    found: dict[tuple[str, str], list[float]] = {
        (kind, name): [] for kind in ("pooled", "per-person") for name in MEASURES
    }
    for _ in range(draws):
        people = np.bincount(rng.integers(counts.n_people, size=counts.n_people), minlength=counts.n_people)
        articles = np.zeros(counts.n_articles)
        for own in kinds:
            articles += np.bincount(rng.choice(own, len(own)), minlength=counts.n_articles)
        for key, value in counts.measures(people.astype(float), articles).items():
            found[key].append(value)
    return {key: np.array(values) for key, values in found.items()}
