"""How many tokens a second the engine writes, against `generate` one by one and batched, in one run on one machine.

The built-in model, float32, a news prompt of about 80 tokens, 64 candidates of 200 tokens each (no early end, so
that all sides write the same number). `python -m benchmarks.generation` prints a table and one line of JSON.
"""

from __future__ import annotations

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
ONE_BY_ONE = 3  # a few suffice: one candidate takes as long as another
BAR = 15.0
PROMPT = Prompt(
    "The city council voted on Tuesday to close the old harbour bridge for two years, a decision that divided shop "
    "owners and residents along the waterfront. Mayor Ellen Marsh said the structure, built in 1931, could no longer "
    "carry buses safely, and that repairs would begin in March if the state agreed to pay half of the cost. Opponents "
    "of the plan said"
)


def main() -> None:
    """Measure, print, and say whether the bar holds."""
    cache = os.environ.get("STUDYWEB_CACHE_DIR")
    folder, identity = builtin_model(Path(cache) if cache else Path.home() / ".cache" / "studyweb")
    drafter = Drafter.load(folder, identity)
    reference = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    prompt_tokens = drafter.tokens.count(PROMPT)
    drafter_speed, first = _drafter(drafter)
    _generate(reference, drafter, 1, 8)  # warms up what the first call allocates
    singles = [_timed(lambda: _generate(reference, drafter, 1, TOKENS)) for _ in range(ONE_BY_ONE)]
    single = TOKENS / statistics.median(singles)
    batched = CANDIDATES * TOKENS / _timed(lambda: _generate(reference, drafter, CANDIDATES, TOKENS))
    limit = _matrix_limit(drafter)
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
    print(f"first candidate after {first:.2f} s when asked for alone; generate takes {min(singles):.2f} s")
    ratio = drafter_speed / single
    verdict = {"benchmark": "generation", "ratio": round(ratio, 2), "bar": BAR, "holds": ratio >= BAR}
    print(json.dumps(verdict))


def _drafter(drafter: Drafter) -> tuple[float, float]:
    """Return tokens a second over all candidates, and the seconds that a single one takes."""
    sampling = Sampling(max_tokens=TOKENS, min_tokens=TOKENS)
    jobs = [(index, candidate_seed(1, index)) for index in range(CANDIDATES)]
    list(drafter.draft(PROMPT, Sampling(max_tokens=4), jobs[:4]))  # warms up what the first call allocates
    alone = _timed(lambda: list(drafter.draft(PROMPT, sampling, jobs[:1])))
    started = time.perf_counter()
    written = sum(len(draft.token_ids) for draft in drafter.draft(PROMPT, sampling, jobs, rows=CANDIDATES))
    return written / (time.perf_counter() - started), alone


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


def _matrix_limit(drafter: Drafter) -> float:
    """Return the tokens a second that the model's packed linear layers alone would allow."""
    layers = [module for module in drafter.model.modules() if isinstance(module, PackedLinear)]
    inputs = [torch.randn(CANDIDATES, layer.inputs) for layer in layers]

    def once() -> None:
        for layer, given in zip(layers, inputs, strict=True):
            layer(given)

    with torch.inference_mode():
        once()
        return CANDIDATES / statistics.median(_timed(once) for _ in range(10))


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
