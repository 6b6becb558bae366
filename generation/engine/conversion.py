"""Models that come as GGUF or as pickled weights, converted once into a folder with safetensors, tokenizer and config.

`python -m generation.engine.conversion SOURCE TARGET` converts one in a process of its own: torch and the weights leave
the memory with it. Nothing of a GGUF file is code; of pickles only tensors are read (PyTorch's `weights_only`).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PICKLED = "pytorch_model*.bin"
QUANTISATION = "quantisation.json"
# Counts up when what a converted folder holds changes, so that an older one is not taken for it.
LAYOUT = 1

# What the libraries raise for a file that is damaged, of an unknown kind, or of a model that is not causal.
UNREADABLE = (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, RuntimeError, ImportError)


def made_once(target: Path, write: Callable[[Path], None], *, mark: str) -> None:
    """Have `write` fill a folder that becomes `target`, whole or not at all, by one process while others wait.

    A folder that holds the file `mark` is whole. Raises what `write` raises.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.parent / f"{target.name}.lock"):
        if not (target / mark).exists():
            _filled(target, write)


def write_gguf(source: Path, folder: Path) -> str:
    """Write the model of a GGUF file into `folder`, in float32; how its tensors were quantised, such as 'Q4_1'."""
    # Set before transformers is imported, which reads it then: a local file needs nothing from the network.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from transformers import AutoTokenizer

    with _asked_once(), _alone(source) as (place, name):
        tokenizer = AutoTokenizer.from_pretrained(place, gguf_file=name)
        model = _dequantised(place, name)
        quantisation = _quantisation(Path(place, name))
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    return quantisation


def write_unpickled(source: Path, folder: Path) -> str:
    """Write the pickled weights of a model folder as safetensors into `folder`, with all else that it holds."""
    import torch
    from safetensors.torch import save_file

    tensors: dict[str, Any] = {}
    for path in sorted(source.glob(PICKLED)):
        tensors |= torch.load(path, map_location="cpu", weights_only=True)
    # Tied weights are one tensor under two names, which safetensors does not store.
    whole = {name: tensor.clone().contiguous() for name, tensor in tensors.items()}
    save_file(whole, str(folder / "model.safetensors"), metadata={"format": "pt"})
    for path in source.iterdir():
        if path.is_file() and not path.match(PICKLED) and path.name != "pytorch_model.bin.index.json":
            shutil.copyfile(path, folder / path.name)
    return ""


def write_converted(source: Path, folder: Path) -> None:
    """Write a GGUF file's model, or a folder's with pickled weights, and beside it how it was quantised."""
    quantisation = write_unpickled(source, folder) if source.is_dir() else write_gguf(source, folder)
    (folder / QUANTISATION).write_text(json.dumps({"quantisation": quantisation}), encoding="utf-8")


def _filled(target: Path, write: Callable[[Path], None]) -> None:
    # Whoever held the lock before may have been killed in the middle; what it left is of no use to anybody.
    for leftover in target.parent.glob(f".{target.name}-*"):
        shutil.rmtree(leftover)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        write(work)
        # mkdtemp keeps its folder to one user; web and worker processes may be two.
        work.chmod(0o755)
        for path in work.iterdir():
            path.chmod(0o644)
        if target.exists():
            shutil.rmtree(target)
        work.rename(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def _dequantised(place: str, name: str) -> PreTrainedModel:
    """Return the model of a GGUF file in float32.

    Reads tensors with transformers' own GGUF reader; `from_pretrained(gguf_file=...)` does the same, but
    refuses to without the package accelerate, which nothing else here needs.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

    config = AutoConfig.from_pretrained(place, gguf_file=name)
    # Built without storage: every weight is about to be assigned, and random ones take longer to make.
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    tensors = load_gguf_checkpoint(str(Path(place, name)), return_tensors=True, model_to_load=model)["tensors"]
    missing, unknown = model.load_state_dict(tensors, strict=False, assign=True)
    tied = {"lm_head.weight"} if config.tie_word_embeddings else set()
    if unknown or set(missing) - tied:
        absent = sorted(set(missing) - tied)
        raise ValueError(f"missing tensors: {absent}; unknown tensors: {sorted(unknown)}")
    model.tie_weights()
    return model


def _quantisation(source: Path) -> str:
    """Return the types of a GGUF file's matrices, the most frequent first, such as 'Q4_1, F16'."""
    from collections import Counter

    from gguf import GGUFReader

    # By its path as text, as transformers asks for it.
    kinds = Counter(tensor.tensor_type.name for tensor in GGUFReader(str(source)).tensors if len(tensor.shape) > 1)
    return ", ".join(kind for kind, _count in kinds.most_common())


@contextmanager
def _asked_once() -> Iterator[None]:
    """Within the block gguf is asked once for a file's header and once for the names of a model's tensors.

    transformers has the header read for the tokenizer, the configuration and the weights, which takes seconds each in
    pure Python, and the table of names made for every layer and what is in it.
    """
    import gguf

    asked = {"GGUFReader": gguf.GGUFReader, "get_tensor_name_map": gguf.get_tensor_name_map}
    for name, answer in asked.items():
        setattr(gguf, name, cache(answer))
    try:
        yield
    finally:
        for name, answer in asked.items():
            setattr(gguf, name, answer)


@contextmanager
def _alone(source: Path) -> Iterator[tuple[str, str]]:
    """A folder with nothing but the file, and its name there: no configuration that lies beside it is read."""
    with tempfile.TemporaryDirectory(prefix="studyweb-gguf-") as folder:
        (Path(folder) / source.name).symlink_to(source.resolve())
        yield folder, source.name


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; the system lets go of it when a process dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main(source: str, target: str) -> int:
    """Convert, or say in one line on the standard error why that cannot be done."""
    try:
        made_once(Path(target), lambda folder: write_converted(Path(source), folder), mark=QUANTISATION)
    except (*UNREADABLE, UnpicklingError) as error:
        said = " ".join(str(error).split())[:400]
        print(f"{type(error).__name__}: {said}", file=sys.stderr)  # noqa: T201 -- a program's own words
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
