"""How curators choose: selection rates by curator and by model, and the time that a decision takes."""

import statistics
from dataclasses import dataclass

from django.db.models import Count, Q

from generation.assignments import Panel, Verdict, curators_of
from generation.models import Candidate, Review
from surveys.models import Researcher, Study

Decision = Candidate.Decision


@dataclass(frozen=True)
class Chosen:
    """How many texts were taken and refused; ``waiting`` are those still to be decided."""

    label: str
    taken: int
    refused: int
    waiting: int
    # The median of what the browser measured; None where it measured nothing.
    seconds: float | None = None

    @property
    def share(self) -> float | None:
        """The share taken of those decided, in percent; None without a decision."""
        decided = self.taken + self.refused
        return 100 * self.taken / decided if decided else None


def by_curator(study: Study, panels: dict[int, Panel]) -> list[Chosen]:
    """Each curator's decisions and standing opinions; what a rule decided is nobody's. ``waiting``: not yet said."""
    people: dict[int, Researcher] = {person.pk: person for person in curators_of(study)}
    verdicts: dict[int, list[tuple[bool, float | None]]] = {pk: [] for pk in people}
    decisions = Review.objects.filter(candidate__batch__study=study, rule="").exclude(new=Decision.PENDING)
    for review in decisions.select_related("by"):
        people.setdefault(review.by_id, review.by)
        verdicts.setdefault(review.by_id, []).append((review.new == Decision.ACCEPTED, review.seconds))
    for panel in panels.values():
        for opinion in panel.opinions:
            people.setdefault(opinion.by_id, opinion.by)
            verdicts.setdefault(opinion.by_id, []).append((opinion.verdict == Verdict.ACCEPT, opinion.seconds))
    waiting = {pk: sum(pk in panel.missing for panel in panels.values()) for pk in people}
    return [
        _chosen(str(person), verdicts[pk], waiting[pk])
        for pk, person in sorted(people.items(), key=lambda entry: str(entry[1]))
    ]


def by_model(study: Study) -> list[Chosen]:
    """What became of each model's texts so far, the model with the highest selection rate first."""
    drafted = Candidate.objects.filter(batch__study=study, state=Candidate.State.DRAFTED)
    rows = drafted.values("batch__language_model__name").annotate(
        taken=Count("pk", filter=Q(decision=Decision.ACCEPTED)),
        refused=Count("pk", filter=Q(decision=Decision.REJECTED)),
        waiting=Count("pk", filter=Q(decision=Decision.PENDING)),
    )
    found = [Chosen(row["batch__language_model__name"], row["taken"], row["refused"], row["waiting"]) for row in rows]
    return sorted(found, key=lambda chosen: (-(chosen.share or 0), chosen.label))


def _chosen(label: str, verdicts: list[tuple[bool, float | None]], waiting: int) -> Chosen:
    measured = [seconds for _taken, seconds in verdicts if seconds is not None]
    taken = sum(is_taken for is_taken, _seconds in verdicts)
    median = statistics.median(measured) if measured else None
    return Chosen(label, taken, len(verdicts) - taken, waiting, median)
