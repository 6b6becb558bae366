"""Whether a version's ledger is what was done: replayed, and held against everything else that is stored."""

from collections import Counter
from collections.abc import Iterable

from django.db import transaction

from surveys.amendments import held_at_times
from surveys.design import Amended, Assignment, Difference, LedgerLine, replay, seed_for
from surveys.flow.place import frozen
from surveys.flow.tally import begin_again, is_whole
from surveys.models import AllocationCounter, LedgerEntry, StudyVersion
from surveys.one_moment import one_moment


def ledger_differences(version: StudyVersion) -> tuple[int, list[Difference]]:
    """(assignments in the version's ledger, where they are not what their own inputs lead to).

    Besides the pure replay it holds the ledger against what was really done: the participant's arm, condition and
    trials, the amendments that were logged, the seeds that follow from the version, how many numbers were given, and
    the tallies from which the allocation goes on. All of it is read as it was at one moment: a study that is live is
    read while people are assigned.
    """
    spec = frozen(version).design_spec()
    with one_moment():
        entries = list(version.ledger.select_related("participant").prefetch_related("participant__trials__article"))
        stored = [*_not_done(entries), *_not_logged(version, entries), *_not_seeded(version, entries)]
        stored += _not_written(version, entries)
    lines = [LedgerLine(e.mode, e.stratum, e.sequence, e.unit_key, e.seed, e.counts_seen, e.result) for e in entries]
    return len(entries), [*replay(spec, lines), *stored]


def recount(version: StudyVersion) -> int:
    """Make each tally of a version again from its people and their trials; how many there are."""
    # Locked in the order in which a randomisation does it: the empty stratum's row first.
    counters = AllocationCounter.objects.filter(version=version).order_by("mode", "stratum").select_for_update()
    with transaction.atomic():
        for counter in (locked := list(counters)):
            begin_again(counter)
    return len(locked)


def _not_done(entries: Iterable[LedgerEntry]) -> Iterable[Difference]:
    for entry in entries:
        trials = sorted(entry.participant.trials.all(), key=lambda trial: trial.position)
        done = [(t.position, t.article.key, t.story, t.arm, t.article_sha256, t.condition) for t in trials]
        assigned = Assignment.from_dict(entry.result)
        planned = [(t.position, t.article_key, t.story, t.arm, t.sha256, t.condition) for t in assigned.plan]
        person = entry.participant
        if (person.arm, person.condition) != (assigned.arm, assigned.condition) or done != planned:
            what = "the participant's arm or articles are not those that were assigned"
            yield Difference(entry.mode, entry.stratum, entry.sequence, what)


def _not_logged(version: StudyVersion, entries: Iterable[LedgerEntry]) -> Iterable[Difference]:
    known = [amended.to_dict() for amended in held_at_times(version)]
    for entry in entries:
        if entry.counts_seen.get("amended", Amended().to_dict()) not in known:
            what = "it rests on amendments that were never logged in this order"
            yield Difference(entry.mode, entry.stratum, entry.sequence, what)


def _not_seeded(version: StudyVersion, entries: Iterable[LedgerEntry]) -> Iterable[Difference]:
    for entry in entries:
        if entry.seed != seed_for(version.study.allocation_seed, version.sha256, entry.mode, entry.stratum):
            yield Difference(entry.mode, entry.stratum, entry.sequence, "its seed is not that of study and version")
        if entry.unit_key != entry.participant.export_id:
            yield Difference(entry.mode, entry.stratum, entry.sequence, "it stands for somebody else")


def _not_written(version: StudyVersion, entries: Iterable[LedgerEntry]) -> Iterable[Difference]:
    """Numbers that were given and people who were assigned without a line, which no line tells."""
    lines = Counter((entry.mode, entry.stratum) for entry in entries)
    for counter in version.allocation_counters.all():
        there = lines[counter.mode, counter.stratum]
        if there != counter.allocated:
            what = f"{counter.allocated} numbers were given, and {there} lines are there"
            yield Difference(counter.mode, counter.stratum, counter.allocated, what)
        if not is_whole(counter):
            what = "the tally is not what its people's trials add up to: run this command with --recount"
            yield Difference(counter.mode, counter.stratum, counter.allocated, what)
    for person in version.participants.filter(arm__gt="", ledger_entry=None):
        what = f"{person.export_id} was assigned, and no line says how"
        yield Difference(person.mode, person.stratum, lines[person.mode, person.stratum], what)
