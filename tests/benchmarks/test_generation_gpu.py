"""The benchmark's GPU part at a tiny shape on a CPU: it runs to its end, and its limit is the roofline's."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from django.conf import settings
from transformers import GPT2Config, GPT2LMHeadModel

from benchmarks import _generation_gpu
from benchmarks._generation_gpu import TINY, XL, Speeds, limit, measure
from generation.engine import Prompt, builtin_model
from generation.engine.graphs import EAGER, GRAPHS, Repeater, Work

CPU = torch.device("cpu")
PROMPT = Prompt("The council of the invented town voted on Tuesday.")


@pytest.mark.model
def test_a_tiny_shape_runs_to_the_end_on_a_cpu() -> None:
    found = measure(builtin_model(Path(settings.CACHE_DIR)), PROMPT, TINY, CPU, torch.float32)
    speeds = (found.engine, found.eager, found.generate, found.bandwidth, found.operations, found.limit)
    assert min(speeds) > 0
    assert found.steps == GRAPHS
    assert len(found.lines()) == 5


class Crowded(Repeater):
    """A device that has room for texts and none for graphs."""

    def record(self, work: Work) -> Work:
        """Raise as PyTorch does."""
        raise torch.OutOfMemoryError("CUDA out of memory")


@pytest.mark.model
def test_graphs_that_found_no_room_are_not_reported_as_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_generation_gpu, "Repeater", Crowded)
    found = measure(builtin_model(Path(settings.CACHE_DIR)), PROMPT, TINY, CPU, torch.float32)
    assert found.steps.startswith(f"{EAGER}, after {GRAPHS} were given up: out of memory with ")


def test_its_large_shape_is_that_of_the_largest_model_of_the_staged_release() -> None:
    config = GPT2Config(n_embd=XL.width, n_layer=XL.layers, n_head=XL.heads)
    with torch.device("meta"):
        model = GPT2LMHeadModel(config)
    assert sum(parameter.numel() for parameter in model.parameters()) == 1_557_611_200


def test_the_limit_is_the_slower_of_memory_and_products() -> None:
    shape = replace(TINY, layers=1, width=4, heads=1, candidates=10, tokens=20)
    with torch.device("meta"):
        model = GPT2LMHeadModel(GPT2Config(vocab_size=30, n_positions=8, n_embd=4, n_layer=1, n_head=1))
    weights = sum(parameter.numel() for parameter in model.parameters())
    # 4 bytes each; the cache holds keys and values of 5 prompt tokens, and of 10 rows at 10 tokens.
    read = 4 * (weights + 2 * 4 * (5 + 100))
    multiplied = 10 * (2 * weights + 4 * 4 * (5 + 10))
    assert limit(model, shape, 5, bandwidth=read, operations=1e30) == pytest.approx(10)
    assert limit(model, shape, 5, bandwidth=1e30, operations=multiplied / 2) == pytest.approx(5)


def test_the_report_says_how_far_from_both_bars_it_is() -> None:
    found = Speeds(30.0, 20.0, GRAPHS, generate=10.0, bandwidth=2e12, operations=5e14, limit=120.0)
    said = "\n".join(found.lines())
    assert "with graphs 1.50 times" in said
    assert f"30.0 tokens/s, steps: {GRAPHS}" in said
    assert "3.00 times (bar 3.0)" in said
    assert "25% of it (bar 50%)" in said
    assert "2000.0 GB/s" in said
