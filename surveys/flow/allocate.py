"""The randomisation: which arm and which articles a participant is given, written down so that anyone can replay it."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, F
from django.db.models.functions import Now

from surveys.definition import FrozenStudy, digest
from surveys.design import Assignment, Counts, Difference, LedgerLine, QuotaFull, assign, replay, seed_for
from surveys.flow.place import frozen, lease_end
from surveys.items import TEXTS
from surveys.models import (
    AllocationCounter,
    Answer,
    Article,
    LedgerEntry,
    Outcome,
    Participant,
    Stage,
    StudyVersion,
    Trial,
)

_LONGEST_STRATUM = 120


def randomise(participant: Participant, study: FrozenStudy) -> bool:
    """Assign an arm and a plan. False, with the outcome 'quota full', if every arm has reached its target.

    Must run inside the transaction that moved the participant to the first article: the counter's row is locked
    until that transaction ends, so that whoever comes next counts this assignment.
    """
    stratum = _stratum(participant, study)
    counter = _locked_counter(participant, study, stratum)
    counts = _counts(participant, study, stratum)
    seed = seed_for(participant.study.allocation_seed, participant.version.sha256, participant.mode, stratum)
    try:
        assignment = assign(study.design_spec(), counts, participant.export_id, seed, counter.allocated)
    except QuotaFull:
        Participant.objects.filter(pk=participant.pk).update(
            outcome=Outcome.QUOTA_FULL, stage=Stage.END, step=0, stratum=stratum, ended_at=Now()
        )
        return False
    _write(participant, assignment, counts, seed, counter)
    return True


def ledger_differences(version: StudyVersion) -> tuple[int, list[Difference]]:
    """(assignments in the version's ledger, where they are not what their own inputs lead to).

    Besides the pure replay it holds the ledger against what was really done: the participant's arm and trials.
    """
    entries = list(version.ledger.select_related("participant").prefetch_related("participant__trials__article"))
    lines = [LedgerLine(e.mode, e.stratum, e.sequence, e.unit_key, e.seed, e.counts_seen, e.result) for e in entries]
    found = replay(frozen(version).design_spec(), lines)
    return len(entries), [*found, *_not_done(entries)]


def _not_done(entries: Iterable[LedgerEntry]) -> Iterable[Difference]:
    for entry in entries:
        trials = sorted(entry.participant.trials.all(), key=lambda trial: trial.position)
        done = [(t.position, t.article.key, t.story, t.arm, t.article_sha256) for t in trials]
        planned = [(t["position"], t["article_key"], t["story"], t["arm"], t["sha256"]) for t in entry.result["plan"]]
        if entry.participant.arm != entry.result["arm"] or done != planned:
            what = "the participant's arm or articles are not those that were assigned"
            yield Difference(entry.mode, entry.stratum, entry.sequence, what)


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
    so that two strata cannot both take the last place.
    """
    if stratum and any(arm.target is not None for arm in study.arms):
        _lock(participant, "")
    return _lock(participant, stratum)


def _lock(participant: Participant, stratum: str) -> AllocationCounter:
    key = {"version": participant.version, "mode": participant.mode, "stratum": stratum}
    counters = AllocationCounter.objects.select_for_update().filter(**key)
    counter = counters.first()
    if counter is None:
        AllocationCounter.objects.bulk_create([AllocationCounter(**key)], ignore_conflicts=True)
        counter = counters.get()
    return counter


def _counts(participant: Participant, study: FrozenStudy, stratum: str) -> Counts:
    """What was given in this stratum to those who completed or hold a live lease."""
    everywhere = Participant.objects.occupying().filter(version=participant.version, mode=participant.mode)
    here = everywhere.filter(stratum=stratum)
    arms = dict(here.order_by().values_list("arm").annotate(n=Count("pk")))
    given = Trial.objects.filter(participant__in=here).order_by()
    cells = {(key, at): n for key, at, n in given.values_list("article__key", "position").annotate(n=Count("pk"))}
    articles: Counter[str] = Counter()
    for (key, _), n in cells.items():
        articles[key] += n
    totals = None
    if study.definition.design.block_by and any(arm.target is not None for arm in study.arms):
        totals = dict(everywhere.order_by().values_list("arm").annotate(n=Count("pk")))
    return Counts(arms=arms, articles=dict(articles), cells=cells, totals=totals)


def _write(
    participant: Participant, assignment: Assignment, counts: Counts, seed: int, counter: AllocationCounter
) -> None:
    keys = [trial.article_key for trial in assignment.plan]
    articles = Article.objects.filter(study=participant.study_id, key__in=keys).in_bulk(field_name="pk")
    by_key = {article.key: article for article in articles.values()}
    Participant.objects.filter(pk=participant.pk).update(
        arm=assignment.arm, stratum=counter.stratum, randomised_at=Now(), lease_expires_at=lease_end()
    )
    Trial.objects.bulk_create(
        Trial(
            participant=participant,
            position=trial.position,
            article=by_key[trial.article_key],
            story=trial.story,
            arm=trial.arm,
            article_sha256=trial.sha256,
        )
        for trial in assignment.plan
    )
    LedgerEntry.objects.create(
        version=participant.version,
        mode=participant.mode,
        stratum=counter.stratum,
        sequence=counter.allocated,
        participant=participant,
        unit_key=participant.export_id,
        seed=seed,
        counts_seen=counts.to_dict(),
        result=assignment.to_dict(),
    )
    AllocationCounter.objects.filter(pk=counter.pk).update(allocated=F("allocated") + 1)
