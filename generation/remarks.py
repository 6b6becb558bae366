"""What curators note on a text, and the mark 'to be looked at again'."""

from django.db import transaction
from django.utils.translation import gettext as _

from generation.models import Candidate, Remark
from generation.rules import CurationError
from surveys.articles import lock_draft
from surveys.models import Researcher

LONGEST = 2000


def remark(candidate: Candidate, *, by: Researcher, text: str = "", toggle: bool = False) -> Remark:
    """A note, or a mark put on or taken off (``toggle``), or both. Raises ``CurationError``, ``DraftOnly``."""
    text = text.replace("\0", "").strip()
    if not text and not toggle:
        raise CurationError({"text": _("The note is empty.")})
    if len(text) > LONGEST:
        raise CurationError({"text": _("The note is longer than %(most)s characters.") % {"most": LONGEST}})
    with transaction.atomic():
        lock_draft(candidate.batch.study)
        mark = Remark.Mark.NONE
        if toggle:
            was_marked = Candidate.objects.values_list("is_marked", flat=True).get(pk=candidate.pk)
            mark = Remark.Mark.LOWERED if was_marked else Remark.Mark.RAISED
            Candidate.objects.filter(pk=candidate.pk).update(is_marked=not was_marked)
            candidate.is_marked = not was_marked
        number = candidate.remarks.count() + 1
        return Remark.objects.create(candidate=candidate, number=number, by=by, text=text, mark=mark)
