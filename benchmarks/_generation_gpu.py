"""The GPU's part of the generation benchmark: a large random model against `generate` and the card's limits.

Random weights of GPT-2 1.5B's shape serve for speed. In the same run: the engine with its steps replayed from CUDA
graphs and with each step computed, `generate` batched over the same candidates, and what bounds them, the memory's
bandwidth and the matrix products, measured on this card. It runs on any device that PyTorch names; on a CPU with a tiny
shape it is tested, graphs being calls of the same work again, and measures nothing that matters.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from generation.engine import ModelIdentity, Prompt, PromptTokens, Sampling, candidate_seed
from generation.engine.builtin import BuiltinModel
from generation.engine.drafter import Drafter

# isort: split
import torch
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel

from generation.engine.graphs import Graphs, Repeater
from generation.engine.slots import ATTENTION

BAR_GENERATE, BAR_LIMIT = 3.0, 0.5
# `generate` cannot always hold all candidates at once; it then takes them in as few equal parts as fit.
_PARTS = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Shape:
    """A GPT-2's shape, how much is asked of it, and the sizes with which the limits are measured."""

    layers: int = 48
    width: int = 1600
    heads: int = 25
    vocabulary: int = 50_257
    context: int = 1024
    candidates: int = 256
    tokens: int = 400
    copied: int = 2**30
    matrix: int = 8192


XL = Shape()
TINY = Shape(layers=2, width=32, heads=2, context=128, candidates=4, tokens=8, copied=2**20, matrix=128)


@dataclass(frozen=True)
class Speeds:
    """What one run measured: tokens a second of each side, bytes and operations a second of the device.

    `engine` is with graphs, `eager` with each step computed; `steps` is what the lineage of the first says of them:
    were graphs given up, it is another `eager`.
    """

    engine: float
    eager: float
    steps: str
    generate: float
    bandwidth: float
    operations: float
    limit: float

    def lines(self) -> list[str]:
        """Return the report, with the bars."""
        return [
            f"memory {self.bandwidth / 1e9:10.1f} GB/s, matrix products {self.operations / 1e12:8.2f} TFLOP/s",
            f"engine   {self.engine:10.1f} tokens/s, steps: {self.steps}",
            f"eager    {self.eager:10.1f} tokens/s: with graphs {self.engine / self.eager:.2f} times",
            f"generate {self.generate:10.1f} tokens/s, batched: engine {self.engine / self.generate:.2f} times "
            f"(bar {BAR_GENERATE})",
            f"limit    {self.limit:10.1f} tokens/s: engine reaches {self.engine / self.limit:.0%} of it "
            f"(bar {BAR_LIMIT:.0%})",
        ]


def measure(built: BuiltinModel, prompt: Prompt, shape: Shape, device: torch.device, dtype: torch.dtype) -> Speeds:
    """Run both sides and the limits; the built-in model lends its tokenizer alone."""
    torch.manual_seed(20190)
    with tempfile.TemporaryDirectory(prefix="studyweb-gpu-") as folder:
        config = _config(shape)
        config.save_pretrained(folder)
        shutil.copyfile(built.folder / "tokenizer.json", Path(folder) / "tokenizer.json")
        tokens = PromptTokens(Path(folder))
    plain = _model(config, device, dtype, "sdpa")
    ids = tokens.encode(prompt)
    written = shape.candidates * shape.tokens
    seconds, steps = _engine_seconds(plain, tokens, prompt, shape, graphs=True)
    eager, _ = _engine_seconds(plain, tokens, prompt, shape, graphs=False)
    generate = written / _seconds(lambda: _generate(plain, ids, shape), device)
    held = next(plain.parameters())
    bandwidth, operations = _bandwidth(shape, held), _operations(shape, held)
    most = limit(plain, shape, len(ids), bandwidth, operations)
    return Speeds(written / seconds, written / eager, steps, generate, bandwidth, operations, most)


def _engine_seconds(
    plain: PreTrainedModel, tokens: PromptTokens, prompt: Prompt, shape: Shape, *, graphs: bool
) -> tuple[float, str]:
    """Return how long the engine takes for all candidates, over a copy of the model that is gone afterwards, and what
    its steps were with the last text: graphs that found no room are given up until then. Recording is part of it."""
    ours = _model(plain.config, plain.device, plain.dtype, ATTENTION)
    ours.load_state_dict(plain.state_dict())
    identity = ModelIdentity("random", "none", "none", "", "", str(plain.dtype), "", shape.context, 0)
    drafter = Drafter(ours, tokens, identity, torch.get_num_threads(), graphs=graphs)
    if graphs and drafter.graphs is None:
        drafter.graphs = Graphs(Repeater)
    said: list[str] = []
    seconds = _seconds(lambda: said.append(_draft(drafter, prompt, shape)), plain.device)
    return seconds, said[-1]


def limit(model: PreTrainedModel, shape: Shape, prompt: int, bandwidth: float, operations: float) -> float:
    """Return the tokens a second that the device allows: a step reads weights and cache, and multiplies every weight.

    Of both the slower one counts (Williams et al. 2009, the roofline). The prompt's cache is read once for all rows,
    each row's own at half its length, as on average.
    """
    size = int(next(model.parameters()).element_size())
    weights = sum(int(parameter.numel()) for parameter in model.parameters())
    cached = 2 * shape.layers * shape.width * (prompt + shape.candidates * shape.tokens / 2)
    attended = 4 * shape.layers * shape.width * (prompt + shape.tokens / 2)
    read = size * (weights + cached) / bandwidth
    multiplied = shape.candidates * (2 * weights + attended) / operations
    return shape.candidates / max(read, multiplied)


def _config(shape: Shape) -> GPT2Config:
    return GPT2Config(
        vocab_size=shape.vocabulary,
        n_positions=shape.context,
        n_embd=shape.width,
        n_layer=shape.layers,
        n_head=shape.heads,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
    )


def _model(config: GPT2Config, device: torch.device, dtype: torch.dtype, attention: str) -> PreTrainedModel:
    # A copy: the attention is written into the configuration, and both sides would have the second one's.
    own = GPT2Config.from_dict(config.to_dict())
    with torch.device(device):
        model: PreTrainedModel = GPT2LMHeadModel._from_config(own, dtype=dtype, attn_implementation=attention)
    return model.eval()


def _draft(drafter: Drafter, prompt: Prompt, shape: Shape) -> str:
    """Draft all candidates; what the steps of the last one were."""
    sampling = Sampling(max_tokens=shape.tokens, min_tokens=shape.tokens)
    jobs = [(index, candidate_seed(1, index)) for index in range(shape.candidates)]
    said = [drafter.versions.steps for _draft in drafter.draft(prompt, sampling, jobs, rows=shape.candidates)]
    return said[-1]


def _generate(model: PreTrainedModel, ids: list[int], shape: Shape) -> int:
    given = torch.tensor([ids], device=model.device)
    for parts in _PARTS:
        try:
            return parts * _generated(model, given, shape, shape.candidates // parts)
        except torch.OutOfMemoryError:
            continue
    raise RuntimeError("generate has no memory for a sixteenth of the candidates")


@torch.inference_mode()
def _generated(model: PreTrainedModel, given: torch.Tensor, shape: Shape, rows: int) -> int:
    """Return how many tokens `generate` wrote in all its rows, in parts of equal size as often as needed."""
    written = 0
    for _ in range(shape.candidates // rows):
        out = model.generate(
            given,
            attention_mask=torch.ones_like(given),
            do_sample=True,
            top_k=0,
            num_return_sequences=rows,
            max_new_tokens=shape.tokens,
            min_new_tokens=shape.tokens,
        )
        written += out[:, given.shape[1] :].numel()
    return written


def _bandwidth(shape: Shape, like: torch.Tensor) -> float:
    """Return the bytes a second that are read and written while a large buffer is copied."""
    source = torch.ones(shape.copied // like.element_size(), dtype=like.dtype, device=like.device)
    target = torch.empty_like(source)
    return 2 * source.numel() * source.element_size() / _best(lambda: target.copy_(source), like.device)


def _operations(shape: Shape, like: torch.Tensor) -> float:
    """Return the operations a second of a large square product in the model's type."""
    square = torch.randn(shape.matrix, shape.matrix, device=like.device).to(like.dtype)
    return 2 * shape.matrix**3 / _best(lambda: square @ square, like.device)


def _best(act: Callable[[], object], device: torch.device, rounds: int = 10) -> float:
    return min(_seconds(act, device) for _ in range(rounds))


def _seconds(act: Callable[[], object], device: torch.device) -> float:
    """Return how long one go takes until the device has done it; another one warms up before."""
    act()
    _wait(device)
    started = time.perf_counter()
    act()
    _wait(device)
    return time.perf_counter() - started


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
