"""How often a text's words depend on how many are written at once, outside the exact mode.

The last bits of a logit depend on the shape of the products, and so on the number of rows; a word changes where the
random number falls between the two sums. The built-in model writes the same texts, each under its seed, in batches of
several sizes, in float32 and in 8 bits; the first token that differs ends a text's comparison.

`python -m benchmarks.same_texts --folder FOLDER --minutes 4` keeps what is written and stops; run it until it prints.
`--chance` says more in less time: texts go on by the same words beside other ones, of other lengths, and what is added
up is for how large a share of all random numbers the next word would be another. The same model stands in there also
for those of which each head has keys of its own (GPT-2's kind): its heads share them by threes, and get copies.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections import deque
from itertools import combinations
from pathlib import Path

from scipy.stats import beta

from benchmarks._generation_texts import PROMPT
from generation.engine import Sampling, builtin_model, candidate_seed
from generation.engine.batch import Batch
from generation.engine.builtin import BuiltinModel
from generation.engine.choosing import _limit
from generation.engine.drafter import Drafter

# isort: split
import torch
from safetensors.torch import load_file, save_file

SIZES = (64, 32, 8)
ODD = 7  # no multiple of what processors compute at once
TEXTS = 12
PIECE = 16
Texts = dict[int, list[int]]


def pieces(texts: int, size: int) -> list[range]:
    """Return the texts of each piece: whole batches of that size, and 16 at least."""
    step = max(size, PIECE)
    return [range(start, min(start + step, texts)) for start in range(0, texts, step)]


def written(drafter: Drafter, piece: range, size: int, tokens: int) -> Texts:
    """Return the tokens of the piece's texts, written so many at once; none ends before it has so many tokens."""
    sampling = Sampling(top_p=0.96, max_tokens=tokens, min_tokens=tokens)
    jobs = [(index, candidate_seed(1, index)) for index in piece]
    return {draft.index: list(draft.token_ids) for draft in drafter.draft(PROMPT, sampling, jobs, rows=size)}


def _built() -> BuiltinModel:
    cache = os.environ.get("STUDYWEB_CACHE_DIR")
    return builtin_model(Path(cache) if cache else Path.home() / ".cache" / "studyweb")


class Recorded(Batch):
    """A batch that keeps the logits of its last step."""

    logits: torch.Tensor

    def _forward(self, latest: list[int], written: list[int]) -> torch.Tensor:
        self.logits = super()._forward(latest, written)
        return self.logits


@torch.inference_mode()
def chance(drafter: Drafter, texts: int, tokens: int) -> tuple[float, int]:
    """Return how many words would differ, and of how many, between texts that all begin at once and the same texts
    where seven at most are under way, each begun some words after the one before it.
    """
    sampling = Sampling(top_p=0.96, max_tokens=tokens, min_tokens=tokens)
    together, apart = (Recorded(drafter.model, drafter.tokens.encode(PROMPT), sampling, ()) for _ in range(2))
    jobs = [(index, candidate_seed(1, index)) for index in range(texts)]
    together.open(texts)
    together.admit(deque(jobs), texts)
    logits = []
    for _step in range(tokens - 1):
        together.step()
        logits.append(together.logits.clone())
    words = [row.token_ids for row in together.rows]
    apart.open(ODD)
    waiting, expected, count, steps = deque(reversed(jobs)), 0.0, 0, 0
    while waiting or apart.rows:
        if steps % (ODD + 2) == 0 or not apart.rows:
            apart.admit(waiting, min(len(apart.rows) + 1, ODD))
        apart.step()
        steps += 1
        for row, found in zip(apart.rows, apart.logits, strict=False):
            place = len(row.token_ids) - 1
            expected += _apart(logits[place - 1][row.index], found, sampling)
            count += 1
            row.token_ids[-1] = words[row.index][place]
        apart.take_finished()
    return expected, count


def _apart(one: torch.Tensor, other: torch.Tensor, sampling: Sampling) -> float:
    """Return the share of random numbers that choose another word by the one's logits than by the other's."""
    bounds = [_bounds(logits[None], sampling) for logits in (one, other)]
    least, most = torch.minimum(*bounds), torch.maximum(*bounds)
    # What both give to a word is where their intervals overlap.
    return 1 - float((least[:, 1:] - most[:, :-1]).clamp(min=0).sum())


def _bounds(logits: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Return (rows, words + 1): between which random numbers each word is chosen."""
    weights = (logits - logits.amax(dim=-1, keepdim=True)).exp()
    _limit(weights, sampling)
    running = weights.double().cumsum(dim=-1)
    return torch.nn.functional.pad(running / running[:, -1:], (1, 0))


def print_chances(options: argparse.Namespace) -> None:
    """Print the chance that a word, and a text of 200, differs where other texts are under way beside it."""
    built = _built()
    with tempfile.TemporaryDirectory() as copies:
        _with_keys_of_their_own(built.folder, Path(copies))
        for heads, folder in (("shared keys", built.folder), ("keys of their own", Path(copies))):
            for kind in ("float32", "8 bits"):
                drafter = Drafter.load(folder, built.identity, threads=options.threads, quantised=kind == "8 bits")
                expected, count = chance(drafter, TEXTS, options.tokens)
                rate = max(expected / count, 0.0)
                print(f"{heads}, {kind}: of {count} words {expected:.2g} would differ ({rate:.1e}); ", end="")
                print(f"of texts of 200 tokens {1 - (1 - rate) ** 200:.2%}", flush=True)


def _with_keys_of_their_own(source: Path, folder: Path) -> None:
    """Write the model with a copy of keys and values for each of the heads that share them: it computes the same."""
    shutil.copytree(source, folder, dirs_exist_ok=True)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    heads, shared = config["num_attention_heads"], config["num_key_value_heads"]
    tensors = load_file(folder / "model.safetensors")
    for name, weight in tensors.items():
        if "k_proj" in name or "v_proj" in name:
            of_heads = weight.view(shared, -1, weight.shape[-1]).repeat_interleave(heads // shared, 0)
            tensors[name] = of_heads.flatten(0, 1).contiguous()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config | {"num_key_value_heads": heads}), encoding="utf-8")


def main(options: argparse.Namespace) -> None:
    """Write what the folder does not hold yet, then print how many texts differ."""
    until = time.monotonic() + 60 * options.minutes
    options.folder.mkdir(parents=True, exist_ok=True)
    for quantised in (False, True):
        kind = "int8" if quantised else "float32"
        drafter: Drafter | None = None
        found: dict[int, Texts] = {size: {} for size in SIZES}
        for size in SIZES:
            for piece in pieces(options.texts, size):
                name = f"{kind}-{size}-{options.tokens}-{piece.start:04}-{piece.stop:04}.json"
                path = options.folder / name
                if not path.exists():
                    if time.monotonic() > until:
                        print(f"stopped before {name}; run again to go on from {options.folder}")
                        return
                    drafter = drafter or Drafter.load(*_built(), threads=options.threads, quantised=quantised)
                    path.write_text(json.dumps(written(drafter, piece, size, options.tokens)))
                found[size] |= {int(index): ids for index, ids in json.loads(path.read_text()).items()}
        print("8 bits" if quantised else "float32")
        for one, other in combinations(SIZES, 2):
            print(f"  {one} rows against {other}: {told(found[one], found[other])}")


def told(one: Texts, other: Texts) -> str:
    """Say how many texts differ, with the interval of Clopper and Pearson (95%), and how often a token does."""
    pairs = [(one[index], other[index]) for index in one]
    alike = [next((place for place, (a, b) in enumerate(zip(*pair, strict=False)) if a != b), None) for pair in pairs]
    count, differ = len(pairs), [place for place in alike if place is not None]
    low = float(beta.ppf(0.025, len(differ), count - len(differ) + 1)) if differ else 0.0
    high = float(beta.ppf(0.975, len(differ) + 1, count - len(differ))) if len(differ) < count else 1.0
    tokens = sum(len(pair[0]) if place is None else place + 1 for pair, place in zip(pairs, alike, strict=True))
    rate = f"{len(differ)} of {count} texts differ ({low:.1%} to {high:.1%})"
    return f"{rate}, first at token {[place + 1 for place in sorted(differ)]}, {tokens} tokens compared"


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--texts", type=int, default=128)
    asked.add_argument("--tokens", type=int, default=200, help="length of each text")
    asked.add_argument("--folder", type=Path, help="keeps what is written, so that a run can go on")
    asked.add_argument("--minutes", type=float, default=600.0)
    asked.add_argument("--threads", type=int, default=1, help="one, so that a busy machine hardly slows it")
    asked.add_argument("--chance", action="store_true", help="of texts of --tokens, without writing them out")
    given = asked.parse_args()
    if given.chance:
        print_chances(given)
    elif given.folder:
        main(given)
    else:
        asked.error("name a --folder, or ask for the --chance")
