"""Who is asked for an opinion on which text, and what those asked have said so far."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from generation.agreement import Agreement, krippendorff
from generation.models import Assignment, Candidate, Opinion
from generation.rules import HIGHEST_SEED, CurationError
from surveys import audit
from surveys.access import PERMITTED, Permission
from surveys.articles import lock_draft
from surveys.models import Researcher, Role, Study

Verdict = Opinion.Verdict


@dataclass(frozen=True)
class Panel:
    """Those who are asked about one text, by id, and the opinions that stand."""

    asked: frozenset[int]
    opinions: tuple[Opinion, ...]

    @property
    def missing(self) -> frozenset[int]:
        """Whose opinion is still awaited."""
        return self.asked - {opinion.by_id for opinion in self.opinions}

    @property
    def is_complete(self) -> bool:
        """Whether everybody who was asked has answered."""
        return bool(self.asked) and not self.missing

    def is_closed_to(self, person: int | None) -> bool:
        """Whether what others say of the text is kept from somebody: who is asked, until all have answered."""
        return person in self.asked and not self.is_complete

    def shown_to(self, person: int | None) -> tuple[Opinion, ...]:
        """The opinions that somebody may read: of those asked each reads their own, and all once all have answered."""
        if self.is_closed_to(person):
            return tuple(opinion for opinion in self.opinions if opinion.by_id == person)
        return self.opinions

    @property
    def verdict(self) -> str:
        """What all say of one wording, once all have answered; '' before, and where they differ.

        Who answered before an edit and who answered behind it have not said the same.
        """
        said = {(opinion.verdict, opinion.text_sha256) for opinion in self.opinions}
        return said.pop()[0] if self.is_complete and len(said) == 1 else ""

    @property
    def is_of_two_wordings(self) -> bool:
        """Whether a text was edited between two opinions."""
        return len({opinion.text_sha256 for opinion in self.opinions}) > 1

    @property
    def is_disputed(self) -> bool:
        """Whether everybody has answered and they differ: somebody has to adjudicate."""
        return self.is_complete and not self.verdict

    def is_party(self, person: int, *, owns: bool) -> bool:
        """Whether somebody is one of those who differ, so that somebody else adjudicates; who owns the study may."""
        return self.is_disputed and person in self.asked and not owns

    def waits_for(self, person: int, *, owns: bool) -> bool:
        """Whether it is for somebody to say something of a pending text: an opinion, or the decision."""
        return person in self.missing or not (self.missing or self.is_party(person, owns=owns))


def owns(study: Study, by: Researcher) -> bool:
    """Whether somebody is an owner of the study, who adjudicates also where they were asked. One query."""
    return study.memberships.filter(researcher=by, role=Role.OWNER).exists()


def curators_of(study: Study) -> list[Researcher]:
    """Those who may decide on the study's texts, by address."""
    return list(_able(study).order_by("email"))


def _able(study: Study) -> QuerySet[Researcher]:
    roles = [role for role, permitted in PERMITTED.items() if Permission.CURATE in permitted]
    return Researcher.objects.filter(memberships__study=study, memberships__role__in=roles)


def panel_of(candidate: Candidate) -> Panel:
    """The panel of one text; a query where nobody is asked, else three."""
    asked = set(candidate.assignments.values_list("curator", flat=True))
    if not asked:
        return NOBODY
    said = candidate.opinions.select_related("by").order_by("number")
    return _panel(asked, said, {person.pk for person in curators_of(candidate.batch.study)})


NOBODY = Panel(frozenset(), ())


def panels(study: Study) -> dict[int, Panel]:
    """The panel of every text that somebody is asked about, by the text's id; three queries."""
    asked: dict[int, set[int]] = {}
    rows = Assignment.objects.filter(candidate__batch__study=study)
    for candidate, curator in rows.values_list("candidate", "curator"):
        asked.setdefault(candidate, set()).add(curator)
    said: dict[int, list[Opinion]] = {}
    for opinion in Opinion.objects.filter(candidate__batch__study=study).select_related("by").order_by("number"):
        said.setdefault(opinion.candidate_id, []).append(opinion)
    able = {person.pk for person in curators_of(study)}
    found = {pk: _panel(people, said.get(pk, []), able) for pk, people in asked.items()}
    return {pk: panel for pk, panel in found.items() if panel.asked}


def awaited(study: Study) -> QuerySet[Assignment]:
    """Who is asked about which text and has yet to answer, for the database to look among: ``Panel.missing``."""
    later = Opinion.objects.filter(candidate=OuterRef("candidate"), by=OuterRef("by"), number__gt=OuterRef("number"))
    said = Opinion.objects.filter(~Exists(later), candidate=OuterRef("candidate"), by=OuterRef("curator"))
    standing = said.exclude(verdict=Verdict.WITHDRAWN)
    return Assignment.objects.filter(~Exists(standing), candidate__batch__study=study, curator__in=_able(study))


def agreement_of(found: Collection[Panel], reader: int | None = None) -> Agreement:
    """Krippendorff's alpha of the opinions that stand on each wording, whether or not a panel is complete.

    With a ``reader`` of those that this person may read: it would tell who is asked what others said.
    """
    wordings: dict[tuple[int, str], list[str]] = {}
    for panel in found:
        for opinion in panel.shown_to(reader):
            # Who read a text before an edit and who read it behind have not judged the same thing.
            wordings.setdefault((opinion.candidate_id, opinion.text_sha256), []).append(opinion.verdict)
    return krippendorff(wordings.values())


def assign(
    study: Study, texts: Sequence[Candidate], *, by: Researcher, curators: Sequence[Researcher], each: int, seed: int
) -> int:
    """Ask ``each`` of the curators about every text, so that all get equally many; how many were asked anew.

    Texts that are decided, or on which somebody is asked already, stay as they are. Raises ``CurationError`` with a
    sentence a field, ``DraftOnly``.
    """
    known = {curator.pk for curator in curators_of(study)}
    if not curators or any(curator.pk not in known for curator in curators):
        raise CurationError({"curators": _("Choose among the study's owners and curators.")})
    if not 1 <= each <= len(curators):
        message = _("Ask 1 to %(most)s of them about each text.")
        raise CurationError({"each": message % {"most": len(curators)}})
    if not 0 <= seed <= HIGHEST_SEED:
        raise CurationError({"seed": _("The seed must be a whole number from 0 to 2^63 - 1.")})
    with transaction.atomic():
        lock_draft(study)
        taken = panels(study).keys()
        free = [text for text in texts if text.pk not in taken and text.decision == Candidate.Decision.PENDING]
        people = {curator.pk: curator for curator in curators}
        rows = [
            Assignment(candidate=text, curator=people[pk], by=by)
            for text, chosen in zip(free, shared_out(len(free), sorted(people), each, seed), strict=True)
            for pk in chosen
        ]
        Assignment.objects.bulk_create(rows)
        if rows:
            subject = f"{len(free)} texts, {each} each of {len(curators)} curators, seed {seed}"
            audit.record(study, "texts assigned", by=by, subject=subject)
    return len(rows)


def shared_out(texts: int, people: Sequence[int], each: int, seed: int) -> list[list[int]]:
    """For each text the ``each`` people who read it; nobody reads more than one text more than another.

    Pure: whoever has the fewest comes first, and among equals the SHA-256 of 'seed:text:person' decides.
    """
    load = dict.fromkeys(people, 0)
    chosen: list[list[int]] = []
    for number in range(texts):
        drawn = {pk: hashlib.sha256(f"{seed}:{number}:{pk}".encode("ascii")).digest() for pk in people}
        readers = sorted(people, key=lambda pk: (load[pk], drawn[pk]))[:each]
        for reader in readers:
            load[reader] += 1
        chosen.append(sorted(readers))
    return chosen


def _panel(asked: set[int], said: "Sequence[Opinion] | Collection[Opinion]", able: set[int]) -> Panel:
    """Of those asked, who may still curate or has answered: nobody waits for who has left the study."""
    opinions = _standing(said)
    answered = {opinion.by_id for opinion in opinions}
    return Panel(frozenset(asked & (able | answered)), opinions)


def _standing(opinions: "Sequence[Opinion] | Collection[Opinion]") -> tuple[Opinion, ...]:
    """The last opinion of each person, unless it was taken back; in the order in which they were given."""
    last = {opinion.by_id: opinion for opinion in opinions}
    standing = [opinion for opinion in last.values() if opinion.verdict != Verdict.WITHDRAWN]
    return tuple(sorted(standing, key=lambda opinion: opinion.number))
