"""The tables of surveys, by subject."""

from surveys.models.material import Arm, Article, Curation, Origin, Story, article_digest, normal_text
from surveys.models.panel import AccessKey, KeyAttempt, PanelIdentity, PanelSubmission
from surveys.models.paradata import PageView
from surveys.models.participation import (
    WITHOUT_CONSENT,
    AllocationCounter,
    Answer,
    Draft,
    Event,
    LedgerEntry,
    Outcome,
    Participant,
    Stage,
    Trial,
)
from surveys.models.people import Membership, Researcher, Role, SignInAttempt, SignInLink
from surveys.models.study import Amendment, AuditEntry, Mode, Study, StudyVersion, Unblinding

__all__ = [
    "WITHOUT_CONSENT",
    "AccessKey",
    "AllocationCounter",
    "Amendment",
    "Answer",
    "Arm",
    "Article",
    "AuditEntry",
    "Curation",
    "Draft",
    "Event",
    "KeyAttempt",
    "LedgerEntry",
    "Membership",
    "Mode",
    "Origin",
    "Outcome",
    "PageView",
    "PanelIdentity",
    "PanelSubmission",
    "Participant",
    "Researcher",
    "Role",
    "SignInAttempt",
    "SignInLink",
    "Stage",
    "Story",
    "Study",
    "StudyVersion",
    "Trial",
    "Unblinding",
    "article_digest",
    "normal_text",
]
