"""What the safetensors files of a model folder hold, read out of their headers; needs no torch."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from generation.engine.tokens import ModelFolderError

# The sizes that every causal model's config states, each under one of these names.
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers")
_SIZES = (*_LAYERS, "vocab_size", "hidden_size", "n_embd", "num_attention_heads", "n_head")
_OF_LAYER = re.compile(r"(?:^|\.)(?:h|layers|blocks)\.(\d+)\.")
_EMBEDDING = re.compile(r"(?:^|\.)(?:wte|embed_tokens|embed_in|word_embeddings)\.weight")


class Tensor(NamedTuple):
    """One tensor's name, its type, as safetensors names it ('F32'), and its shape."""

    name: str
    dtype: str
    shape: tuple[int, ...]


def tensors(folder: Path) -> list[Tensor]:
    """Return what the folder's safetensors files hold; raises ModelFolderError where one cannot be read."""
    return [tensor for path in sorted(folder.glob("*.safetensors")) for tensor in _header(path)]


def check_against_config(folder: Path, config: dict[str, Any], held: Sequence[Tensor]) -> None:
    """Raise ModelFolderError where weights lack what the config promises, as far as sizes and names tell.

    A loader would fill layers that are missing with random numbers. What only the model's own code can tell is looked
    at when it is loaded.
    """
    for name in _SIZES:
        value = config.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise ModelFolderError(f"{folder / 'config.json'}: {name} must be a whole number from 1, not {value!r}.")
    layers = {int(found[1]) for tensor in held if (found := _OF_LAYER.search(tensor.name))}
    promised = next((config[name] for name in _LAYERS if config.get(name) is not None), 0)
    if layers and (missing := sorted(set(range(promised)) - layers)):
        raise ModelFolderError(
            f"{folder}: config.json promises {promised} layers, and the weights lack layer {missing[0]}. Copy or "
            "download the model again, whole."
        )
    words = {tensor.shape[0] for tensor in held if _EMBEDDING.search(tensor.name) and len(tensor.shape) == 2}
    vocabulary = config.get("vocab_size")
    if vocabulary is not None and words and vocabulary not in words:
        raise ModelFolderError(
            f"{folder}: config.json promises a vocabulary of {vocabulary}, and the weights hold one of {max(words)}. "
            "They are not of one model: copy or download it again, whole."
        )


def _header(path: Path) -> list[Tensor]:
    # A length of 8 bytes, little-endian, that much JSON, and the tensors at the places that it names.
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        whole = 8 + length + max((int(entry["data_offsets"][1]) for entry in entries.values()), default=0)
        found = [Tensor(name, entry["dtype"], tuple(entry["shape"])) for name, entry in entries.items()]
        size = path.stat().st_size
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise ModelFolderError(f"{path} cannot be read: {error}") from error
    if size < whole:
        raise ModelFolderError(f"{path} is cut short: it has {size} of its {whole} bytes. Copy or download it again.")
    return found
