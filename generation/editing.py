"""Changing a candidate's text: each edit is a row with the flags of the text before and after it; none is ever lost.

Each change is a compare-and-set on the candidate's ``revision``, as each decision is (generation/curation.py).
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from generation.assignments import panel_of
from generation.flagging import Beside, Screened, hold_story, of_edit, signature_of
from generation.lineage import opened_text
from generation.models import Candidate, Edit, Review
from generation.renewing import renew
from generation.rules import CurationError, check_edit
from surveys.articles import LONGEST_TEXT, lock_draft
from surveys.models import Researcher, normal_text

Decision = Candidate.Decision


class DecidedMeanwhile(CurationError):  # noqa: N818 -- it names what happened
    """Somebody else decided on, or edited, the candidate since it was read."""

    def __init__(self, candidate: Candidate) -> None:
        current = Candidate.objects.get(pk=candidate.pk)
        last: Review | Edit | None = current.reviews.select_related("by").order_by("-at", "-number").first()
        edit = current.edits.select_related("by").order_by("-number").first()
        if edit is not None and (last is None or edit.at > last.at):
            last = edit
        who = str(last.by) if last is not None else _("Somebody")
        what = current.get_decision_display().lower()
        super().__init__(
            {
                "": _(
                    "%(who)s was here in the meantime: the text is %(what)s now. Nothing of yours was saved; read it "
                    "again and decide then."
                )
                % {"who": who, "what": what}
            }
        )


def standing_text(candidate: Candidate) -> str:
    """The text as a reader would get it now: the last edit, or the draft, with its opening where that is shown.

    Asks the database for the last edit.
    """
    last = candidate.edits.order_by("-number").first()
    return last.text if last is not None else opened_text(candidate)


def edit(candidate: Candidate, *, by: Researcher, text: str, revision: int | None = None) -> Edit:
    """The edit, stored beside the draft, which stays. ``revision`` is the one that the editor saw.

    Raises ``CurationError`` where nothing changed, no text is left, the study's rules forbid it, or opinions on the
    text as it is are awaited; ``DecidedMeanwhile``, ``DraftOnly``.
    """
    changed = changed_to(candidate, text)
    with transaction.atomic():
        hold(candidate, revision, expected={Decision.PENDING})
        _nobody_awaited(candidate)
        return add_edit(candidate, by, changed)


def take_back_edit(edit: Edit, *, by: Researcher) -> Edit:
    """Put back the text that stood before an edit, with the flags that it had; the row says so, and nothing is lost.

    Raises ``DecidedMeanwhile`` where the text was edited again or decided since, and ``CurationError`` as ``edit``
    does.
    """
    candidate = edit.candidate
    earlier = candidate.edits.filter(number__lt=edit.number).order_by("-number").first()
    text = opened_text(candidate) if earlier is None else earlier.text
    if not text:
        raise CurationError({"text": _("No text stood there before this edit. Edit it, or reject it.")})
    flags = candidate.flags if edit.flags_before is None else edit.flags_before
    found = Screened(flags, signature_of(candidate, text))
    with transaction.atomic():
        hold(candidate, None, expected={Decision.PENDING})
        _nobody_awaited(candidate)
        if standing_edits().filter(candidate=candidate, number__gt=edit.number).exists():
            raise DecidedMeanwhile(candidate)
        hold_story(candidate.batch.prompt)
        return _stored_edit(candidate, by, text, found, takes_back=edit)


def standing_edits() -> QuerySet[Edit]:
    """Those that were not taken back, and take none back."""
    return Edit.objects.filter(takes_back=None, taken_back_by__isnull=True)


def hold(candidate: Candidate, revision: int | None, *, expected: set[Decision]) -> None:
    """Count up the revision, which also holds the row; raises if it moved on. Needs a transaction.

    Raises ``DraftOnly``: with a frozen study its decisions and texts are, which its version and exports tell.
    """
    # Everybody who decides takes the study's row first: two who take rows in another order would wait for each other.
    lock_draft(candidate.batch.study)
    seen = candidate.revision if revision is None else revision
    row = Candidate.objects.filter(pk=candidate.pk, revision=seen, decision__in=expected, state=Candidate.State.DRAFTED)
    if not row.update(revision=F("revision") + 1):
        raise DecidedMeanwhile(candidate)
    candidate.refresh_from_db(fields=["revision", "decision", "article", "flags", "flag_count"])


@dataclass(frozen=True)
class Changed:
    """A text that somebody made of a candidate's, what was found of it, and what it is yet to be held against."""

    text: str
    beside: Beside
    found: Screened


def changed_to(candidate: Candidate, text: str) -> Changed:
    """The text, screened: before any row is held, since that may take a moment. Raises ``CurationError``."""
    text = normal_text(text)
    if not text:
        raise CurationError({"text": _("No text is left. Reject the candidate if none of it can be used.")})
    if len(text) > LONGEST_TEXT:
        raise CurationError({"text": _("The text is longer than %(most)s characters.") % {"most": LONGEST_TEXT}})
    return Changed(text, *of_edit(candidate, text))


def add_edit(candidate: Candidate, by: Researcher, changed: Changed) -> Edit:
    """Store a change of the standing text. Needs the candidate held. Raises ``CurationError`` where it may not be."""
    if changed.text == normal_text(standing_text(candidate)):
        raise CurationError({"text": _("Nothing was changed.")})
    check_edit(candidate, changed.text)
    return _stored_edit(candidate, by, changed.text, changed.beside.held(changed.found))


def _stored_edit(
    candidate: Candidate, by: Researcher, text: str, found: Screened, *, takes_back: Edit | None = None
) -> Edit:
    """The edit's row; the candidate carries the flags of the text that stands now, and those that named it are renewed.

    Needs the candidate's row held, and its story's.
    """
    before, columns = candidate.flags, found.columns
    Candidate.objects.filter(pk=candidate.pk).update(**columns)
    candidate.flags, candidate.flag_count = columns["flags"], columns["flag_count"]
    renew(candidate, found.signature, given_back=takes_back is not None)
    if takes_back is not None:
        candidate.refresh_from_db(fields=["flags", "flag_count"])
    return Edit.objects.create(
        candidate=candidate,
        number=candidate.edits.count() + 1,
        text=text,
        by=by,
        flags_before=before,
        flags=candidate.flags,
        takes_back=takes_back,
    )


def _nobody_awaited(candidate: Candidate) -> None:
    if panel_of(candidate).missing:
        raise CurationError({"text": _("Opinions on this text are still awaited: it is not edited meanwhile.")})
