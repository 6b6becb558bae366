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
    # A length of 8 bytes, little-endian, that much JSON, and the tensors at the places that it names.
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        entries = [entry for name, entry in header.items() if name != "__metadata__"]
        whole = 8 + length + max((int(entry["data_offsets"][1]) for entry in entries), default=0)
        found = [Tensor(entry["dtype"], tuple(entry["shape"])) for entry in entries]
        size = path.stat().st_size
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise ModelFolderError(f"{path} cannot be read: {error}") from error
    if size < whole:
        raise ModelFolderError(f"{path} is cut short: it has {size} of its {whole} bytes. Copy or download it again.")
    return found
