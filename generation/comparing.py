"""Two texts of one prompt held against each other: which pair comes next, what was said, and the ranking of all."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from generation import curation, placing
from generation.assignments import panels
from generation.lineage import opened_text, text_sha256
from generation.models import Candidate, Comparison, Edit, Prompt
from generation.ranking import Ranking, rank
from generation.reviewing import drafted
from generation.rules import CurationError
from surveys.articles import lock_draft
from surveys.models import Arm, Article, Researcher, Study

Decision = Candidate.Decision

# Of more texts than this a whole ranking by pairs is no work for people; the standard errors would take seconds, too.
MOST = 60


@dataclass(frozen=True)
class Pair:
    """Two texts as the screen shows them."""

    left: Candidate
    right: Candidate


def pool(study: Study, prompt: Prompt) -> list[Candidate]:
    """The texts of a prompt that can still be chosen, of all its batches: at most ``MOST``, by their random codes."""
    return list(_choosable(study).filter(batch__prompt=prompt).order_by("code")[:MOST])


def left_out(study: Study, prompt: Prompt) -> int:
    """How many of a prompt's texts are not compared, since there are more than ``MOST``."""
    return max(0, _choosable(study).filter(batch__prompt=prompt).count() - MOST)


def _choosable(study: Study) -> QuerySet[Candidate]:
    return drafted(study).exclude(text="").exclude(decision=Decision.REJECTED)


@dataclass(frozen=True)
class Compared:
    """A prompt's texts as they stand, by row id, with the SHA-256 of each, and what was said of these wordings.

    ``outdated`` counts the comparisons of texts that were edited since: they say nothing about these.
    """

    texts: dict[int, Candidate]
    wordings: dict[int, str]
    standing: list[Comparison]
    outdated: int

    def by(self, person: Researcher) -> list[Comparison]:
        """What this person said, a pair once."""
        return [comparison for comparison in self.standing if comparison.by_id == person.pk]

    def next_pair(self, by: Researcher) -> Pair | None:
        """The pair that this person compares next; None once they have seen all."""
        seen = {(c.first_id, c.second_id) for c in self.by(by)}
        asked = Counter((c.first_id, c.second_id) for c in self.standing)
        chosen = chosen_pair(sorted(self.texts), asked, seen, salt=str(by.pk))
        if chosen is None:
            return None
        left, right = chosen
        return Pair(self.texts[left], self.texts[right])

    def fingerprint_of(self, pair: Pair) -> str:
        """The SHA-256 of two texts as they stand, left first."""
        return _of_both(self.wordings[pair.left.pk], self.wordings[pair.right.pk])


def compared(study: Study, prompt: Prompt) -> Compared:
    """The texts that can still be chosen and the comparisons of them. Three queries."""
    texts = {text.pk: text for text in pool(study, prompt)}
    said = list(
        Comparison.objects.filter(study=study, taken_back_at=None, first__in=texts, second__in=texts).order_by("pk")
    )
    wordings = _digests(list(texts.values()))
    standing = _standing(said, wordings)
    return Compared(texts, wordings, standing, outdated=len(said) - len(standing))


def sizes(study: Study) -> dict[int, tuple[int, int]]:
    """{row id of a prompt: how many texts can still be chosen, and how many comparisons their ranking rests on}.

    The comparisons are counted as ``compared`` counts them. Four queries for all prompts.
    """
    texts: dict[int, list[int]] = {}
    for prompt, pk in _choosable(study).order_by("code").values_list("batch__prompt", "pk"):
        texts.setdefault(prompt, []).append(pk)
    prompt_of = {pk: prompt for prompt, pks in texts.items() for pk in pks[:MOST]}
    said = [
        row
        for row in Comparison.objects.filter(study=study, taken_back_at=None)
        if row.first_id in prompt_of and row.second_id in prompt_of
    ]
    met = {pk for row in said for pk in (row.first_id, row.second_id)}
    standing = _standing(said, _digests(list(drafted(study).filter(pk__in=met))))
    held = Counter(prompt_of[row.first_id] for row in standing)
    return {prompt: (len(pks), held[prompt]) for prompt, pks in texts.items()}


def _standing(said: Sequence[Comparison], wordings: Mapping[int, str]) -> list[Comparison]:
    """Those that were said of these wordings; of old ones nobody knows, and they count."""
    return [
        row
        for row in said
        if row.first_sha256 in {"", wordings[row.first_id]} and row.second_sha256 in {"", wordings[row.second_id]}
    ]


def chosen_pair(
    items: Sequence[int], asked: Mapping[tuple[int, int], int], seen: set[tuple[int, int]], *, salt: str
) -> tuple[int, int] | None:
    """Which pair is the most useful one now, left first. Pure, and the same for the same comparisons.

    Those first who met fewest others, so that soon all are linked; among them the pair that met least; then by the
    SHA-256 of the salt and the pair, which also chooses the sides.
    """
    met = Counter[int]()
    for (first, second), times in asked.items():
        met[first] += times
        met[second] += times
    open_pairs = [pair for pair in combinations(sorted(items), 2) if pair not in seen]
    if not open_pairs:
        return None

    def drawn(pair: tuple[int, int]) -> bytes:
        return hashlib.sha256(f"{salt}:{pair[0]}:{pair[1]}".encode()).digest()

    best = min(open_pairs, key=lambda pair: (met[pair[0]] + met[pair[1]], asked.get(pair, 0), drawn(pair)))
    return best if drawn(best)[-1] % 2 else (best[1], best[0])


def compare_pair(
    study: Study,
    prompt: Prompt,
    *,
    by: Researcher,
    left: str,
    right: str,
    winner: str,
    shown: str | None = None,
    seconds: float | None = None,
) -> Comparison:
    """Store which of two texts (by code) is more credible; '' is neither.

    Of two clicks on one pair the first counts, so that nothing is said twice; what somebody said of other wordings is
    taken back by it. ``shown`` is the ``fingerprint_of`` the pair on the page. Raises ``CurationError`` where the texts
    are not two of the prompt's or one was edited since the page was shown, ``DraftOnly``.
    """
    with transaction.atomic():
        lock_draft(study)
        found = {text.code: text for text in pool(study, prompt)}
        if left == right or left not in found or right not in found or winner not in {left, right, ""}:
            raise CurationError({"": _("One of these texts cannot be chosen any more. Here are two others.")})
        first, second = sorted((found[left], found[right]), key=lambda text: text.pk)
        wordings = _digests([first, second])
        if shown is not None and shown != _of_both(wordings[found[left].pk], wordings[found[right].pk]):
            raise CurationError(
                {"": _("One of these texts was edited meanwhile. Nothing was stored; read them again.")}
            )
        said = Comparison.objects.filter(study=study, first=first, second=second, by=by, taken_back_at=None)
        standing = {"first_sha256": wordings[first.pk], "second_sha256": wordings[second.pk]}
        said.exclude(**standing).exclude(first_sha256="").update(taken_back_at=Now())
        made, _is_new = Comparison.objects.get_or_create(
            study=study,
            first=first,
            second=second,
            by=by,
            taken_back_at=None,
            defaults={
                **standing,
                "first_left": first.code == left,
                "winner": found.get(winner),
                "seconds": seconds,
            },
        )
    return made


def take_back(study: Study, prompt: Prompt, *, by: Researcher) -> Comparison | None:
    """Take this person's last comparison of the prompt back; None where there is none. Raises ``DraftOnly``."""
    with transaction.atomic():
        lock_draft(study)
        mine = Comparison.objects.filter(study=study, by=by, taken_back_at=None, first__batch__prompt=prompt)
        last = mine.order_by("-at", "-pk").first()
        if last is not None:
            Comparison.objects.filter(pk=last.pk).update(taken_back_at=Now())
    return last


def ranking_of(found: Compared) -> Ranking[int]:
    """The ranking of a prompt's texts by row id: of texts as they stand."""
    return rank(sorted(found.texts), wins_of(found.standing))


def _of_both(left: str, right: str) -> str:
    return hashlib.sha256(f"{left}:{right}".encode("ascii")).hexdigest()


def _digests(texts: Sequence[Candidate]) -> dict[int, str]:
    """The SHA-256 of each text as it stands, by row id. One query."""
    edits = Edit.objects.filter(candidate__in=[text.pk for text in texts]).order_by("number")
    edited = dict(edits.values_list("candidate", "text"))
    return {text.pk: text_sha256(edited.get(text.pk) or opened_text(text)) for text in texts}


def wins_of(comparisons: Sequence[Comparison]) -> dict[tuple[int, int], float]:
    """How often each was preferred to each other; neither counts half for both."""
    wins: dict[tuple[int, int], float] = {}
    for comparison in comparisons:
        pair = (comparison.first_id, comparison.second_id)
        for winner, loser in (pair, pair[::-1]):
            share = 0.5 if comparison.winner_id is None else float(comparison.winner_id == winner)
            if share:
                wins[winner, loser] = wins.get((winner, loser), 0.0) + share
    return wins


def accept_best(study: Study, prompt: Prompt, *, by: Researcher, k: int, shown: str, arm: Arm | None) -> list[Article]:
    """Accept the ``k`` undecided texts that rank highest, as curated, by a rule that says which places they have.

    ``shown`` is the ``fingerprint`` of the ranking on the page: sent twice, the second finds those decided and takes no
    others. Raises ``CurationError`` where it is another by now or the ranking does not say who is best, ``DraftOnly``,
    and what ``curation.accept`` raises.
    """
    with transaction.atomic():
        lock_draft(study)
        found = compared(study, prompt)
        ranking, texts, n = ranking_of(found), found.texts, len(found.standing)
        if shown != fingerprint(found, ranking):
            message = _("The ranking or a decision changed since this page was shown. Nothing was done; look again.")
            raise CurationError({"": message})
        places = {s.item: place for place, s in enumerate(ranking.strengths, start=1)}
        waiting = [s for s in ranking.strengths if texts[s.item].decision == Decision.PENDING]
        if not 1 <= k <= len(waiting):
            raise CurationError({"k": _("Take 1 to %(most)s texts.") % {"most": len(waiting)}})
        if ranking.groups > 1:
            raise CurationError({"k": _("Some texts never met, even by way of others: compare more pairs first.")})
        if panels(study).keys() & {s.item for s in waiting[:k]}:
            raise CurationError({"k": _("Curators are asked about some of these texts: they decide.")})
        credit = f", each credited with {ranking.prior:g} won and lost" if ranking.prior else ""
        # Not translated: the record must not depend on the language of whoever clicked.
        others = f" ({further} more were not compared)" if (further := left_out(study, prompt)) else ""
        whose = _places([places[s.item] for s in waiting[:k]])
        rule = f"{whose} of {len(texts)} texts{others} by {n} pairwise comparisons (Bradley-Terry{credit})"
        return [
            curation.accept(texts[s.item], by=by, arm=arm or placing.default_arm(texts[s.item].batch), rule=rule)
            for s in waiting[:k]
        ]


def fingerprint(found: Compared, ranking: Ranking[int]) -> str:
    """The SHA-256 of what a page shows of a ranking: the order, each text's wording and decision, and on how much."""
    texts = (found.texts[s.item] for s in ranking.strengths)
    rows = [f"{text.code}:{text.revision}:{text.decision}" for text in texts]
    return hashlib.sha256("\n".join([str(len(found.standing)), *rows]).encode("ascii")).hexdigest()


def _places(places: Sequence[int]) -> str:
    """Whom a rule takes: 'the best 2', or where others before them were decided already, their places."""
    k = len(places)
    if list(places) == list(range(1, k + 1)):
        return f"the best {k}"
    return f"the best {k} undecided (place{'s' if k > 1 else ''} {', '.join(map(str, places))})"
