"""llama.cpp as a side of the benchmark of the engine: installed once into an environment of its own, then run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks._generation_reference import environment

LLAMA = "llama-cpp-python==0.3.36"
SEQUENCES = 32
_PEER = Path(__file__).parent / "peers" / "llama_sequences.py"


class NotInstalled(Exception):  # noqa: N818 -- it names what happened
    """The package could not be installed or built; the message says why."""


class LlamaTook(NamedTuple):
    """Seconds for all texts, and what of them the sampler took."""

    seconds: float
    deciding: float


def llama_took(model: Path, prompt_ids: list[int], tokens: int, threads: int) -> LlamaTook:
    """Let llama.cpp write SEQUENCES texts of so many tokens; raises NotInstalled, CalledProcessError."""
    python = str(llama_environment() / "bin" / "python")
    given = [str(model), *(str(number) for number in (SEQUENCES, tokens, threads, *prompt_ids))]
    done = subprocess.run([python, str(_PEER), *given], env=environment(), capture_output=True, text=True, check=True)
    return LlamaTook(**json.loads(done.stdout.splitlines()[-1]))


def llama_environment() -> Path:
    """Return the virtual environment with llama.cpp in the cache folder, made on the first use (it needs a compiler).

    Raises NotInstalled.
    """
    cache = os.environ.get("STUDYWEB_CACHE_DIR")
    folder = (Path(cache) if cache else Path.home() / ".cache" / "studyweb") / LLAMA.replace("==", "-")
    done = folder / "installed"
    if done.exists():
        return folder
    print(f"Building {LLAMA} in {folder} (once, some ten minutes) ...", flush=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        for command in ([sys.executable, "-m", "venv", "--clear", str(folder)], [*pip, LLAMA]):
            subprocess.run(command, capture_output=True, text=True, check=True)
    except subprocess.CalledProcessError as error:
        raise NotInstalled(f"{' '.join(error.cmd)} failed: {error.stderr.strip()[-2000:]}") from error
    done.touch()
    return folder
