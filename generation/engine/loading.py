"""Brings a model folder's weights into memory, whole and as its config describes them, or says why not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, PreTrainedModel

from generation.engine.families import not_shared
from generation.engine.memory import OutOfMemoryError, is_out_of_memory
from generation.engine.sharing import check_sharing
from generation.engine.slots import ATTENTION
from generation.engine.tokens import ModelFolderError, read_json

# What is wrong with a config or its weights reaches us as nearly anything; bugs of our own are not called here.
_UNLOADABLE = (
    ArithmeticError, AttributeError, ImportError, LookupError, MemoryError, OSError, RuntimeError, SafetensorError,
    StrictDataclassError, TypeError, ValueError,
)  # fmt: skip
# Tables that older versions of transformers stored with the weights, and that every version can compute.
_BUFFER = re.compile(r"(?:attn|attention)\.(?:masked_)?bias$|rotary_emb\.inv_freq$|(?:^|\.)position_ids$")
# A part of one layer among others.
_NUMBERED = re.compile(r"\.\d+\.")

_NO_ROOM_MODEL = "There is not enough memory for this model. Choose a smaller one, or a machine with more memory."


def loaded(folder: Path, place: torch.device, *, runs_code: bool) -> PreTrainedModel:
    """Return a folder's model at its place, with the numbers of its files alone; its own code runs with `runs_code`.

    Raises ModelFolderError, and OutOfMemoryError where it does not fit into memory.
    """
    try:
        model, found = AutoModelForCausalLM.from_pretrained(
            str(folder),
            dtype=_weight_type(place),
            attn_implementation=ATTENTION,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=runs_code,
            # Else a tensor of another shape is told in the log alone, and the error names none.
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
        _check_weights(found, folder)
        _check_attention(model, folder)
        whole: PreTrainedModel = model.to(place)
        check_sharing(whole)
    except ModelFolderError:
        raise
    except _UNLOADABLE as error:
        if is_out_of_memory(error):
            raise OutOfMemoryError(_NO_ROOM_MODEL) from error
        if isinstance(error, KeyError) and ATTENTION in error.args:
            # Families that choose among attentions of their own have none by our name.
            family = str(read_json(folder / "config.json").get("model_type"))
            raise ModelFolderError(f"{folder} cannot be used. {not_shared(family)}") from error
        raise ModelFolderError(f"{folder} cannot be loaded as a causal language model: {error}") from error
    return whole


def _check_weights(found: Mapping[str, Any], folder: Path) -> None:
    """Raise ModelFolderError where the files hold not just what the config describes: the rest would be random.

    `found` is what transformers says of loading. Weights that are tied to others are in no file, and not missing.
    """
    kinds = {
        "lack": found["missing_keys"],
        "hold in another shape": [name for name, *_shapes in found["mismatched_keys"]],
        "hold without a use": [name for name in found["unexpected_keys"] if not _BUFFER.search(name)],
    }
    reasons = [f"{kind} {_named(sorted(names))}" for kind, names in kinds.items() if names]
    reasons += [str(message) for message in found.get("error_msgs", ())]
    heads = [name for name in kinds["hold without a use"] if not _NUMBERED.search(name)]
    if len(reasons) == 1 and heads and heads == kinds["hold without a use"]:
        # Another copy would hold the same: a value head, as reward models and models trained with one have.
        raise ModelFolderError(
            f"{folder} holds more than a language model: {_named(sorted(heads))}, as models have that were trained to "
            "value texts. Use a copy that was saved without that part, or another model."
        )
    if reasons:
        raise ModelFolderError(
            f"The weights in {folder} are not those that its config.json describes: they {'; they '.join(reasons)}. "
            "Copy or download the model again, whole."
        )


def _named(names: Sequence[str]) -> str:
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{rest}"


def _weight_type(device: torch.device) -> torch.dtype:
    if device.type != "cuda":
        return torch.float32  # bfloat16 products are some 200 times slower than float32 on many CPUs
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16


def _check_attention(model: PreTrainedModel, folder: Path) -> None:
    """Raise ModelFolderError where a model's attention is not plain causal attention, which is all the loop knows."""
    config = model.config.get_text_config()
    reasons = (
        (
            "its architecture has no exchangeable attention",
            not model._supports_attention_backend and not model._supports_sdpa,
        ),
        (
            "it looks back over a sliding window only",
            "sliding_attention" in (getattr(config, "layer_types", None) or ()),
        ),
        (
            "it looks back over chunks of the text only",
            "chunked_attention" in (getattr(config, "layer_types", None) or ()),
        ),
        ("it caps its attention scores", getattr(config, "attn_logit_softcapping", None) is not None),
    )
    if found := [reason for reason, holds in reasons if holds]:
        raise ModelFolderError(f"{folder} ({config.model_type}) cannot be used: {'; '.join(found)}.")
