"""How long a report on 1,000,000 ratings takes, and how much memory: `python -m analysis report` on a Parquet file.

100,000 simulated people rate 10 of 200 articles in two arms. The command reads the file, compares the arms, fits the
crossed mixed model, draws the figures and writes HTML and JSON, in a process of its own. `python -m benchmarks.report
[--people N]` prints a table and one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

BAR_SECONDS, BAR_MEBIBYTES = 60.0, 4096.0
PER_PERSON, ARTICLES = 10, 200


def main(people: int) -> int:
    """Simulate, measure, print, and say whether both bars hold."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "ratings.parquet"
        simulated(people).to_parquet(file, index=False)
        command = [sys.executable, "-m", "analysis", "report", str(file), "--outcome", "credibility"]
        command += ["--reference", "real", "--json", f"{name}/out.json", "--html", f"{name}/out.html"]
        begun = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - begun
        if done.returncode:
            raise SystemExit(done.stderr[-4000:])
        results = json.loads((Path(name) / "out.json").read_text(encoding="utf-8"))["results"]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu, most = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    assert results["n_ratings"] == people * PER_PERSON
    assert results["crossed"]["fitted"]
    holds = seconds < BAR_SECONDS and most < BAR_MEBIBYTES
    sizes = f"{results['n_ratings']:,} ratings, {os.cpu_count()} cores"
    print(f"{sizes}: {seconds:.1f} s, {cpu:.1f} s of CPU, {most:,.0f} MiB")
    row = {"seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1), "mebibytes": round(most), "holds": holds}
    print(json.dumps({"benchmark": "report", **row, "bars": [BAR_SECONDS, BAR_MEBIBYTES]}))
    return 0 if holds else 1


def simulated(people: int) -> pd.DataFrame:
    """Ratings of 1 to 10 with a planted difference of 0.5, people differing with an SD of 1, articles of 0.3."""
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(people), PER_PERSON)
    # Ten places far apart: nobody reads an article twice.
    article = (
        np.repeat(rng.integers(0, ARTICLES, people), PER_PERSON) + np.tile(np.arange(PER_PERSON) * 19, people)
    ) % ARTICLES
    synthetic = article % 2
    value = 6.0 - 0.5 * synthetic + rng.normal(0, 1, people)[person] + rng.normal(0, 0.3, ARTICLES)[article]
    return pd.DataFrame(
        {
            "participant": np.char.add("p", person.astype(str)),
            "arm": np.where(synthetic == 1, "synthetic", "real"),
            "origin": np.where(synthetic == 1, "synthetic", "real"),
            "article": np.char.add("a", article.astype(str)),
            "credibility": np.clip(np.round(value + rng.normal(0, 1.2, person.size)), 1, 10),
        }
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    sys.exit(main(parser.parse_args().people))
