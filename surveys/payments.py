"""Whom to pay: each panel id with how it ended, the quality flags, the code and the bonus. For a study's owners alone.

Flags stand here as evidence to look at; nothing on this list decides that somebody is not paid.
"""

import csv
import io
import logging
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from surveys import audit, recruitment
from surveys.evidence import evidence
from surveys.lifecycle import may_show_outcomes
from surveys.models import Event, Outcome, PanelIdentity, Participant, Researcher, Stage, Study
from surveys.quality import flags, judge
from surveys.route import cursor_of
from surveys.tokens import InvalidToken, unseal

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Payment:
    """One person whom a panel sent and who consented. ``panel_status`` is what the panel's own list last said.

    ``sent_after_ending`` is the page that they sent after their way had ended elsewhere, '' where they did not.
    """

    panel_id: str
    submission: str
    outcome: str
    panel_status: str
    flags: str
    code: str
    bonus: str
    sent_after_ending: str

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        return str(Outcome("" if self.outcome == "under-way" else self.outcome).label)

    @property
    def page_sent(self) -> str:
        """The page that was sent after the ending, in words; '' where there is none."""
        at = cursor_of(self.sent_after_ending)
        return _("%(stage)s, page %(n)s") % {"stage": Stage(at[0]).label, "n": at[1] + 1} if at else ""


def payments(study: Study, mode: str) -> list[Payment]:
    """Everybody of this mode whom a panel sent and who consented, those who completed first.

    Flags that look at ratings are left out before the unblinding. Withdrawing costs nobody the payment.
    """
    panel = recruitment.read(study)
    flagged, late = _flags(study, mode), Event.sent_late(Participant.objects.filter(study=study, mode=mode))
    identities = (
        PanelIdentity.objects.filter(study=study, mode=mode, participant__consented_at__isnull=False)
        .select_related("participant")
        .prefetch_related("submissions")
        .order_by("participant__completed_at", "participant__arrived_at", "pk")
    )
    found = []
    for identity in identities:
        person = identity.participant
        has_completed = person.completed_at is not None
        outcome = "completed" if has_completed else person.outcome
        known = sorted(identity.submissions.all(), key=lambda submission: submission.seen_at)
        # What only the panel's list told of may be another study's: it stands here where they came with none.
        sent = [submission for submission in known if not submission.is_imported] or known
        found.append(
            (
                not has_completed,
                Payment(
                    panel_id=_opened(identity.ciphertext, study),
                    submission=" ".join(_opened(submission.ciphertext, study) for submission in sent),
                    outcome=outcome or "under-way",
                    panel_status=" ".join(submission.status for submission in sent if submission.status),
                    flags=flagged.get(person.export_id, ""),
                    code=recruitment.code(panel, outcome) or person.completion_code,
                    bonus=panel.bonus if has_completed else "",
                    sent_after_ending=late.get(person.export_id, ""),
                ),
            )
        )
    return [payment for _has_not, payment in sorted(found, key=lambda pair: pair[0])]


def export(study: Study, mode: str, *, by: Researcher) -> bytes:
    """The list as a CSV file; that it was taken is logged, with a digest of it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([field.name for field in fields(Payment)])
    listed = payments(study, mode)
    # What came in by a link is not trusted.
    harmless: Callable[[str], str] = import_string(settings.CELL_RULE)
    writer.writerows([harmless(cell) for cell in astuple(payment)] for payment in listed)
    content = out.getvalue()
    subject = f"{len(listed)} people, {mode}"
    audit.record(study, "payment list exported", by=by, subject=subject, content=content)
    return ("\ufeff" + content).encode()


def _flags(study: Study, mode: str) -> dict[str, str]:
    masked = not may_show_outcomes(study, mode)
    return {
        seen.participant: flags(judge(seen, masked=masked))
        for version in study.versions.all()
        for seen in evidence(version, mode)
    }


def _opened(ciphertext: bytes | memoryview | None, study: Study) -> str:
    """What was sealed; '?' where it cannot be read, so that the row is not taken for one without an id."""
    if not ciphertext:
        return ""
    try:
        return unseal(bytes(ciphertext))
    except InvalidToken:
        log.error(  # where it was raised says nothing; the settings are what is wrong
            "A panel's id of study %s cannot be decrypted: set the IDENTITY_KEY again with which it was stored.",
            study.key,
        )
        return "?"
