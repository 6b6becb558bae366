"""Where a participant is: the row, the frozen study, the step at the cursor and the article it is about."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, FilteredRelation, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from surveys.definition import FrozenStudy, parse_version
from surveys.models import Draft, Outcome, Participant, Stage, Study, StudyVersion, Trial
from surveys.route import Step, step_at
from surveys.tokens import token_hash

# Long, and of no use to a page before the debriefing.
_NOT_ON_THE_WAY = (
    "study__definition",
    "study__recruitment",
    "version__document",
    "current__article__lineage",
    "current__article__untrue",
)


@dataclass(frozen=True)
class Place:
    """Somebody's position as it was read at the start of a request; every write checks that it still holds.

    ``trial`` is the article of the current step, where it is about one. ``draft`` is what was typed there before.
    """

    participant: Participant
    study: FrozenStudy
    step: Step
    trial: Trial | None = None
    draft: Draft | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether answers can still be given."""
        return self.participant.outcome == Outcome.UNDER_WAY

    @property
    def is_closed(self) -> bool:
        """Whether the study has closed while this person was still inside."""
        return self.is_under_way and self.participant.study.status == Study.Status.CLOSED


def find(token: str, study_key: str = "", slug: str = "") -> Place | None:
    """Where the owner of this token is, in one query, or None if there is no such person (in that study).

    ``slug`` names the step whose draft is wanted.
    """
    people = Participant.objects.filter(token_hash=token_hash(token))
    if study_key:
        people = people.filter(study__key=study_key)
    participant = (
        people.annotate(
            current=FilteredRelation("trials", condition=Q(trials__position=F("step"))),
            kept=FilteredRelation("drafts", condition=Q(drafts__step=slug)),
        )
        .select_related("study", "version", "current__article", "kept")  # type: ignore[misc]  # no plugin knows them
        .defer(*_NOT_ON_THE_WAY)
        .first()
    )
    if participant is None:
        return None
    study = frozen(participant.version)
    step = step_at(study, participant.stage, participant.step)
    joined: dict[str, Any] = {name: getattr(participant, name, None) for name in ("current", "kept")}
    return Place(participant, study, step, joined["current"] if step.trial is not None else None, joined["kept"])


def frozen(version: StudyVersion) -> FrozenStudy:
    """What was frozen as this version; the document is read from the database once a process."""
    return _frozen(version.sha256)


@lru_cache(maxsize=64)
def _frozen(sha256: str) -> FrozenStudy:
    # Two versions with one hash are one document: any of them will do.
    document = StudyVersion.objects.filter(sha256=sha256).values_list("document", flat=True)[:1].get()
    return parse_version(sha256, document)


def advance(participant: Participant, at: Step, **values: Any) -> bool:
    """Compare and set: write ``values`` if the person is still under way at this step. False if they are not."""
    people = Participant.objects.filter(pk=participant.pk, stage=at.stage, step=at.number, outcome=Outcome.UNDER_WAY)
    return people.update(**values) == 1


def mark_shown(place: Place) -> None:
    """Record that the article of this step is about to be shown; only the first time counts."""
    trial = place.trial
    if trial is None or trial.shown_at is not None or place.step.stage != Stage.READING:
        return
    with transaction.atomic():
        Trial.objects.filter(pk=trial.pk, shown_at__isnull=True).update(shown_at=Now())
        if place.participant.exposed_at is None:
            Participant.objects.filter(pk=place.participant.pk, exposed_at__isnull=True).update(exposed_at=Now())


def lease_end() -> Combinable:
    """When a place that is taken now becomes free again if nothing more is heard, by the database's clock."""
    return ExpressionWrapper(Now() + timedelta(minutes=settings.LEASE_MINUTES), output_field=DateTimeField())
