"""The engine against `generate` and against what its own products allow, in one run on one machine.

The built-in model, a news prompt of about 80 tokens. Parts, each of some minutes (`--parts` chooses among them):
`step` what a step is made of, float32 and 8 bits, with the perplexity of both; `speed` tokens a second against
`generate` one by one and batched; `ragged` the same with texts that end early; `memory` of a batch; `same` how often
texts differ between batches outside the exact mode; `scoring` of articles; `gpu`. Sides take turns, and times of the
processor stand beside those of the clock: on a busy machine only the former mean much.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from generation.engine import Prompt, Sampling, builtin_model, candidate_seed
from generation.engine.batch import Batch
from generation.engine.builtin import BuiltinModel
from generation.engine.drafter import Drafter  # before torch: it says how waiting threads behave

# isort: split
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from generation.engine.packing import PackedLinear, QuantisedLinear
from generation.engine.scoring import score

BAR = 15.0
PROMPT = Prompt(
    "The city council voted on Tuesday to close the old harbour bridge for two years, a decision that divided shop "
    "owners and residents along the waterfront. Mayor Ellen Marsh said the structure, built in 1931, could no longer "
    "carry buses safely, and that repairs would begin in March if the state agreed to pay half of the cost. Opponents "
    "of the plan said"
)


class Took(NamedTuple):
    """Seconds of the clock, and of the processor over all threads."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:8.3f} s, processor {self.processor:8.3f} s"


class Bench:
    """The models of one run, loaded when they are first needed, and the size of the batches."""

    def __init__(self, built: BuiltinModel, options: argparse.Namespace) -> None:
        self.built = built
        self.rounds: int = options.rounds
        self.candidates: int = options.candidates
        self.tokens: int = options.tokens
        self.drafter = Drafter.load(*built)

    def reference(self) -> PreTrainedModel:
        """Return the same model as transformers runs it."""
        loaded: PreTrainedModel = AutoModelForCausalLM.from_pretrained(self.built.folder, dtype=torch.float32).eval()
        return loaded

    def draft(self, sampling: Sampling, candidates: int, rows: int | None = None) -> dict[int, tuple[int, ...]]:
        """Return each candidate's tokens."""
        jobs = [(index, candidate_seed(1, index)) for index in range(candidates)]
        drafts = self.drafter.draft(PROMPT, sampling, jobs, rows=rows or candidates)
        return {draft.index: draft.token_ids for draft in drafts}

    def full(self) -> Sampling:
        """Return the sampling in which no text ends early."""
        return Sampling(max_tokens=self.tokens, min_tokens=self.tokens)


def step(bench: Bench) -> None:
    """Print what a step of the loop is made of half way through its texts, in float32 and in 8 bits."""
    texts = [PROMPT.text, *_articles(bench, 6, 150)]
    for name, drafter in (("float32", bench.drafter), ("8 bits", Drafter.load(*bench.built, quantised=True))):
        layers = [layer for layer in drafter.model.modules() if isinstance(layer, PackedLinear | QuantisedLinear)]
        inputs = [torch.randn(bench.candidates, layer.inputs) for layer in layers]
        batch = _half_way(bench, drafter)
        places = torch.full((bench.candidates, 1), len(batch.rows[0].token_ids) + 75)
        sides: dict[str, Callable[[], object]] = {
            "step": batch.step,
            "forward": partial(batch._forward, torch.ones_like(places), places),
            "products": partial(_products, layers, inputs),
        }
        took = in_turns(sides, max(5 * bench.rounds, 5))
        whole, forward, products = (took[side].processor for side in ("step", "forward", "products"))
        scored = [logprob for one in score(drafter, texts) for logprob in one.logprobs]
        print(f"{name}: a step of {bench.candidates} rows {took['step']}")
        print(
            f"  share of the products' limit {products / whole:.0%}; outside the forward pass {1 - forward / whole:.0%}"
        )
        print(f"  {bench.candidates / whole:.0f} tokens a second of processor; limit {bench.candidates / products:.0f}")
        print(f"  perplexity of {len(scored)} tokens {torch.tensor(scored).mean().neg().exp():.3f}")


def speed(bench: Bench) -> None:
    """Print tokens a second against `generate`, one by one and in a batch of as many rows."""
    reference, full = bench.reference(), bench.full()
    sides: dict[str, Callable[[], object]] = {
        "generate, one by one": lambda: _generate(bench, reference, 1),
        "studyweb, one text": lambda: bench.draft(full, 1),
        "studyweb, batch": lambda: bench.draft(full, bench.candidates),
        "generate, batch": lambda: _generate(bench, reference, bench.candidates),
    }
    _generate(bench, reference, 2, 4)
    took = in_turns(sides, bench.rounds)
    written = {name: bench.tokens * (1 if "one" in name else bench.candidates) for name in sides}
    for name, seconds in took.items():
        print(f"{name:22}{written[name] / seconds.clock:8.1f} tokens/s of the clock, ", end="")
        print(f"{written[name] / seconds.processor:8.1f} of the processor")
    speeds = {name: [written[name] / second for second in took[name]] for name in sides}
    against = {name: [a / b for a, b in zip(speeds["studyweb, batch"], speeds[name], strict=True)] for name in sides}
    for name in ("generate, one by one", "generate, batch"):
        print(f"studyweb, batch against {name}: {against[name][0]:.1f}x (processor {against[name][1]:.1f}x)")
    first = took["studyweb, one text"].clock / took["generate, one by one"].clock
    print(f"one text in {first:.2f} times the time of one generate (bar 1.2)")
    ratio = against["generate, one by one"][0]
    print(json.dumps({"benchmark": "generation", "ratio": round(ratio, 2), "bar": BAR, "holds": ratio >= BAR}))


def ragged(bench: Bench) -> None:
    """Print the gain over padded batches of `generate` where most texts end before the limit."""
    reference, half = bench.reference(), bench.candidates // 2
    # Ends are drawn from a curve instead of by the model, so that both sides write texts of the very same lengths.
    lengths = [max(bench.tokens * (index + 1) // bench.candidates, 8) for index in range(bench.candidates)]
    order = sorted(range(bench.candidates), key=lambda index: candidate_seed(2, index))
    waves = [[lengths[index] for index in order[start : start + half]] for start in (0, half)]
    sides: dict[str, Callable[[], object]] = {
        "studyweb": lambda: _ragged_drafts(bench, lengths, half),
        "generate": lambda: _waves(bench, reference, waves),
    }
    took = in_turns(sides, bench.rounds)
    print(f"texts of {min(lengths)} to {max(lengths)} tokens: studyweb {took['studyweb']}, generate {took['generate']}")
    print(f"  {took['generate'].clock / took['studyweb'].clock:.1f}x (processor ", end="")
    print(f"{took['generate'].processor / took['studyweb'].processor:.1f}x; bar 3x)")


def memory(bench: Bench) -> None:
    """Print what a batch adds to the process, beside what its cache must hold."""
    before = _resident()
    batch = _half_way(bench, bench.drafter)
    batch.step()
    cache = batch.slots.row_bytes(bench.tokens - 1) * bench.candidates
    weights = sum(p.numel() * p.element_size() for p in bench.drafter.model.parameters())
    print(f"cache {cache / 1e6:.0f} MB, the batch added {(_resident() - before) / 1e6:.0f} MB to the process; ", end="")
    print(f"unpacked weights that are left {weights / 1e6:.0f} MB")


def same(bench: Bench) -> None:
    """Print how many texts differ between a batch and one of another size, outside the exact mode."""
    sampling = Sampling(max_tokens=min(bench.tokens, 60), top_p=0.96)
    count = min(bench.candidates, 24)
    whole, parts = bench.draft(sampling, count), bench.draft(sampling, count, rows=5)
    differ = sum(whole[index] != parts[index] for index in whole)
    print(f"{differ} of {count} texts of up to {sampling.max_tokens} tokens differ between {count} rows and 5")


def scoring(bench: Bench) -> None:
    """Print how near scoring comes to the forward pass alone, over articles of 400 tokens."""
    articles = _articles(bench, 4 * bench.rounds, 400)
    ids = [bench.drafter.tokens.encode(Prompt(text)) for text in articles]
    model = bench.drafter.model

    def passes() -> None:
        with torch.inference_mode():
            for start in range(0, len(ids), 2):
                width = min(len(one) for one in ids[start : start + 2])
                model(input_ids=torch.tensor([one[:width] for one in ids[start : start + 2]]), use_cache=False)

    took = in_turns({"scoring": lambda: score(bench.drafter, articles), "forward": passes}, 3)
    share = took["forward"].processor / took["scoring"].processor
    print(f"{len(articles)} articles: {took['scoring']}; {share:.2f} of the forward pass's own speed (bar 0.8)")
    print(f"  a thousand of them would take {took['scoring'].clock / len(articles) * 1000 / 60:.0f} minutes")


def gpu(_bench: Bench) -> None:
    """Say that there is no GPU; with one, the run of a large model is still to be written."""
    print("a GPU is here, and its run is not written yet" if torch.cuda.is_available() else "no GPU")


def in_turns(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, Took]:
    """Return each side's median times over so many rounds, in each of which every side takes its turn."""
    turns: dict[str, list[Took]] = {name: [] for name in sides}
    with torch.inference_mode():
        for _ in range(rounds):
            for name, side in sides.items():
                clock, processor = time.perf_counter(), time.process_time()
                side()
                turns[name].append(Took(time.perf_counter() - clock, time.process_time() - processor))
    return {
        name: Took(statistics.median(t.clock for t in took), statistics.median(t.processor for t in took))
        for name, took in turns.items()
    }


@torch.inference_mode()
def _half_way(bench: Bench, drafter: Drafter) -> Batch:
    """Return a full batch whose texts are half written, by any words."""
    sampling = Sampling(max_tokens=bench.tokens, min_tokens=bench.tokens)
    batch = Batch(drafter.model, drafter.tokens.encode(PROMPT), sampling, drafter.tokens.end_tokens)
    batch.open(bench.candidates)
    batch.admit(deque((index, candidate_seed(1, index)) for index in range(bench.candidates)), bench.candidates)
    for row in batch.rows:
        row.token_ids.extend(1000 + (row.index * 37 + place) % 30000 for place in range(bench.tokens // 2 - 2))
    batch.step()
    return batch


def _ragged_drafts(bench: Bench, lengths: list[int], rows: int) -> None:
    """Write texts of given lengths through one batch: each row leaves when it is full, the next takes its place."""
    longest = max(lengths)
    drafter = bench.drafter
    batch = Batch(drafter.model, drafter.tokens.encode(PROMPT), Sampling(max_tokens=longest, min_tokens=longest), ())
    batch.open(rows)
    waiting = deque((index, candidate_seed(1, index)) for index in range(len(lengths)))
    while waiting or batch.rows:
        batch.admit(waiting, rows)
        for row in batch.rows:
            if len(row.token_ids) >= lengths[row.index]:
                row.finish_reason = "length"
        batch.take_finished()
        if batch.rows:
            batch.step()


def _articles(bench: Bench, count: int, tokens: int) -> list[str]:
    """Return texts of so many tokens that the model itself wrote, as likely as texts are; none is a real article."""
    sampling = Sampling(max_tokens=tokens, min_tokens=tokens, top_p=0.9)
    jobs = [(index, candidate_seed(3, index)) for index in range(count)]
    return [draft.text for draft in bench.drafter.draft(PROMPT, sampling, jobs, rows=count)]


def _generate(bench: Bench, model: PreTrainedModel, rows: int, tokens: int | None = None) -> None:
    ids = torch.tensor([bench.drafter.tokens.encode(PROMPT)])
    tokens = tokens or bench.tokens
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


def _waves(bench: Bench, model: PreTrainedModel, waves: list[list[int]]) -> None:
    for wave in waves:
        _generate(bench, model, len(wave), max(wave))


def _products(layers: list[PackedLinear | QuantisedLinear], inputs: list[torch.Tensor]) -> None:
    for layer, given in zip(layers, inputs, strict=True):
        layer(given)


def _resident() -> int:
    """Return the process's resident memory in bytes (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


PARTS: dict[str, Callable[[Bench], None]] = {
    part.__name__: part for part in (step, speed, ragged, memory, same, scoring, gpu)
}


def main(options: argparse.Namespace) -> None:
    """Run the parts that were asked for."""
    cache = os.environ.get("STUDYWEB_CACHE_DIR")
    bench = Bench(builtin_model(Path(cache) if cache else Path.home() / ".cache" / "studyweb"), options)
    identity, versions = bench.drafter.identity, bench.drafter.versions
    print(f"{identity.repository} ({identity.note}), {versions.device}, {versions.threads} threads; ", end="")
    print(f"{bench.candidates} candidates of {bench.tokens} tokens, {bench.rounds} round(s)")
    for part in options.parts:
        print(f"\n{part}", flush=True)
        PARTS[part](bench)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    asked.add_argument("--rounds", type=int, default=1, help="how often each side takes its turn")
    asked.add_argument("--candidates", type=int, default=64)
    asked.add_argument("--tokens", type=int, default=200, help="length of each text")
    main(asked.parse_args())
