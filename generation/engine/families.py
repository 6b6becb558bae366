"""Families of models whose attention the engine cannot share between the texts of a batch. Needs no torch.

Those named here are known by their config alone; of any other, `sharing` finds it out when the model is loaded.
"""

from __future__ import annotations

# By `model_type`. Their layers keep the cache from the attention, choose among attentions of their own, or remember a
# text in another form than keys and values.
_NOT_SHARED = frozenset(
    {
        "diffllama", "falcon", "falcon_h1", "gpt_neo", "gptj", "jetmoe", "nemotron", "qwen3_next", "recurrent_gemma",
        "stablelm",
    }
)  # fmt: skip


def why_not_shared(model_type: object) -> str:
    """Return the sentence for a family that is known not to work, '' for any other."""
    return not_shared(str(model_type)) if model_type in _NOT_SHARED else ""


def not_shared(model_type: str) -> str:
    """Return the sentence for a family whose attention cannot be shared."""
    return (
        f"This engine cannot serve the attention of this family ({model_type}): it holds the prompt once for all texts "
        "of a batch, and this family's layers do not know of that. Choose a model of another family, such as Llama, "
        "Mistral, Qwen2 or GPT-2, or add one that a server elsewhere serves."
    )
