"""The tables of generation, by subject."""

from generation.models.batches import Batch, Budget, Candidate, Prompt, Run
from generation.models.curation import Edit, Review
from generation.models.language_models import Download, LanguageModel, TermsAcceptance
from generation.models.workers import Worker

__all__ = [
    "Batch",
    "Budget",
    "Candidate",
    "Download",
    "Edit",
    "LanguageModel",
    "Prompt",
    "Review",
    "Run",
    "TermsAcceptance",
    "Worker",
]
