"""What must hold in the database whatever was killed: by the frozen study, and by what people know themselves."""

from collections import Counter
from collections.abc import Iterable, Iterator

from django.db import transaction

from surveys import flow, route
from surveys.flow.asking import items_of
from surveys.flow.place import frozen
from surveys.flow.record import ASKING
from surveys.items import Reading
from surveys.models import Answer, LedgerEntry, PanelIdentity, Participant, Stage, Study, Trial
from tests.journeys import visitors


def inconsistencies(study: Study) -> list[str]:
    """Whose position, answers, articles and assignment do not fit together; one moment's view, in one transaction."""
    with transaction.atomic():
        found = [line for person in Participant.objects.filter(study=study) for line in _of_person(person)]
        assigned = Participant.objects.filter(study=study).exclude(arm="")
        if LedgerEntry.objects.filter(participant__study=study).count() != assigned.count():
            found.append("the ledger has not one entry for each that was assigned")
        arms = Counter(assigned.values_list("arm", flat=True))
        if arms and max(arms.values()) - min(arms.values()) > (0 if len(arms) == 1 else 1):
            found.append(f"the arms differ by more than one: {dict(arms)}")
    return found


def _of_person(person: Participant) -> Iterator[str]:
    study = frozen(person.version)
    way = route.steps(study)
    passed = way[: way.index(route.step_at(study, person.stage, person.step))]
    answered = Counter(Answer.objects.filter(participant=person).values_list("step", "item"))
    expected = Counter((step.slug, item.key) for step in passed if step.stage in ASKING for item in items_of(step))
    if answered != expected:
        yield f"{person} at {person.stage} {person.step}: missing {expected - answered}, too much {answered - expected}"
    trials = Trial.objects.filter(participant=person)
    submitted = set(trials.filter(submitted_at__isnull=False).values_list("position", flat=True))
    if submitted != {step.trial for step in passed if step.stage == Stage.READING}:
        yield f"{person} at {person.stage} {person.step}: articles {submitted} are marked as answered"
    if trials.count() != (study.definition.design.per_person if person.arm else 0):
        yield f"{person} has {trials.count()} articles"


def nothing_lost_or_doubled(study: Study, people: Iterable[visitors.Participant]) -> None:
    """Everybody is there once and finished, and every answer is the one that was acknowledged, once."""
    people = list(people)
    by_code = {row.completion_code: row for row in Participant.objects.filter(study=study).select_related("version")}
    assert Participant.objects.filter(study=study).count() == len(people)
    assert PanelIdentity.objects.filter(study=study).count() == len(people)
    assert sorted(by_code) == sorted(person.code for person in people)
    for person in people:
        row = by_code[person.code]
        assert row.stage == Stage.END
        assert row.completed_at is not None
        assert _answers(row) == _expected(row, person), f"participant {person.number}"
    assert inconsistencies(study) == []
    assert study.current_version is not None
    assert flow.ledger_differences(study.current_version) == (len(people), [])


def _answers(row: Participant) -> list[tuple[str, str, str, str]]:
    found = Answer.objects.filter(participant=row).values_list("step", "item", "state", "value")
    return sorted((step, item, str(state), value) for step, item, state, value in found)


def _expected(row: Participant, person: visitors.Participant) -> list[tuple[str, str, str, str]]:
    """What the person's acknowledged forms mean."""
    expected = []
    for step in route.steps(frozen(row.version)):
        if step.stage not in ASKING:
            continue
        sent = person.acknowledged[step.slug]
        for item in items_of(step):
            reading = item.read(sent.get(item.key, []))
            assert isinstance(reading, Reading)
            expected.append((step.slug, item.key, reading.state, reading.value))
    return sorted(expected)
