"""What models and curators did in a study, as plain rows for files: texts, decisions, opinions, comparisons, scores.

Who acted is told twice: as a curator with a number, and by name, which files leave out unless they may hold it.
"""

import math
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Min, OuterRef, QuerySet, Subquery

from generation.models import Candidate, Comparison, Opinion, Review, TextScore
from surveys.models import Researcher, StudyVersion

Row = dict[str, Any]

# GLTR's classes: how many of a text's tokens were among so many most probable ones (Gehrmann et al. 2019).
RANKS = (1, 10, 100, 1000)
_AT_ONCE = 1000
# What a candidate's row holds under the same name.
_AS_THEY_ARE = ("state", "finish_reason", "tokens", "seconds", "mean_logprob", "raw_sha256", "decision")
# What no row needs of a text: megabytes in a large study.
_HEAVY = ("raw_text", "text", "token_ids", "logprobs", "ranks", "removals", "flags", "signature", "served")
_LARGE = tuple(f"candidate__{name}" for name in _HEAVY)


def of_version(version: StudyVersion) -> dict[str, list[Row]]:
    """The rows of the version's study by their table's name, each table in the order of what happened.

    Texts, decisions, opinions and comparisons are all of the study's; scores are of the version's articles.
    """
    curators = _Curators(version.study_id)
    return {
        "candidates": list(_candidates(version)),
        "decisions": list(_decisions(version.study_id, curators)),
        "opinions": list(_opinions(version.study_id, curators)),
        "comparisons": list(_comparisons(version.study_id, curators)),
        "scores": list(_scores(version)),
    }


class _Curators:
    """Numbers those who decided, judged or compared by who did so first."""

    def __init__(self, study: int) -> None:
        first: dict[int, tuple[Any, int]] = {}
        for rows in (_reviews(study), _judged(study), _compared(study)):
            for person, at in rows.order_by().values_list("by").annotate(first=Min("at")):
                first[person] = min((at, person), first.get(person, (at, person)))
        people = Researcher.objects.in_bulk(first)
        self._cells = {
            person: {"curator": f"curator-{number}", "curator_name": str(people[person])}
            for number, person in enumerate(sorted(first, key=first.__getitem__), start=1)
        }

    def cells(self, person: int) -> Row:
        """The two columns that say who acted."""
        return self._cells[person]


def _reviews(study: int) -> QuerySet[Review]:
    return Review.objects.filter(candidate__batch__study=study)


def _judged(study: int) -> QuerySet[Opinion]:
    return Opinion.objects.filter(candidate__batch__study=study)


def _compared(study: int) -> QuerySet[Comparison]:
    return Comparison.objects.filter(study=study)


def _candidates(version: StudyVersion) -> Iterator[Row]:
    last = Review.objects.filter(candidate=OuterRef("pk")).order_by("-number")
    texts = (
        Candidate.objects.filter(batch__study=version.study_id)
        .annotate(edited=Count("edits"), rule=Subquery(last.values("rule")[:1]))
        .order_by("batch__number", "index")
        .values(
            "batch__number",
            "index",
            "batch__prompt__number",
            "batch__prompt__story__key",
            "batch__language_model__name",
            "seed",
            "state",
            "finish_reason",
            "tokens",
            "seconds",
            "mean_logprob",
            "raw_sha256",
            "flags",
            "edited",
            "is_marked",
            "decision",
            "rule",
            "article__key",
        )
    )
    known = version.frozen.article_by_key
    for found in texts.iterator(chunk_size=_AT_ONCE):
        text: Row = {**found}
        yield {
            "batch": text["batch__number"],
            "candidate": text["index"],
            "prompt": text["batch__prompt__number"],
            "story": text["batch__prompt__story__key"],
            "model": text["batch__language_model__name"],
            "seed": str(text["seed"]),
            "flags": " ".join(flag["code"] for flag in text["flags"]),
            "edits": text["edited"],
            "marked": text["is_marked"],
            "rule": text["rule"] or "",
            "article": text["article__key"] if text["article__key"] in known else "",
        } | {name: text[name] for name in _AS_THEY_ARE}


def _decisions(study: int, curators: _Curators) -> Iterator[Row]:
    rows = _reviews(study).select_related("candidate__batch").defer(*_LARGE)
    for review in rows.order_by("at", "pk").iterator(chunk_size=_AT_ONCE):
        yield {
            **_act(review, curators),
            "before": review.old,
            "after": review.new,
            "rule": review.rule,
            "in_bulk": review.bulk_id is not None,
        }


def _opinions(study: int, curators: _Curators) -> Iterator[Row]:
    rows = _judged(study).select_related("candidate__batch").defer(*_LARGE)
    for opinion in rows.order_by("at", "pk").iterator(chunk_size=_AT_ONCE):
        yield {**_act(opinion, curators), "verdict": opinion.verdict, "text_sha256": opinion.text_sha256}


def _act(row: Review | Opinion, curators: _Curators) -> Row:
    """What is told of a decision and of an opinion alike."""
    return {
        **_text(row.candidate),
        "number": row.number,
        "reason": row.reason,
        "seconds": row.seconds,
        "at": row.at,
        **curators.cells(row.by_id),
    }


def _comparisons(study: int, curators: _Curators) -> Iterator[Row]:
    rows = _compared(study).select_related("first__batch", "second__batch")
    rows = rows.defer(*(f"{side}__{name}" for side in ("first", "second") for name in _HEAVY))
    for number, pair in enumerate(rows.order_by("at", "pk").iterator(chunk_size=_AT_ONCE), start=1):
        winner = "neither" if pair.winner_id is None else "first" if pair.winner_id == pair.first_id else "second"
        yield {
            "comparison": number,
            **{f"first_{name}": value for name, value in _text(pair.first).items()},
            **{f"second_{name}": value for name, value in _text(pair.second).items()},
            "first_left": pair.first_left,
            "winner": winner,
            "taken_back": pair.taken_back_at is not None,
            "first_sha256": pair.first_sha256,
            "second_sha256": pair.second_sha256,
            "seconds": pair.seconds,
            "at": pair.at,
            **curators.cells(pair.by_id),
        }


def _text(candidate: Candidate) -> Row:
    return {"batch": candidate.batch.number, "candidate": candidate.index}


def _scores(version: StudyVersion) -> Iterator[Row]:
    known = version.frozen.article_by_key
    scores = TextScore.objects.filter(article__study=version.study_id, status=TextScore.Status.DONE)
    scores = scores.select_related("article", "language_model").order_by("article__key", "language_model__key")
    for score in scores.iterator(chunk_size=_AT_ONCE):
        # An article whose text changed since is another one.
        of_version = known.get(score.article.key)
        if of_version is None or of_version.sha256 != score.article.sha256 or not score.ranks:
            continue
        tokens = len(score.ranks)
        yield {
            "article": of_version.key,
            "arm": of_version.arm,
            "origin": of_version.origin,
            "scored_by": score.language_model.name,
            "scored_by_sha256": score.model_sha256,
            "tokens": tokens,
            "whole": score.is_whole,
            "perplexity": score.perplexity,
            "mean_logprob": math.fsum(score.logprobs) / tokens,
            **{f"rank_to_{most}": sum(rank <= most for rank in score.ranks) / tokens for most in RANKS},
        }
