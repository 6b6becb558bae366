"""The tables of surveys, by subject."""

from surveys.models.material import Arm, Article, Curation, Origin, Story, article_digest, normal_text
from surveys.models.participation import (
    AllocationCounter,
    Answer,
    Draft,
    Event,
    LedgerEntry,
    Outcome,
    PanelIdentity,
    PanelSubmission,
    Participant,
    Stage,
    Trial,
)
from surveys.models.people import Membership, Researcher, Role, SignInAttempt, SignInLink
from surveys.models.study import Amendment, AuditEntry, Mode, Study, StudyVersion, Unblinding

__all__ = [
    "AllocationCounter",
    "Amendment",
    "Answer",
    "Arm",
    "Article",
    "AuditEntry",
    "Curation",
    "Draft",
    "Event",
    "LedgerEntry",
    "Membership",
    "Mode",
    "Origin",
    "Outcome",
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
