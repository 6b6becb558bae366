"""How curators choose: selection rates by curator and by model, and the time that a decision takes."""

import statistics
from dataclasses import dataclass

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, Subquery, Value, When

from generation.assignments import Panel, Verdict, curators_of
from generation.drawing import RANDOM_PICK
from generation.models import Candidate, Review
from surveys.models import Researcher, Study

Decision = Candidate.Decision


@dataclass(frozen=True)
class Chosen:
    """How many texts were taken and refused; ``waiting`` are those still to be decided.

    ``drawn`` were taken at random: nobody selected them, and they are in none of the other numbers.
    """

    label: str
    taken: int
    refused: int
    waiting: int
    # The median of what the browser measured; None where it measured nothing.
    seconds: float | None = None
    drawn: int = 0

    @property
    def rate(self) -> float | None:
        """The share taken of all that could be, in percent: those that wait were not selected, so far."""
        written = self.taken + self.refused + self.waiting
        return 100 * self.taken / written if written else None

    @property
    def share(self) -> float | None:
        """The share taken of those decided, in percent; None without a decision."""
        decided = self.taken + self.refused
        return 100 * self.taken / decided if decided else None


def by_curator(study: Study, panels: dict[int, Panel], reader: int | None = None) -> list[Chosen]:
    """Each curator's standing decisions and opinions; what a rule decided is nobody's. ``waiting``: not yet said.

    Of a text only the last decision counts, for who took it; what was undone is nobody's any more. With a ``reader``
    of the opinions that this person may read.
    """
    people: dict[int, Researcher] = {person.pk: person for person in curators_of(study)}
    verdicts: dict[int, list[tuple[bool, float | None]]] = {pk: [] for pk in people}
    later = Review.objects.filter(candidate=OuterRef("candidate"), number__gt=OuterRef("number"))
    standing = Review.objects.filter(~Exists(later), candidate__batch__study=study, rule="")
    decisions = standing.exclude(new=Decision.PENDING)
    for review in decisions.select_related("by"):
        people.setdefault(review.by_id, review.by)
        verdicts.setdefault(review.by_id, []).append((review.new == Decision.ACCEPTED, review.seconds))
    for panel in panels.values():
        for opinion in panel.shown_to(reader):
            people.setdefault(opinion.by_id, opinion.by)
            verdicts.setdefault(opinion.by_id, []).append((opinion.verdict == Verdict.ACCEPT, opinion.seconds))
    waiting = {pk: sum(pk in panel.missing for panel in panels.values()) for pk in people}
    return [
        _chosen(str(person), verdicts[pk], waiting[pk])
        for pk, person in sorted(people.items(), key=lambda entry: str(entry[1]))
    ]


def by_model(study: Study) -> list[Chosen]:
    """What became of each model's texts so far, the model with the highest selection rate first."""
    rule = Review.objects.filter(candidate=OuterRef("pk")).order_by("-number").values("rule")[:1]
    drafted = Candidate.objects.filter(batch__study=study, state=Candidate.State.DRAFTED)
    by_lot = Q(decision=Decision.ACCEPTED, rule__startswith=RANDOM_PICK)
    fate = Case(When(by_lot, then=Value("drawn")), default=F("decision"), output_field=CharField())
    rows = (
        drafted.annotate(rule=Subquery(rule))
        .annotate(fate=fate)
        .values_list("batch__language_model__name", "fate")
        .annotate(texts=Count("pk"))
        .order_by()
    )
    counts: dict[str, dict[str, int]] = {}
    for model, became, texts in rows:
        counts.setdefault(model, {})[became] = texts
    found = [
        Chosen(
            model,
            taken=of.get(Decision.ACCEPTED, 0),
            refused=of.get(Decision.REJECTED, 0),
            waiting=of.get(Decision.PENDING, 0),
            drawn=of.get("drawn", 0),
        )
        for model, of in counts.items()
    ]
    return sorted(found, key=lambda chosen: (-(chosen.rate or 0), chosen.label))


def _chosen(label: str, verdicts: list[tuple[bool, float | None]], waiting: int) -> Chosen:
    measured = [seconds for _taken, seconds in verdicts if seconds is not None]
    taken = sum(is_taken for is_taken, _seconds in verdicts)
    median = statistics.median(measured) if measured else None
    return Chosen(label, taken, len(verdicts) - taken, waiting, median)
