"""The randomisation: which arm and which articles a participant is given, written down so that anyone can replay it."""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import CharField, F, IntegerField, QuerySet
from django.db.models.functions import Now

from surveys.amendments import holding
from surveys.design import Assignment, Counts, DesignSpec, QuotaFull, assign, can_fill, is_full, seed_for
from surveys.flow.place import AnswerRow, Move, Place, lease_end
from surveys.flow.tally import Seen, Stratum, look, seen_by
from surveys.frozen import FrozenStudy, digest
from surveys.items import TEXTS
from surveys.models import (
    AllocationCounter,
    Answer,
    Article,
    LedgerEntry,
    Outcome,
    Participant,
    Stage,
    Trial,
)
from surveys.prepared import Given, Held, Insert, Together, Update
from surveys.route import Step

_LONGEST_STRATUM = 120


class Way(Enum):
    """What came of the move to the first article."""

    ASSIGNED = "assigned"
    FULL = "full"
    TOO_LATE = "too-late"


def randomise(
    move: Move,
    place: Place,
    to: Step,
    answers: Sequence[AnswerRow],
    stratum: str = "",
    entry: Sequence[Any] = (),
    **given: Any,
) -> Way:
    """Make this move to the first article, with the step's answers, and assign an arm and a plan.

    ``entry`` and ``given`` are the move's. ``stratum`` is what the step's answers decide, or '' where an earlier step
    has. Where no arm or no place of the stratum is open, the outcome is 'quota full'; where the person was no longer at
    the step, nothing is stored.

    Must run inside a transaction: the counter's row is locked until it ends, so that whoever comes next counts this
    assignment. The statement that moves the person locks it; what was given is looked at by another, which begins once
    the lock is held.
    """
    participant, study = place.participant, place.study
    own = Stratum(participant.version_id, participant.mode, stratum or _stratum(participant, study))
    # Targets count over all strata: where there are both, the row of the empty stratum is locked first, by everybody,
    # so that two strata cannot both take the last place. An amendment can set a first target at any moment, so that
    # the frozen targets do not decide it.
    strata = ("", own.stratum) if own.stratum else ("",)
    is_first, is_held = move.make_holding(place, to, answers, len(strata), entry, **own._asdict(), **given)
    if not is_first:
        return Way.TOO_LATE
    if not is_held:
        _lock(own, strata)
    seen, spec, counts = _counts(own, study, seen_by)
    if seen.counter is None:
        _lock(own, strata)
        seen, spec, counts = _counts(own, study, seen_by)
    assert seen.counter is not None  # noqa: S101  # it was written a moment ago
    seed = seed_for(participant.study.allocation_seed, participant.version.sha256, own.mode, own.stratum)
    try:
        assignment = assign(spec, counts, participant.export_id, seed, seen.counter.allocated, own.stratum)
    except QuotaFull:
        Participant.objects.filter(pk=participant.pk).update(
            outcome=Outcome.QUOTA_FULL, stage=Stage.END, step=0, stratum=own.stratum, ended_at=Now()
        )
        return Way.FULL
    told = counts.to_dict() | ({"amended": seen.amended.to_dict()} if seen.amended else {})
    _write(participant, assignment, told, seed, seen.counter)
    return Way.ASSIGNED


def is_full_already(place: Place, stratum: str) -> bool:
    """Whether nobody of this stratum could be assigned now; '' is everybody's, of whom only targets are known.

    It is looked at without a lock, pages before the randomisation, which looks again. At most two statements, and one
    of two columns for a study that has neither targets nor quotas.
    """
    participant, study = place.participant, place.study
    spec = study.design_spec()
    if not can_fill(spec, stratum) and not can_fill(spec.amended(holding(participant.version)), stratum):
        return False
    own = Stratum(participant.version_id, participant.mode, stratum)
    _, spec, counts = _counts(own, study, look)
    return is_full(spec, counts, stratum)


def stratum_of(study: FrozenStudy, answers: Sequence[AnswerRow]) -> str:
    """The stratum that these answers of one person decide, or '' where none of them does.

    A written answer stands as its hash: the ledger outlives a withdrawal, and must hold no free text.
    """
    block_by = study.definition.design.block_by
    if not block_by:
        return ""
    found = ((state, value) for _, _, item, _, state, value, _ in answers if item == block_by)
    return next((_stratum_by(study, state, value) for state, value in found), "")


def _stratum(participant: Participant, study: FrozenStudy) -> str:
    """The stratum that an earlier step decided; '' where the study does not block."""
    block_by = study.definition.design.block_by
    if participant.stratum or not block_by:
        return participant.stratum
    # Whoever was past that step already when the server was renewed by the version that keeps it.
    answers = Answer.objects.filter(participant=participant, item=block_by).values_list("state", "value")
    return _stratum_by(study, *answers[:1].get())


def _stratum_by(study: FrozenStudy, state: str, value: str) -> str:
    block_by = study.definition.design.block_by
    items = (item for block in study.definition.at("before") for item in block.items)
    is_written = next(item.kind for item in items if item.key == block_by) in TEXTS
    stratum = value if state == Answer.State.ANSWERED else state
    return digest(stratum) if is_written or len(stratum) > _LONGEST_STRATUM else stratum


def _lock(own: Stratum, strata: Iterable[str]) -> None:
    """Lock the counters of these strata in this order, and make those that are not there."""
    for stratum in strata:
        key = own._replace(stratum=stratum)._asdict()
        AllocationCounter.objects.bulk_create([AllocationCounter(**key)], ignore_conflicts=True)
        AllocationCounter.objects.select_for_update().get(**key)


def _counts(own: Stratum, study: FrozenStudy, look_at: Callable[..., Seen]) -> tuple[Seen, DesignSpec, Counts]:
    """(what ``look_at`` finds, the design as it is by now, the counts by which it assigns)."""
    spec, is_blocked = study.design_spec(), bool(study.definition.design.block_by)
    seen = look_at(own, is_blocked=is_blocked, has_targets=_has_targets(spec))
    spec = spec.amended(seen.amended)
    has_totals = is_blocked and _has_targets(spec)
    return seen, spec, seen.tally.counts(spec, seen.totals if has_totals else None)


def _has_targets(spec: DesignSpec) -> bool:
    return any(arm.target is not None for arm in spec.arms)


def _write(
    participant: Participant, assignment: Assignment, seen: dict[str, Any], seed: int, counter: AllocationCounter
) -> None:
    database = connections[DEFAULT_DB_ALIAS]
    entry = {
        "version_id": participant.version_id,
        "mode": participant.mode,
        "stratum": counter.stratum,
        "sequence": counter.allocated,
        "participant_id": participant.pk,
        "unit_key": participant.export_id,
        "seed": seed,
        "counts_seen": database.ops.adapt_json_value(seen, None),
        "result": database.ops.adapt_json_value(assignment.to_dict(), None),
    }
    _assigning(settings.LEASE_MINUTES).run(
        [
            (participant.pk, t.position, participant.study_id, t.article_key, t.story, t.arm, t.sha256, t.condition)
            for t in assignment.plan
        ],
        [entry[name] for name in _OF_A_LINE],
        pk=participant.pk,
        arm=assignment.arm,
        condition=assignment.condition,
        stratum=counter.stratum,
        counter=counter.pk,
    )


# An article is given by its study and key, which the statement itself looks up.
_ARTICLE = f'(SELECT id FROM "{Article._meta.db_table}" WHERE study_id = %s AND key = %s)'  # noqa: S608  # names of our models
_TRIALS = Insert(
    Trial,
    *("participant_id", "position", "article_id", "story", "arm", "article_sha256", "condition"),
    looked_up={"article_id": _ARTICLE},
)
_OF_A_LINE = [field.attname for field in LedgerEntry._meta.concrete_fields if field.attname not in {"id", "at"}]
_LINE = Insert(LedgerEntry, *_OF_A_LINE)
# Whoever moves to the first article holds the counters of their stratum and of the empty one, which comes first.
COUNTERS = Held(
    f'SELECT counter.id FROM "{AllocationCounter._meta.db_table}" counter, changed '  # noqa: S608  # names of our models
    "WHERE counter.version_id = %s AND counter.mode = %s AND counter.stratum IN ('', %s) "
    "ORDER BY counter.stratum FOR UPDATE OF counter",
    [Given("version_id", IntegerField()), Given("mode", CharField()), Given("stratum", CharField())],
)
TO_ARTICLES = Move(dict, held=COUNTERS)
_COUNTED = Update(
    lambda: (AllocationCounter.objects.filter(pk=Given("counter", IntegerField())), {"allocated": F("allocated") + 1})
)


@lru_cache(maxsize=8)
def _assigning(lease_minutes: int) -> Together:
    def build() -> tuple[QuerySet[Participant], dict[str, Any]]:
        values = {name: Given(name, CharField()) for name in ("arm", "condition", "stratum")}
        times = {"randomised_at": Now(), "lease_expires_at": lease_end(), "settled": False}
        return Participant.objects.filter(pk=Given("pk", IntegerField())), values | times

    return Together(Update(build), _TRIALS, _COUNTED, entry=_LINE)
