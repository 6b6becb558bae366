"""Where a participant is: the row, the frozen study, the step at the cursor and the article it is about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import (
    CharField,
    DateTimeField,
    ExpressionWrapper,
    F,
    FilteredRelation,
    IntegerField,
    Model,
    Q,
    QuerySet,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from surveys.definition import FrozenStudy, parse_version
from surveys.models import Article, Draft, Outcome, Participant, Stage, Study, StudyVersion, Trial
from surveys.prepared import Given, Lookup, Update, made
from surveys.route import Step, step_at
from surveys.tokens import token_hash

# What a page needs of the study and its version; anything else is fetched when it is asked for.
_OF_THE_STUDY = frozenset({"id", "key", "status", "current_version_id", "allocation_seed"})
_OF_THE_VERSION = frozenset({"id", "study_id", "sha256"})


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
    row = _WHO.first(token=token_hash(token), slug=slug)
    if row is None:
        return None
    participant, study, version, trial, draft = _rows(row)
    if study_key and study.key != study_key:
        return None
    participant.study, participant.version = study, version
    found = frozen(version)
    step = step_at(found, participant.stage, participant.step)
    if step.trial is None:
        return Place(participant, found, step, None, draft)
    if trial is not None:
        trial.article = _article(trial.article_id, trial.article_sha256, version.sha256)
    return Place(participant, found, step, trial, draft)


def frozen(version: StudyVersion) -> FrozenStudy:
    """What was frozen as this version; the document is read from the database once a process."""
    return _frozen(version.sha256)


@lru_cache(maxsize=64)
def _frozen(sha256: str) -> FrozenStudy:
    # Two versions with one hash are one document: any of them will do.
    document = StudyVersion.objects.filter(sha256=sha256).values_list("document", flat=True)[:1].get()
    return parse_version(sha256, document)


@lru_cache(maxsize=1024)
def _article(pk: int, sha256: str, version_sha256: str) -> Article:
    """The text of an article in a plan. It never changes, and hashes keep keys of two databases apart."""
    return Article.objects.only("key", "headline", "text", "language", "sha256").get(pk=pk)


def advance(participant: Participant, at: Step, **values: Any) -> bool:
    """Compare and set: write ``values`` if the person is still under way at this step. False if they are not."""
    people = Participant.objects.filter(pk=participant.pk, stage=at.stage, step=at.number, outcome=Outcome.UNDER_WAY)
    return people.update(**values) == 1


class Move:
    """A compare-and-set as ``advance`` makes it, to another step, with its SQL written once.

    ``values`` makes what is set besides; it may name what is given at each move.
    """

    def __init__(self, values: Callable[[], dict[str, Any]]) -> None:
        self._values = values
        self._update = Update(self._build)

    def _build(self) -> tuple[QuerySet[Any], dict[str, Any]]:
        at = {"stage": Given("stage", CharField()), "step": Given("step", IntegerField())}
        to = {"stage": Given("to_stage", CharField()), "step": Given("to_step", IntegerField())}
        mine = Participant.objects.filter(pk=Given("pk", IntegerField()), outcome=Outcome.UNDER_WAY, **at)
        return mine, to | self._values()

    def make(self, participant: Participant, at: Step, to: Step, **given: Any) -> bool:
        """Whether the person was still at the first step, and is at the second now."""
        there = {"pk": participant.pk, "stage": at.stage, "step": at.number}
        return self._update.run(**there, to_stage=to.stage, to_step=to.number, **given) == 1


def go_on(participant: Participant, at: Step, to: Step) -> bool:
    """Compare and set for the common way: to the next step, with an assigned place held for longer."""
    move = _holding_longer(settings.LEASE_MINUTES) if participant.arm else _GOING_ON
    return move.make(participant, at, to)


_GOING_ON = Move(dict)


@lru_cache(maxsize=8)
def _holding_longer(_minutes: int) -> Move:
    # The minutes are written into the SQL.
    return Move(lambda: {"lease_expires_at": lease_end()})


def mark_shown(place: Place) -> None:
    """Record that the article of this step is about to be shown; only the first time counts."""
    trial = place.trial
    if trial is None or trial.shown_at is not None or place.step.stage != Stage.READING:
        return
    if place.participant.exposed_at is not None:
        _SHOWN.run(pk=trial.pk)
        return
    with transaction.atomic():
        _SHOWN.run(pk=trial.pk)
        Participant.objects.filter(pk=place.participant.pk, exposed_at__isnull=True).update(exposed_at=Now())


def stamp_submitted(trial: Trial) -> None:
    """Record that the questions about this article are answered."""
    _SUBMITTED.run(pk=trial.pk)


_SHOWN = Update(lambda: (Trial.objects.filter(pk=Given("pk", IntegerField()), shown_at=None), {"shown_at": Now()}))
_SUBMITTED = Update(lambda: (Trial.objects.filter(pk=Given("pk", IntegerField())), {"submitted_at": Now()}))


def _columns(model: type[Model], wanted: frozenset[str] = frozenset()) -> list[str]:
    """The columns of a model that are wanted, or all, in the order in which ``made`` takes them."""
    names = [field.attname for field in model._meta.concrete_fields]
    return [name for name in names if not wanted or name in wanted]


# What one query finds of a person, in this order: where it hangs on the participant, and which columns it has.
_PARTS: tuple[tuple[type[Model], str, list[str]], ...] = (
    (Participant, "", _columns(Participant)),
    (Study, "study__", _columns(Study, _OF_THE_STUDY)),
    (StudyVersion, "version__", _columns(StudyVersion, _OF_THE_VERSION)),
    (Trial, "current__", _columns(Trial)),
    (Draft, "kept__", _columns(Draft)),
)


def _who() -> QuerySet[Any, tuple[Any, ...]]:
    return (
        Participant.objects.filter(token_hash=Given("token", CharField()))
        .annotate(
            current=FilteredRelation("trials", condition=Q(trials__position=F("step"))),
            kept=FilteredRelation("drafts", condition=Q(drafts__step=Given("slug", CharField()))),
        )
        .values_list(*(f"{prefix}{column}" for _, prefix, columns in _PARTS for column in columns))
    )


_WHO = Lookup(_who)


def _rows(row: list[Any]) -> list[Any]:
    """The model instances in a row of ``_WHO``; None for a trial or draft that is not there."""
    found, at = [], 0
    for model, _, columns in _PARTS:
        values = row[at : at + len(columns)]
        at += len(columns)
        # The key stands first, and every row has one.
        found.append(None if values[0] is None else made(model, columns, values))
    return found


def lease_end() -> Combinable:
    """When a place that is taken now becomes free again if nothing more is heard, by the database's clock."""
    return ExpressionWrapper(Now() + timedelta(minutes=settings.LEASE_MINUTES), output_field=DateTimeField())
