"""transformers' `generate` as a side of the benchmark of the engine: in a process of its own, as it runs without us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parent.parent


class Took(NamedTuple):
    """Seconds of the clock, and of the processor over all threads."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:8.3f} s, processor {self.processor:8.3f} s"


def generate_took(folder: Path, prompt_ids: list[int], waves: list[tuple[int, int]], threads: int) -> Took:
    """Let `generate` write (rows, tokens) texts, one wave after the other; raises CalledProcessError.

    The model is loaded, and a short text written, before the clock starts.
    """
    asked = json.dumps({"folder": str(folder), "prompt_ids": prompt_ids, "waves": waves, "threads": threads})
    command = [sys.executable, "-m", "benchmarks._generation_reference"]
    done = subprocess.run(
        command, input=asked, cwd=PROJECT, env=environment(), stdout=subprocess.PIPE, text=True, check=True
    )
    return Took(**json.loads(done.stdout.splitlines()[-1]))


def environment() -> dict[str, str]:
    """Return this process's environment without what the engine tells the libraries about threads and memory."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_", "THP_"))}


def _main(folder: str, prompt_ids: list[int], waves: list[tuple[int, int]], threads: int) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(threads)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.tensor([prompt_ids])

    def generate(rows: int, tokens: int) -> None:
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

    generate(2, 4)
    clock, processor = time.perf_counter(), time.process_time()
    for rows, tokens in waves:
        generate(rows, tokens)
    print(json.dumps({"clock": time.perf_counter() - clock, "processor": time.process_time() - processor}))


if __name__ == "__main__":
    _main(**json.load(sys.stdin))
