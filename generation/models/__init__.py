"""The tables of generation, by subject."""

from generation.models.batches import Batch, Candidate, Prompt, Run
from generation.models.curation import Edit, Review
from generation.models.language_models import LanguageModel

__all__ = ["Batch", "Candidate", "Edit", "LanguageModel", "Prompt", "Review", "Run"]
