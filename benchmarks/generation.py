"""How many tokens a second the engine writes, against `generate` one by one and batched, in one run on one machine.

The built-in model, float32, a news prompt of about 80 tokens, 64 candidates of 200 tokens each (no early end, so
that all sides write the same number). The sides take turns, and medians are compared, so that a machine that is busy
for a while is busy for all of them. `python -m benchmarks.generation` prints a table and one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from generation.engine import Prompt, Sampling, builtin_model, candidate_seed
from generation.engine.drafter import Drafter  # before torch: it says how waiting threads behave

# isort: split
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from generation.engine.packing import PackedLinear

CANDIDATES = 64
TOKENS = 200
BAR = 15.0
_LIMIT_STEPS = 10
PROMPT = Prompt(
    "The city council voted on Tuesday to close the old harbour bridge for two years, a decision that divided shop "
    "owners and residents along the waterfront. Mayor Ellen Marsh said the structure, built in 1931, could no longer "
    "carry buses safely, and that repairs would begin in March if the state agreed to pay half of the cost. Opponents "
    "of the plan said"
)


def main(rounds: int) -> None:
    """Measure, print, and say whether the bar holds."""
    cache = os.environ.get("STUDYWEB_CACHE_DIR")
    folder, identity = builtin_model(Path(cache) if cache else Path.home() / ".cache" / "studyweb")
    drafter = Drafter.load(folder, identity)
    reference = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    prompt_tokens = drafter.tokens.count(PROMPT)
    sides: dict[str, Callable[[], object]] = {
        "alone": lambda: _generate(reference, drafter, 1, TOKENS),
        "first": lambda: _draft(drafter, 1, TOKENS),
        "drafter": lambda: _draft(drafter, CANDIDATES, TOKENS),
        "batched": lambda: _generate(reference, drafter, CANDIDATES, TOKENS),
        "limit": lambda: _linear_layers(drafter),
    }
    _generate(reference, drafter, 2, 8)  # warms up what a first call allocates
    _draft(drafter, 2, 8)
    turns = [{name: _timed(side) for name, side in sides.items()} for _ in range(rounds)]
    seconds = {name: statistics.median(turn[name] for turn in turns) for name in sides}
    single = TOKENS / seconds["alone"]
    batched, drafter_speed, limit = (
        CANDIDATES * tokens / seconds[name]
        for name, tokens in (("batched", TOKENS), ("drafter", TOKENS), ("limit", _LIMIT_STEPS))
    )
    rows = [
        ("generate, one by one", single),
        (f"generate, {CANDIDATES} rows", batched),
        (f"studyweb, {CANDIDATES} rows", drafter_speed),
        (f"linear layers alone, {CANDIDATES} rows (limit)", limit),
    ]
    print(f"{identity.repository} ({identity.note}), {drafter.versions.device}, {drafter.versions.threads} threads,")
    print(f"prompt of {prompt_tokens} tokens, {CANDIDATES} candidates of {TOKENS} tokens\n")
    print(f"{'':44}{'tokens/s':>10}{'x one by one':>14}")
    for name, speed in rows:
        print(f"{name:44}{speed:10.1f}{speed / single:14.1f}")
    print(f"\nagainst generate at the same rows: {drafter_speed / batched:.2f}x (bar 2x, goal 2.5x)")
    print(f"share of the limit of the linear layers: {drafter_speed / limit:.0%}")
    print(f"one candidate alone: {seconds['first']:.2f} s; with generate: {seconds['alone']:.2f} s")
    ratio = drafter_speed / single
    verdict = {"benchmark": "generation", "ratio": round(ratio, 2), "bar": BAR, "holds": ratio >= BAR}
    print(json.dumps(verdict))


def _draft(drafter: Drafter, candidates: int, tokens: int) -> None:
    jobs = [(index, candidate_seed(1, index)) for index in range(candidates)]
    sampling = Sampling(max_tokens=tokens, min_tokens=tokens)
    written = sum(len(draft.token_ids) for draft in drafter.draft(PROMPT, sampling, jobs, rows=candidates))
    assert written == candidates * tokens


def _generate(model: PreTrainedModel, drafter: Drafter, rows: int, tokens: int) -> None:
    ids = torch.tensor([drafter.tokens.encode(PROMPT)])
    written = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=True,
        top_k=0,
        num_return_sequences=rows,
        max_new_tokens=tokens,
        min_new_tokens=tokens,
        pad_token_id=0,
    )
    assert written.shape == (rows, ids.shape[1] + tokens)


@torch.inference_mode()
def _linear_layers(drafter: Drafter) -> None:
    """Run the model's packed linear layers alone, _LIMIT_STEPS times: what the engine cannot go below."""
    layers = [module for module in drafter.model.modules() if isinstance(module, PackedLinear)]
    inputs = [torch.randn(CANDIDATES, layer.inputs) for layer in layers]
    for _ in range(_LIMIT_STEPS):
        for layer, given in zip(layers, inputs, strict=True):
            layer(given)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3, help="how often each side takes its turn")
    main(options.parse_args().rounds)
