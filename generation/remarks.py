"""What curators note on a text, and the mark 'to be looked at again'."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from generation.assignments import Panel, panel_of, panels
from generation.models import Candidate, Remark
from generation.rules import CurationError
from surveys.articles import lock_draft
from surveys.models import Researcher, Study

LONGEST = 2000


def remark(candidate: Candidate, *, by: Researcher, text: str = "", toggle: bool = False) -> Remark:
    """A note, or a mark put on or taken off (``toggle``), or both; who must not see others' marks leaves them alone.

    Raises ``CurationError``, also where it would take off the mark of who is still asked, and ``DraftOnly``.
    """
    text = text.replace("\0", "").strip()
    if not text and not toggle:
        raise CurationError({"text": _("The note is empty.")})
    if len(text) > LONGEST:
        raise CurationError({"text": _("The note is longer than %(most)s characters.") % {"most": LONGEST}})
    with transaction.atomic():
        lock_draft(candidate.batch.study)
        mark = Remark.Mark.NONE
        if toggle:
            kept = list(candidate.remarks.order_by("number"))
            panel, people = panel_of(candidate), marked_by(kept)
            is_marked = mark_shown_to(kept, panel, by.pk)
            if is_marked and by.pk not in people and any(panel.is_closed_to(person) for person in people):
                # Their page would tell them what somebody else makes of the text.
                raise CurationError(
                    {"": _("Somebody who is asked put this mark on: it stays until all have answered.")}
                )
            mark = Remark.Mark.LOWERED if is_marked else Remark.Mark.RAISED
        number = candidate.remarks.count() + 1
        made = Remark.objects.create(candidate=candidate, number=number, by=by, text=text, mark=mark)
        if toggle:
            candidate.is_marked = bool(marked_by([*kept, made]))
            Candidate.objects.filter(pk=candidate.pk).update(is_marked=candidate.is_marked)
    return made


def shown_to(remarks: Iterable[Remark], panel: Panel, person: int) -> list[Remark]:
    """What somebody may read of the remarks on a text: as of its opinions, all or their own."""
    is_closed = panel.is_closed_to(person)
    return [remark for remark in remarks if remark.by_id == person or not is_closed]


def marked_by(remarks: Iterable[Remark]) -> set[int]:
    """Whose mark is on a text, by id, from its remarks in order.

    Two who must not see each other's mark can both put one on. Taken off is one's own, or else everybody's.
    """
    people: set[int] = set()
    for remark in remarks:
        if remark.mark == Remark.Mark.RAISED:
            people.add(remark.by_id)
        elif remark.mark == Remark.Mark.LOWERED:
            people = people - {remark.by_id} if remark.by_id in people else set()
    return people


def mark_shown_to(remarks: Iterable[Remark], panel: Panel, person: int) -> bool:
    """Whether somebody sees a mark on a text: anybody's, or their own where those of others are kept from them."""
    people = marked_by(remarks)
    return person in people if panel.is_closed_to(person) else bool(people)


def marked(study: Study, by: Researcher) -> Q:
    """The texts whose mark somebody may see."""
    closed = [pk for pk, panel in panels(study).items() if panel.is_closed_to(by.pk)]
    kept: dict[int, list[Remark]] = {}
    for remark in Remark.objects.filter(candidate__in=closed, candidate__is_marked=True).order_by("number"):
        kept.setdefault(remark.candidate_id, []).append(remark)
    hidden = [pk for pk, remarks in kept.items() if by.pk not in marked_by(remarks)]
    return Q(is_marked=True) & ~Q(pk__in=hidden)
