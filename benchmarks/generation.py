"""The engine against `generate`, llama.cpp, and what its own products allow, in one run on one machine.

The built-in model, a news prompt of about 80 tokens. Parts, each of some minutes (`--parts` chooses among them):
`step` what a step is made of, float32 and 8 bits, with the perplexity of both; `speed` tokens a second against
`generate` one by one and batched; `first` when the first text is there; `quantised` the same of 8 bits; `llama` both
against llama.cpp with the file that the model was converted from; `ragged` with texts that end early; `memory` of a
batch; `scoring` of articles; `gpu` (`same_texts` is about how often texts differ between batches). Sides take
turns, and times of the processor stand beside those of the clock.
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

from benchmarks._generation_llama import SEQUENCES, llama_took
from benchmarks._generation_reference import Took, generate_took
from benchmarks._generation_texts import ARTICLES, PROMPT, articles
from benchmarks._peer_environment import NotInstalled
from generation.engine import Prompt, Sampling, builtin_model, candidate_seed
from generation.engine.batch import Batch
from generation.engine.builtin import BuiltinModel, builtin_file
from generation.engine.drafter import Drafter  # before torch: it says how waiting threads behave

# isort: split
import torch

from benchmarks._generation_gpu import XL, measure
from generation.engine.packing import PackedLinear, QuantisedLinear
from generation.engine.scoring import score

BAR = 15.0


class Bench:
    """The models of one run, loaded when they are first needed, and the size of the batches."""

    def __init__(self, built: BuiltinModel, options: argparse.Namespace) -> None:
        self.built = built
        self.rounds: int = options.rounds
        self.candidates: int = options.candidates
        self.tokens: int = options.tokens
        self.drafter = Drafter.load(*built)

    def generate(self, *waves: tuple[int, int]) -> Took:
        """Return what `generate` took for waves of (rows, tokens), each text as long as its wave."""
        threads = self.drafter.versions.threads
        return generate_took(self.built.folder, self.drafter.tokens.encode(PROMPT), list(waves), threads)

    def draft(
        self, sampling: Sampling, candidates: int, rows: int | None = None, drafter: Drafter | None = None
    ) -> dict[int, tuple[int, ...]]:
        """Return each candidate's tokens."""
        jobs = [(index, candidate_seed(1, index)) for index in range(candidates)]
        drafts = (drafter or self.drafter).draft(PROMPT, sampling, jobs, rows=rows or candidates)
        return {draft.index: draft.token_ids for draft in drafts}

    def full(self) -> Sampling:
        """Return the sampling in which no text ends early."""
        return Sampling(max_tokens=self.tokens, min_tokens=self.tokens)


def step(bench: Bench) -> None:
    """Print what a step of the loop is made of half way through its texts, in float32 and in 8 bits."""
    for name, drafter in (("float32", bench.drafter), ("8 bits", Drafter.load(*bench.built, quantised=True))):
        layers = [layer for layer in drafter.model.modules() if isinstance(layer, PackedLinear | QuantisedLinear)]
        inputs = [torch.randn(bench.candidates, layer.inputs) for layer in layers]
        batch = _half_way(bench, drafter)
        held = len(batch.rows[0].token_ids) - 1
        sides: dict[str, Callable[[], object]] = {
            "step": batch.step,
            "forward": partial(batch._forward, [1] * bench.candidates, [held] * bench.candidates),
            "products": partial(_products, layers, inputs),
        }
        took = in_turns(sides, max(5 * bench.rounds, 5))
        whole, forward, products = (took[side].processor for side in ("step", "forward", "products"))
        scored = [logprob for one in score(drafter, ARTICLES) for logprob in one.logprobs]
        print(f"{name}: a step of {bench.candidates} rows {took['step']}")
        print(
            f"  share of the products' limit {products / whole:.0%}; outside the forward pass {1 - forward / whole:.0%}"
        )
        print(f"  {bench.candidates / whole:.0f} tokens a second of processor; limit {bench.candidates / products:.0f}")
        print(f"  perplexity of {len(scored)} tokens {torch.tensor(scored).mean().neg().exp():.3f}")


def speed(bench: Bench) -> None:
    """Print tokens a second against `generate`, one by one and in a batch of as many rows."""
    full = bench.full()
    sides: dict[str, Callable[[], object]] = {
        "generate, one by one": lambda: bench.generate((1, bench.tokens)),
        "studyweb, batch": lambda: bench.draft(full, bench.candidates),
        "generate, batch": lambda: bench.generate((bench.candidates, bench.tokens)),
    }
    took = in_turns(sides, bench.rounds)
    written = {name: bench.tokens * (1 if "one" in name else bench.candidates) for name in sides}
    for name, seconds in took.items():
        print(f"{name:22}{written[name] / seconds.clock:8.1f} tokens/s of the clock, ", end="")
        print(f"{written[name] / seconds.processor:8.1f} of the processor")
    speeds = {name: [written[name] / second for second in took[name]] for name in sides}
    against = {name: [a / b for a, b in zip(speeds["studyweb, batch"], speeds[name], strict=True)] for name in sides}
    for name in ("generate, one by one", "generate, batch"):
        print(f"studyweb, batch against {name}: {against[name][0]:.1f}x (processor {against[name][1]:.1f}x)")
    ratio = against["generate, one by one"][0]
    print(json.dumps({"benchmark": "generation", "ratio": round(ratio, 2), "bar": BAR, "holds": ratio >= BAR}))


def first(bench: Bench) -> None:
    """Print when a text that is asked for alone is there, and when the first of a whole batch is."""
    jobs = [(index, candidate_seed(1, index)) for index in range(bench.candidates)]
    by_itself = Sampling(max_tokens=bench.tokens)  # texts end where the model ends them
    lengths: list[int] = []

    def first_of(sampling: Sampling) -> None:
        lengths.append(len(next(bench.drafter.draft(PROMPT, sampling, jobs, rows=bench.candidates)).token_ids))

    sides: dict[str, Callable[[], object]] = {
        "generate": lambda: bench.generate((1, bench.tokens)),
        "one text": lambda: bench.draft(bench.full(), 1),
        "first of a batch": lambda: first_of(by_itself),
    }
    took = {name: seconds.clock for name, seconds in in_turns(sides, bench.rounds).items()}
    one = took["generate"]
    print(f"one generate of {bench.tokens} tokens {one:.1f} s; one text of as many {took['one text']:.1f} s, ", end="")
    print(f"{took['one text'] / one:.2f} times as long (bar 1.2)")
    print(f"the first of {bench.candidates} texts that end by themselves ({lengths[0]} tokens) is there after ", end="")
    print(f"{took['first of a batch']:.1f} s, {took['first of a batch'] / one:.2f} times as long")


def quantised(bench: Bench) -> None:
    """Print tokens a second with 8-bit products, against `generate` one by one."""
    full, rounded = bench.full(), Drafter.load(*bench.built, quantised=True)
    sides: dict[str, Callable[[], object]] = {
        "generate, one by one": lambda: bench.generate((1, bench.tokens)),
        "8 bits, batch": lambda: bench.draft(full, bench.candidates, drafter=rounded),
    }
    took = in_turns(sides, bench.rounds)
    speed = bench.tokens * bench.candidates / took["8 bits, batch"].clock
    print(f"8 bits, batch {speed:.1f} tokens/s of the clock; against generate, one by one: ", end="")
    print(f"{speed * took['generate, one by one'].clock / bench.tokens:.1f}x (goal 28x)")


def llama(bench: Bench) -> None:
    """Print tokens a second beside llama.cpp's, from the file that the built-in model was converted from."""
    full, rounded = bench.full(), Drafter.load(*bench.built, quantised=True)
    ids, threads = bench.drafter.tokens.encode(PROMPT), bench.drafter.versions.threads
    speeds: dict[str, list[float]] = {"llama.cpp": [], "llama.cpp without its sampler": [], "float32": [], "8 bits": []}
    for _ in range(bench.rounds):
        try:
            theirs = llama_took(builtin_file(), ids, bench.tokens, threads)
        except NotInstalled as reason:
            print(f"llama.cpp: not installed, because {reason}")
            return
        speeds["llama.cpp"].append(SEQUENCES * bench.tokens / theirs.seconds)
        speeds["llama.cpp without its sampler"].append(SEQUENCES * bench.tokens / (theirs.seconds - theirs.deciding))
        for name, drafter in (("float32", bench.drafter), ("8 bits", rounded)):
            begun = time.perf_counter()
            bench.draft(full, bench.candidates, drafter=drafter)
            speeds[name].append(bench.candidates * bench.tokens / (time.perf_counter() - begun))
    found = {name: statistics.median(of_side) for name, of_side in speeds.items()}
    print(f"llama.cpp writes {SEQUENCES} texts at once, studyweb {bench.candidates}; tokens/s of the clock")
    for name, value in found.items():
        print(f"{name:30}{value:8.1f}   {value / found['llama.cpp']:.2f}x llama.cpp")
    print("(bars: 1.4x in float32, 2x in 8 bits)")


def ragged(bench: Bench) -> None:
    """Print the gain over padded batches of `generate` where most texts end before the limit."""
    half = bench.candidates // 2
    # Ends are drawn from a curve instead of by the model, so that both sides write texts of the very same lengths.
    lengths = [max(bench.tokens * (index + 1) // bench.candidates, 8) for index in range(bench.candidates)]
    order = sorted(range(bench.candidates), key=lambda index: candidate_seed(2, index))
    waves = [(half, max(lengths[index] for index in order[start : start + half])) for start in (0, half)]
    sides: dict[str, Callable[[], object]] = {
        "studyweb": lambda: _ragged_drafts(bench, lengths, half),
        "generate": lambda: bench.generate(*waves),
    }
    took = in_turns(sides, bench.rounds)
    print(f"texts of {min(lengths)} to {max(lengths)} tokens: studyweb {took['studyweb']}, generate {took['generate']}")
    print(f"  {took['generate'].clock / took['studyweb'].clock:.1f}x (processor ", end="")
    print(f"{took['generate'].processor / took['studyweb'].processor:.1f}x; bar 3x)")


def memory(bench: Bench) -> None:
    """Print what a batch adds to the process, beside what its cache must hold."""
    model = bench.drafter.model
    packed = sum(layer.packed.numel() * 4 for layer in model.modules() if isinstance(layer, PackedLinear))
    held = packed + sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    weights = bench.drafter.identity.parameters * 4
    before = _resident()
    batch = _half_way(bench, bench.drafter)
    cache, added = batch.slots.row_bytes(bench.tokens - 1) * bench.candidates, _resident() - before
    print(f"weights {weights / 1e6:.0f} MB, held {held / 1e6:.0f} MB")
    print(
        f"cache {cache / 1e6:.0f} MB, the batch added {added / 1e6:.0f} MB to the process: held weights and batch ",
        end="",
    )
    print(
        f"{(held + added) / (held + cache):.2f} of held weights and cache, {(held + added) / (weights + cache):.2f} ",
        end="",
    )
    print("of weights and cache (bar 1.10)")


def scoring(bench: Bench) -> None:
    """Print how near scoring comes to the forward pass alone, over articles of 400 tokens."""
    texts = articles(bench.drafter.tokens, 8 * bench.rounds, 400)
    ids = [bench.drafter.tokens.encode(Prompt(text)) for text in texts]
    model = bench.drafter.model

    def passes() -> None:
        with torch.inference_mode():
            for start in range(0, len(ids), 2):
                width = min(len(one) for one in ids[start : start + 2])
                model(input_ids=torch.tensor([one[:width] for one in ids[start : start + 2]]), use_cache=False)

    took = in_turns({"scoring": lambda: score(bench.drafter, texts), "forward": passes}, 3)
    share = took["forward"].processor / took["scoring"].processor
    print(f"{len(texts)} articles: {took['scoring']}; {share:.2f} of the forward pass's own speed (bar 0.8)")
    print(f"  a thousand of them would take {took['scoring'].clock / len(texts) * 1000 / 60:.0f} minutes")


def gpu(bench: Bench) -> None:
    """A model of GPT-2 1.5B's shape on a GPU (`_generation_gpu`); without one, say so."""
    if not torch.cuda.is_available():
        print("no GPU")
        return
    print("\n".join(measure(bench.built, PROMPT, XL, torch.device("cuda"), torch.bfloat16).lines()))


def in_turns(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, Took]:
    """Return each side's median times over so many rounds, in each of which every side takes its turn.

    A side that returns what it took, because it ran elsewhere, is believed.
    """
    turns: dict[str, list[Took]] = {name: [] for name in sides}
    with torch.inference_mode():
        for _ in range(rounds):
            for name, side in sides.items():
                clock, processor = time.perf_counter(), time.process_time()
                told = side()
                ours = Took(time.perf_counter() - clock, time.process_time() - processor)
                turns[name].append(told if isinstance(told, Took) else ours)
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


def _products(layers: list[PackedLinear | QuantisedLinear], inputs: list[torch.Tensor]) -> None:
    for layer, given in zip(layers, inputs, strict=True):
        layer(given)


def _resident() -> int:
    """Return the process's resident memory in bytes (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


PARTS: dict[str, Callable[[Bench], None]] = {
    part.__name__: part for part in (step, speed, first, quantised, llama, ragged, memory, scoring, gpu)
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
