"""What every process may know of the engine: prompts, sampling, seeds, identities. Imports no torch.

`drafter` (the loop) is imported by name, and only by a process that writes drafts.
"""

from generation.engine.builtin import BuiltinModelError, builtin_model
from generation.engine.cleaning import Cleaned, Removal, clean
from generation.engine.duplicates import Signatures, near_duplicate, signature
from generation.engine.identity import EngineVersions, ModelIdentity
from generation.engine.people import people_flags, to_set_right
from generation.engine.prompt import CONTINUATION, FIELDS, INSTRUCTION, Prompt, PromptError
from generation.engine.sampling import Sampling, SamplingError
from generation.engine.screening import NOTES, Flag, real_sources, screen
from generation.engine.seeds import candidate_seed
from generation.engine.tokens import ModelFolderError, PromptTokens

__all__ = [
    "CONTINUATION",
    "FIELDS",
    "INSTRUCTION",
    "NOTES",
    "BuiltinModelError",
    "Cleaned",
    "EngineVersions",
    "Flag",
    "ModelFolderError",
    "ModelIdentity",
    "Prompt",
    "PromptError",
    "PromptTokens",
    "Removal",
    "Sampling",
    "SamplingError",
    "Signatures",
    "builtin_model",
    "candidate_seed",
    "clean",
    "near_duplicate",
    "people_flags",
    "real_sources",
    "screen",
    "signature",
    "to_set_right",
]
