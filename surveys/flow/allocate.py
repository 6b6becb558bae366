"""The randomisation: which arm and which articles a participant is given, written down so that anyone can replay it."""

from functools import lru_cache
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import CharField, F, IntegerField, Model, QuerySet
from django.db.models.functions import Now

from surveys.design import Assignment, QuotaFull, assign, seed_for
from surveys.flow.place import lease_end
from surveys.flow.tally import everywhere, seen_by
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
from surveys.prepared import Given, Insert, Lookup, Together, Update, made

_LONGEST_STRATUM = 120
M = TypeVar("M", bound=Model)


def randomise(participant: Participant, study: FrozenStudy) -> bool:
    """Assign an arm and a plan. False, with the outcome 'quota full', if no arm or no place of the stratum is open.

    Must run inside the transaction that moved the participant to the first article: the counter's row is locked
    until that transaction ends, so that whoever comes next counts this assignment.
    """
    stratum = _stratum(participant, study)
    counter = _locked_counter(participant, study, stratum)
    tally, amended = seen_by(counter)
    spec = study.design_spec().amended(amended)
    has_targets = any(arm.target is not None for arm in spec.arms)
    is_blocked = bool(study.definition.design.block_by)
    counts = tally.counts(spec, everywhere(counter) if has_targets and is_blocked else None)
    seed = seed_for(participant.study.allocation_seed, participant.version.sha256, participant.mode, stratum)
    try:
        assignment = assign(spec, counts, participant.export_id, seed, counter.allocated, stratum)
    except QuotaFull:
        Participant.objects.filter(pk=participant.pk).update(
            outcome=Outcome.QUOTA_FULL, stage=Stage.END, step=0, stratum=stratum, ended_at=Now()
        )
        return False
    seen = counts.to_dict() | ({"amended": amended.to_dict()} if amended else {})
    _write(participant, assignment, seen, seed, counter)
    return True


def _stratum(participant: Participant, study: FrozenStudy) -> str:
    """The answer to the blocking question, or how it was not answered; '' where the study does not block.

    A written answer stands as its hash: the ledger outlives a withdrawal, and must hold no free text.
    """
    block_by = study.definition.design.block_by
    if not block_by:
        return ""
    items = (item for block in study.definition.at("before") for item in block.items)
    is_written = next(item.kind for item in items if item.key == block_by) in TEXTS
    answers = Answer.objects.filter(participant=participant, item=block_by).values_list("state", "value")
    state, value = answers[:1].get()
    stratum = value if state == Answer.State.ANSWERED else state
    return digest(stratum) if is_written or len(stratum) > _LONGEST_STRATUM else stratum


def _locked_counter(participant: Participant, study: FrozenStudy, stratum: str) -> AllocationCounter:
    """The counter of this version, mode and stratum, its row locked until the transaction ends.

    Targets count over all strata: where there are both, the row of the empty stratum is locked first, by everybody,
    so that two strata cannot both take the last place. An amendment can set a first target at any moment, so that
    the frozen targets do not decide it.
    """
    if stratum:
        _lock(participant, "")
    return _lock(participant, stratum)


def _lock(participant: Participant, stratum: str) -> AllocationCounter:
    key = {"version_id": participant.version_id, "mode": participant.mode, "stratum": stratum}
    if (counter := _COUNTER.first(**key)) is None:
        AllocationCounter.objects.bulk_create([AllocationCounter(**key)], ignore_conflicts=True)
        counter = _COUNTER.first(**key)
    assert counter is not None  # noqa: S101  # it was there, or was written a moment ago
    return made(AllocationCounter, _OF_A_COUNTER, counter)


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


def _stratum_of(rows: QuerySet[M]) -> QuerySet[M]:
    """Those of one version, mode and stratum, which are given."""
    stratum = {"mode": Given("mode", CharField()), "stratum": Given("stratum", CharField())}
    return rows.filter(version=Given("version_id", IntegerField()), **stratum)


# An article is given by its study and key, which the statement itself looks up.
_ARTICLE = f'(SELECT id FROM "{Article._meta.db_table}" WHERE study_id = %s AND key = %s)'  # noqa: S608  # names of our models
_TRIALS = Insert(
    Trial,
    *("participant_id", "position", "article_id", "story", "arm", "article_sha256", "condition"),
    looked_up={"article_id": _ARTICLE},
)
_OF_A_LINE = [field.attname for field in LedgerEntry._meta.concrete_fields if field.attname not in {"id", "at"}]
_LINE = Insert(LedgerEntry, *_OF_A_LINE)
_OF_A_COUNTER = [field.attname for field in AllocationCounter._meta.concrete_fields]
_COUNTER = Lookup(lambda: _stratum_of(AllocationCounter.objects.select_for_update()).values_list(*_OF_A_COUNTER))
_COUNTED = Update(
    lambda: (AllocationCounter.objects.filter(pk=Given("counter", IntegerField())), {"allocated": F("allocated") + 1})
)


@lru_cache(maxsize=8)
def _assigning(lease_minutes: int) -> Together:
    def build() -> tuple[QuerySet[Participant], dict[str, Any]]:
        values = {name: Given(name, CharField()) for name in ("arm", "condition", "stratum")}
        times = {"randomised_at": Now(), "lease_expires_at": lease_end()}
        return Participant.objects.filter(pk=Given("pk", IntegerField())), values | times

    return Together(Update(build), _TRIALS, _COUNTED, entry=_LINE)
