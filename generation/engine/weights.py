"""What the safetensors files of a model folder hold, read out of their headers; needs no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from generation.engine.tokens import ModelFolderError


class Tensor(NamedTuple):
    """One tensor's type, as safetensors names it ('F32'), and its shape."""

    dtype: str
    shape: tuple[int, ...]


def tensors(folder: Path) -> list[Tensor]:
    """Return what the folder's safetensors files hold; raises ModelFolderError where one cannot be read."""
    return [tensor for path in sorted(folder.glob("*.safetensors")) for tensor in _header(path)]


def _header(path: Path) -> list[Tensor]:
    # A length of 8 bytes, little-endian, and that much JSON.
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return [
            Tensor(entry["dtype"], tuple(entry["shape"])) for name, entry in header.items() if name != "__metadata__"
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise ModelFolderError(f"{path} cannot be read: {error}") from error
