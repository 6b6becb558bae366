"""Where a participant is: the row, the frozen study, the step at the cursor and the article it is about."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import (
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    FilteredRelation,
    IntegerField,
    Q,
    QuerySet,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from surveys.frozen import FrozenStudy, parse_version
from surveys.keeping_out import sharing_of_a_participants_study
from surveys.models import Answer, Article, Draft, Outcome, Participant, Stage, Study, StudyVersion, Trial
from surveys.prepared import Given, Held, Insert, Lookup, Together, Update, made
from surveys.route import Step, step_at
from surveys.tokens import token_hash

# The attributes of an answer, one row of them; when it was submitted is the database's to say.
AnswerRow = tuple[int, str, str, int | None, str, str, str]
ANSWERS = Insert(Answer, "participant_id", "step", "item", "trial_id", "state", "value", "option_order")

# What a page needs of the person, the study, its version, and the article and draft of the step; each column costs its
# time on every page, and anything else is fetched when it is asked for. The keys that one row holds of another are not
# asked for twice.
_NOT_OF_THE_PERSON = frozenset(
    {
        "token_hash",
        "network_hash",
        "invitation_hash",
        "arrived_at",
        "randomised_at",
        "lease_expires_at",
        "settled",
        "completion_code",
    }
)
_OF_THE_STUDY = ("key", "status", "allocation_seed")
# At the consent it is asked once more whom the study keeps out, and which version is current by now; the end leads back
# to the panel.
_AT_THE_EDGES = (*_OF_THE_STUDY, "recruitment", "current_version_id")
_OF_THE_VERSION = ("sha256",)
_OF_THE_TRIAL = ("id", "article_id", "article_sha256", "condition", "shown_at")
_OF_THE_DRAFT = ("id", "sequence", "content")


@dataclass(frozen=True)
class Place:
    """Somebody's position as it was read at the start of a request; every write checks that it still holds.

    ``trial`` is the article of the current step, where it is about one. ``draft`` is what was typed there before.
    ``sharing`` are the keys of the studies that share a story with this one, where they were asked for: at the consent,
    by ``find``, of a study that keeps their readers out.
    """

    participant: Participant
    study: FrozenStudy
    step: Step
    trial: Trial | None = None
    draft: Draft | None = None
    sharing: tuple[str, ...] | None = None

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
    who, of_the_study = _BY_SLUG.get(slug, (_WHO, _OF_THE_STUDY))
    row = who.first(token=token_hash(token), slug=slug)
    if row is None:
        return None
    participant, trial, draft = _rows(row, of_the_study)
    version = participant.version
    if study_key and participant.study.key != study_key:
        return None
    found = frozen(version)
    step = step_at(found, participant.stage, participant.step)
    sharing = tuple(row[-1].split(",") if row[-1] else ()) if slug == Stage.CONSENT else None
    if step.trial is None:
        return Place(participant, found, step, None, draft, sharing)
    if trial is not None:
        trial.article = _article(trial.article_id, trial.article_sha256, version.sha256)
    return Place(participant, found, step, trial, draft, sharing)


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

    With it the answers of the step are stored, and the time of the article that was read there is stamped. ``values``
    makes what is set besides; it may name what is given at each move. ``only`` is what must hold of the person besides,
    and no row that ``unless`` finds may be there. ``held`` are rows that ``make_holding`` locks with it. ``then`` is
    what else is written with it, and ``entry`` a row whose values are given at each move.
    """

    def __init__(
        self,
        values: Callable[[], dict[str, Any]],
        *then: Update,
        entry: Insert | None = None,
        held: Held | None = None,
        unless: Callable[[], Iterable[QuerySet[Any]]] = tuple,
        **only: Given,
    ) -> None:
        self._values, self._only, self._unless = values, only, unless
        update = Update(self._build)
        self._plain = Together(update, ANSWERS, *then, entry=entry)
        self._reading = Together(update, ANSWERS, _SUBMITTED)
        self._holding = Together(update, ANSWERS, *then, entry=entry, held=held)

    def _build(self) -> tuple[QuerySet[Any], dict[str, Any]]:
        at = {"stage": Given("stage", CharField()), "step": Given("step", IntegerField())}
        to = {"stage": Given("to_stage", CharField()), "step": Given("to_step", IntegerField())}
        mine = Participant.objects.filter(pk=Given("pk", IntegerField()), outcome=Outcome.UNDER_WAY, **at, **self._only)
        mine = mine.filter(*(~Exists(rows) for rows in self._unless()))
        return mine, to | self._values()

    def make(
        self, place: Place, to: Step, answers: Sequence[AnswerRow] = (), entry: Sequence[Any] = (), /, **given: Any
    ) -> bool:
        """Whether the person was still at the place's step, and is at the other now; if not, nothing is stored."""
        given |= _from_and_to(place, to)
        if place.trial is None or place.step.stage != Stage.READING:
            return self._plain.run(answers, entry, **given)
        return self._reading.run(answers, **given, trial=place.trial.pk)

    def make_holding(
        self,
        place: Place,
        to: Step,
        answers: Sequence[AnswerRow],
        count: int,
        entry: Sequence[Any] = (),
        /,
        **given: Any,
    ) -> tuple[bool, bool]:
        """As ``make``, from a step without an article, and (whether they were there, whether ``count`` rows are held).

        Must run inside a transaction, to whose end they are.
        """
        return self._holding.run_holding(answers, count, entry, **given, **_from_and_to(place, to))


def _from_and_to(place: Place, to: Step) -> dict[str, Any]:
    there = {"pk": place.participant.pk, "stage": place.step.stage, "step": place.step.number}
    return there | {"to_stage": to.stage, "to_step": to.number}


def go_on(place: Place, to: Step, answers: Sequence[AnswerRow], stratum: str = "") -> bool:
    """Compare and set for the common way: to the next step, with an assigned place held for longer.

    ``stratum`` is the person's, where the step's answers decide it. False, and nothing is stored, if the person was no
    longer at this step.
    """
    if stratum:
        return _CHOOSING.make(place, to, answers, stratum=stratum)
    return _going_on(settings.LEASE_MINUTES if place.participant.arm else None).make(place, to, answers)


def store(place: Place, answers: Sequence[AnswerRow]) -> None:
    """What ``go_on`` stores with a move, within the transaction of another one."""
    ANSWERS.run(answers)
    if place.trial is not None and place.step.stage == Stage.READING:
        _SUBMITTED.run(trial=place.trial.pk)


@lru_cache(maxsize=16)
def _going_on(lease_minutes: int | None) -> Move:
    # The minutes are written into the SQL. Who had been settled as gone is counted again from now on.
    return Move(dict if lease_minutes is None else lambda: {"lease_expires_at": lease_end(), "settled": False})


def mark_shown(place: Place) -> bool:
    """Record that the article of this step is about to be shown; only the first time counts.

    False where it is not to be shown after all, or was at this moment: the person's way may have ended since the look,
    and who is shown a first article after the end would never be debriefed. Where they are must be looked up again.
    """
    trial, step = place.trial, place.step
    if trial is None or trial.shown_at is not None or step.stage != Stage.READING:
        return True
    given = {"trial": trial.pk, "pk": place.participant.pk, "step": step.number}
    if place.participant.exposed_at is not None:
        return _SHOWN.run(**given) > 0
    return _FIRST_SHOWN.run(**given)


def articles_shown(place: Place) -> list[tuple[Article, str]]:
    """(article, condition of its reading) for each that this person was shown, in that order; one query."""
    version = place.participant.version.sha256
    return [(_article(pk, sha256, version), condition) for pk, sha256, condition in _SEEN.all(pk=place.participant.pk)]


def _reader() -> QuerySet[Participant]:
    at = {"stage": Stage.READING, "step": Given("step", IntegerField())}
    return Participant.objects.filter(pk=Given("pk", IntegerField()), outcome=Outcome.UNDER_WAY, **at)


def _unshown() -> QuerySet[Trial]:
    return Trial.objects.filter(pk=Given("trial", IntegerField()), shown_at=None)


_SHOWN = Update(lambda: (_unshown().filter(Exists(_reader())), {"shown_at": Now()}))
# The person's row first: an ending that is under way there is waited for, and then nothing is shown.
_FIRST_SHOWN = Together(
    Update(lambda: (_reader().filter(exposed_at=None), {"exposed_at": Now()})),
    None,
    Update(lambda: (_unshown(), {"shown_at": Now()})),
)
_SEEN = Lookup(
    lambda: (
        Trial.objects.filter(participant=Given("pk", IntegerField()), shown_at__isnull=False)
        .order_by("position")
        .values_list("article_id", "article_sha256", "condition")
    )
)
_SUBMITTED = Update(lambda: (Trial.objects.filter(pk=Given("trial", IntegerField())), {"submitted_at": Now()}))
_CHOOSING = Move(lambda: {"stratum": Given("stratum", CharField())})


_OF_THE_PERSON = tuple(
    field.attname for field in Participant._meta.concrete_fields if field.attname not in _NOT_OF_THE_PERSON
)


def _parts(of_the_study: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What one query finds of a person, in this order: where it hangs on the participant, and which columns it has."""
    return (
        ("", _OF_THE_PERSON),
        ("study__", of_the_study),
        ("version__", _OF_THE_VERSION),
        ("current__", _OF_THE_TRIAL),
        ("kept__", _OF_THE_DRAFT),
    )


def _who(of_the_study: tuple[str, ...], **more: Combinable) -> QuerySet[Any, tuple[Any, ...]]:
    """What ``find`` asks; ``more`` are columns after all those of ``_parts``."""
    return (
        Participant.objects.filter(token_hash=Given("token", CharField()))
        .annotate(
            current=FilteredRelation("trials", condition=Q(trials__position=F("step"))),
            kept=FilteredRelation("drafts", condition=Q(drafts__step=Given("slug", CharField()))),
        )
        .annotate(**more)
        .values_list(*(f"{prefix}{column}" for prefix, columns in _parts(of_the_study) for column in columns), *more)
    )


_WHO = Lookup(lambda: _who(_OF_THE_STUDY))
_BY_SLUG = {
    Stage.CONSENT.value: (
        Lookup(lambda: _who(_AT_THE_EDGES, sharing=sharing_of_a_participants_study())),
        _AT_THE_EDGES,
    ),
    Stage.END.value: (Lookup(lambda: _who(_AT_THE_EDGES)), _AT_THE_EDGES),
}


def _rows(row: list[Any], of_the_study: tuple[str, ...]) -> tuple[Participant, Trial | None, Draft | None]:
    """The person in a row of ``_WHO``, with their study and version, and the trial and draft that are there."""
    parts, at = list[list[Any]](), 0
    for _, columns in _parts(of_the_study):
        parts.append(row[at : at + len(columns)])
        at += len(columns)
    person, of_study, of_version, of_trial, of_draft = parts
    participant = made(Participant, _OF_THE_PERSON, person)
    participant._state.fields_cache = {
        "study": made(Study, ("id", *of_the_study), [participant.study_id, *of_study]),
        "version": made(StudyVersion, ("id", *_OF_THE_VERSION), [participant.version_id, *of_version]),
    }
    # The key stands first, and every row has one.
    trial = None if of_trial[0] is None else made(Trial, _OF_THE_TRIAL, of_trial)
    return participant, trial, None if of_draft[0] is None else made(Draft, _OF_THE_DRAFT, of_draft)


def lease_end() -> Combinable:
    """When a place that is taken now becomes free again if nothing more is heard, by the database's clock."""
    return ExpressionWrapper(Now() + timedelta(minutes=settings.LEASE_MINUTES), output_field=DateTimeField())
