"""llama.cpp as a side of the benchmark of the engine: installed once into an environment of its own, then run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

from benchmarks._generation_reference import environment
from benchmarks._peer_environment import peer_environment

LLAMA = "llama-cpp-python==0.3.36"
SEQUENCES = 32
_PEER = Path(__file__).parent / "peers" / "llama_sequences.py"


class LlamaTook(NamedTuple):
    """Seconds for all texts, and what of them the sampler took."""

    seconds: float
    deciding: float


def llama_took(model: Path, prompt_ids: list[int], tokens: int, threads: int) -> LlamaTook:
    """Let llama.cpp write SEQUENCES texts of so many tokens; raises NotInstalled, CalledProcessError."""
    # It is built here, which needs a compiler.
    python = str(peer_environment(LLAMA, takes="some ten minutes") / "bin" / "python")
    given = [str(model), *(str(number) for number in (SEQUENCES, tokens, threads, *prompt_ids))]
    done = subprocess.run([python, str(_PEER), *given], env=environment(), capture_output=True, text=True, check=True)
    return LlamaTook(**json.loads(done.stdout.splitlines()[-1]))
