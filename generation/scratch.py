"""What somebody types about a text before it is saved: kept as they type, found again, forgotten once it is saved."""

from typing import Literal

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from generation.models import Candidate, Scratch
from surveys.articles import LONGEST_TEXT
from surveys.models import Researcher

LONGEST_NOTE = 2000
HIGHEST = 2**53  # what a browser can count to


def keep(
    candidate: Candidate,
    *,
    by: Researcher,
    sequence: int,
    revision: int,
    text: str | None = None,
    note: str | None = None,
) -> bool:
    """Store what is typed; whether it is newer than what is there. What is None stays as it was.

    ``revision`` is the text's that ``text`` began from: a note, typed beside a newer one, does not change it.
    Text beyond the longest that can be saved is cut: saving it says so, and what was typed is on the page.
    """
    if not (0 <= sequence <= HIGHEST and 0 <= revision < 2**31):
        return False
    values: dict[str, object] = {"sequence": sequence, "at": Now()}
    if text is not None:
        values["revision"] = revision
        values["text"] = text.replace("\0", "")[:LONGEST_TEXT]
    if note is not None:
        values["note"] = note.replace("\0", "")[:LONGEST_NOTE]
    mine = Scratch.objects.filter(candidate=candidate, by=by)
    if mine.filter(sequence__lt=sequence).update(**values):
        return True
    if mine.exists():
        return False
    try:
        with transaction.atomic():
            Scratch.objects.create(candidate=candidate, by=by, **{"revision": revision, **values})
    except IntegrityError:
        # Another tab of the same person was first.
        return bool(mine.filter(sequence__lt=sequence).update(**values))
    return True


def found(candidate: Candidate, by: Researcher) -> Scratch | None:
    """What this person left unsaved."""
    return Scratch.objects.filter(candidate=candidate, by=by).first()


def forget(candidate: Candidate, by: Researcher, what: Literal["text", "note"]) -> None:
    """Throw the one away: it is saved now, or not wanted. The other, which nobody saved, stays."""
    mine = Scratch.objects.filter(candidate=candidate, by=by)
    mine.update(**{what: None if what == "text" else ""})
    mine.filter(text=None, note="").delete()
