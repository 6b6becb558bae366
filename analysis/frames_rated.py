"""What people answered about articles, read once and by column: the ratings and most evidence on quality come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.frames_columns import asking
from analysis.frames_people import Keys, looked_up, people_of, times
from surveys.evidence import Gathered, place_on_screen, scales_about_articles, words_of
from surveys.frozen import FrozenStudy
from surveys.models import Answer, Article, PageView, Stage, StudyVersion, Trial
from surveys.quality import LEAST_SECONDS, Reading

# Where the rows of somebody who has none begin and end.
NONE = (0, 0)
_TIMES = ("shown_at", "submitted_at")
_COPIED = ("arm", "story", "article_sha256", "condition")


@dataclass(frozen=True)
class Rated:
    """The submitted trials of people who have not withdrawn, by person and position, and their answers.

    ``trials`` has a row each: the database's columns, ``person`` being a person's row and ``participant`` the export
    id; ``in_view`` is for how many milliseconds the page was in the foreground, nan where no script ran, and
    ``finished`` whether each of its views was reported to the end. ``answers`` has a row each: ``person``, ``trial``
    (the place in ``trials``, -1 for one that was not submitted), ``item``, ``state``, ``value``, ``order``.
    """

    trials: pd.DataFrame
    answers: pd.DataFrame

    @cached_property
    def values(self) -> np.ndarray:
        """The different answers; -1 in their codes, the last one here, stands for none."""
        return np.array([*self.answers["value"].cat.categories, None], dtype=object)

    def codes(self, item: str, *, answered: bool) -> tuple[np.ndarray, np.ndarray]:
        """For each trial the code of what was answered to the item, or of why nothing was, and all there can be."""
        own = (self.answers["item"] == item) & (self.answers["trial"] >= 0)
        own &= (self.answers["state"] == Answer.State.ANSWERED) == answered
        kept = self.answers[own.to_numpy()]
        codes = np.full(len(self.trials), -1)
        told = kept["value" if answered else "state"].cat
        codes[kept["trial"].to_numpy()] = told.codes
        return codes, self.values if answered else np.array([*told.categories, None], dtype=object)

    def gathered(self, frozen: FrozenStudy, *, fastest: bool) -> Gathered:
        """What evidence on quality takes of it; of each person's readings all, or the ``fastest`` alone."""
        return Gathered(scales=self._on_scales(frozen), readings=self._readings(fastest=fastest))

    def _on_scales(self, frozen: FrozenStudy) -> Callable[[int], tuple[tuple[int, ...], int]]:
        scales = scales_about_articles(frozen)
        told = self.answers[self.answers["item"].isin([*scales]) & (self.answers["state"] == Answer.State.ANSWERED)]
        item, value, order = (told[name].cat for name in ("item", "value", "order"))
        sizes = [len(told[name].cat.categories) for name in ("value", "order")]
        # As one number, since there are few different answers and many of each.
        code = (item.codes.astype("int64") * sizes[0] + value.codes) * sizes[1] + order.codes
        answer, different = pd.factorize(code)
        rest, orders = np.divmod(different, max(sizes[1], 1))
        parts = zip(*np.divmod(rest, max(sizes[0], 1)), orders, strict=True)
        answers = [(item.categories[i], value.categories[v], order.categories[o]) for i, v, o in parts]
        places = np.array([place_on_screen(scales, each) for each in answers], dtype=np.int64)[answer]
        person = told["person"].to_numpy()
        rows, bounds = _by_person(person)
        places, n_items = places[rows], max(len(item.categories), 1)
        asked = np.unique(person * n_items + item.codes.to_numpy()) // n_items
        items = dict(zip(*(each.tolist() for each in np.unique(asked, return_counts=True)), strict=True))
        return lambda person: (
            tuple(places[slice(*bounds.get(person, NONE))].tolist()),
            items.get(person, 0),
        )

    def _readings(self, *, fastest: bool) -> Callable[[int], tuple[Reading, ...]]:
        shown = self.trials[self.trials["shown_at"].notna()]
        article, articles = pd.factorize(shown["article_id"])
        lengths = words_of(articles.tolist())
        words = np.array([lengths[each] for each in articles.tolist()], dtype=np.int64)[article]
        measured = (shown["in_view"].notna() & shown["finished"]).to_numpy()
        took = (shown["submitted_at"] - shown["shown_at"]).dt.total_seconds().to_numpy()
        seconds = np.where(measured, shown["in_view"].to_numpy() / 1000, took)
        person = shown["person"].to_numpy()
        if fastest:
            # Each person's last row by speed.
            order = np.lexsort((words / np.maximum(seconds, LEAST_SECONDS), person))
            kept = order[np.append(np.diff(person[order]) != 0, True)[: len(order)]]
            words, seconds, measured, person = words[kept], seconds[kept], measured[kept], person[kept]
        rows, bounds = _by_person(person)
        words, seconds, measured = words[rows], seconds[rows], measured[rows]

        def of(person: int) -> tuple[Reading, ...]:
            own = slice(*bounds.get(person, NONE))
            return tuple(map(Reading, words[own].tolist(), seconds[own].tolist(), measured[own].tolist()))

        return of


def _by_person(person: np.ndarray) -> tuple[np.ndarray, dict[int, tuple[int, int]]]:
    """The rows in the order of their persons, each one's in their own; and where each person's begin and end."""
    rows = np.argsort(person, kind="stable")
    people, first = np.unique(person[rows], return_index=True)
    ends = np.append(first, len(rows))[1:]
    return rows, dict(zip(people.tolist(), zip(first.tolist(), ends.tolist(), strict=True), strict=True))


def rated(version: StudyVersion, mode: str, only: Keys = None) -> Rated:
    """What those of a version and mode who have not withdrawn answered about articles; ``only`` of these people."""
    people = people_of(version, mode, only).filter(withdrawn_at__isnull=True)
    known = pd.DataFrame([*people.values_list("pk", "export_id", "stratum")], columns=["pk", "export_id", "stratum"])
    by_key = known.sort_values("export_id").set_index("pk")
    keys = dict(Article.objects.filter(study=version.study_id).values_list("pk", "key"))
    of_them = {"participant__in": people}
    with asking() as ask:
        trials = ask(
            Trial.objects.filter(**of_them, submitted_at__isnull=False),
            whole={"trial": "pk", "person": "participant", "position": "position", "article_id": "article"},
            texts={name: name for name in _COPIED},
            long={name: name for name in _TIMES},
        )
        views = ask(
            PageView.objects.filter(**of_them, step__startswith=f"{Stage.READING}-"),
            whole={"person": "participant", "visible": "visible_ms", "submitted": "submitted_ms"},
            texts={"step": "step"},
        )
        answers = ask(
            Answer.objects.filter(**of_them, trial__isnull=False),
            whole={"trial": "trial", "person": "participant"},
            texts={"item": "item", "state": "state", "value": "value", "order": "option_order"},
        )
        read = _with_views(_submitted(trials(), by_key, keys), views())
        answered = answers()
    answered["trial"] = pd.Index(read["trial"]).get_indexer(pd.Index(answered["trial"]))
    return Rated(read, answered)


def _submitted(trials: pd.DataFrame, people: pd.DataFrame, keys: Mapping[int, str]) -> pd.DataFrame:
    """The trials by person and position, with what is known of the ``people`` and the ``keys`` of articles."""
    place = people.index.get_indexer(pd.Index(trials["person"]))
    trials = trials.iloc[np.lexsort((trials["position"], place))].reset_index(drop=True)
    place = people.index.get_indexer(pd.Index(trials["person"]))
    for name in _TIMES:
        trials[name] = times(trials[name])
    for name in _COPIED:
        trials[name] = looked_up(trials[name], str)
    trials["participant"] = people["export_id"].astype("str").array.take(place)
    trials["stratum"] = people["stratum"].astype("str").array.take(place)
    trials["article"] = looked_up(trials["article_id"], keys.__getitem__)
    return trials


def _with_views(trials: pd.DataFrame, views: pd.DataFrame) -> pd.DataFrame:
    """The trials with the time that all views of their page were in the foreground, and whether that is all of it."""
    stage = f"{Stage.READING}-"
    positions = np.array([int(step.removeprefix(stage)) - 1 for step in views["step"].cat.categories], dtype=np.int64)
    pages = 1 + max(int(positions.max(initial=0)), int(trials["position"].max()) if len(trials) else 0)
    page = pd.Index(trials["person"] * pages + trials["position"])
    place = page.get_indexer(pd.Index(views["person"] * pages + positions[views["step"].cat.codes]))
    # A page that was looked at and not sent has no trial here.
    known = place >= 0
    place, n = place[known], len(trials)
    seen = np.bincount(place, views["visible"].to_numpy(dtype=float)[known], n)
    showings = np.bincount(place, minlength=n)
    ended = np.bincount(place[views["submitted"].notna().to_numpy()[known]], minlength=n)
    return trials.assign(in_view=np.where(showings > 0, seen, np.nan), finished=(showings > 0) & (showings == ended))
