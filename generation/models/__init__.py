"""The tables of generation, by subject."""

from generation.models.batches import Batch, Budget, Candidate, Prompt, Run
from generation.models.curation import (
    BulkRejection,
    Continuation,
    CurationRules,
    Edit,
    Remark,
    Review,
    Scratch,
)
from generation.models.gates import GateOverride
from generation.models.language_models import Download, LanguageModel, TermsAcceptance, TrustChange
from generation.models.opinions import Assignment, Comparison, Opinion
from generation.models.scores import TextScore
from generation.models.workers import Worker

__all__ = [
    "Assignment",
    "Batch",
    "Budget",
    "BulkRejection",
    "Candidate",
    "Comparison",
    "Continuation",
    "CurationRules",
    "Download",
    "Edit",
    "GateOverride",
    "LanguageModel",
    "Opinion",
    "Prompt",
    "Remark",
    "Review",
    "Run",
    "Scratch",
    "TermsAcceptance",
    "TextScore",
    "TrustChange",
    "Worker",
]
