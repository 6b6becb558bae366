"""How long lme4 and we take for one mixed model, fit call against fit call, in one run on one machine.

InstEval (73,421 ratings by 2,972 students of 1,128 lecturers), which R's lme4 carries, and, unless `--small`, 1,000,000
simulated ratings (100,000 people, 10 of 200 articles each). The sides take turns, each turn in a process of its own
that first fits 180 rows, so that neither pays for loading its libraries; only the fit call is timed, and the
process's largest memory is measured. The least time of each side is compared: what else a machine does only adds to
either. Ours finds Satterthwaite's degrees of freedom in its call, lme4's finds none.
Needs Rscript with lme4. `python -m benchmarks.mixed` prints a table and one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.mixed import fit_mixed

BAR = 10.0
FORMULA = "y ~ service + (1 | s) + (1 | d)"
# What lme4's authors publish for InstEval: criterion, coefficients, their standard errors, standard deviations.
PUBLISHED = (237743.6, (3.28328481, -0.09113217), (0.01881420, 0.01327112), (0.32505, 0.52104, 1.17755))
R_FIT = """
suppressPackageStartupMessages(library(lme4))
invisible(lmer(Reaction ~ Days + (Days | Subject), sleepstudy))
data <- readRDS(commandArgs(TRUE)[1])
seconds <- system.time(model <- lmer(y ~ service + (1 | s) + (1 | d), data))[["elapsed"]]
cat(sprintf('{"seconds": %.4f, "criterion": %.8f}', seconds, -2 * as.numeric(logLik(model))))
"""


@dataclass(frozen=True)
class Turn:
    """One fit call: its seconds, the criterion that it reached, and the most memory that its process held."""

    seconds: float
    criterion: float
    mebibytes: float


def main(rounds: int, small: bool) -> None:
    """Measure, print, and say whether the bar holds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _r(
            folder,
            "library(lme4); d <- InstEval[c('y', 'service', 's', 'd')]; d$service <- as.integer(d$service == '1')",
        )
        ratio = _compare("InstEval, 73,421 ratings", folder, rounds, published=True)
        rows = {"insteval": ratio}
        if not small:
            _simulated().to_csv(folder / "ratings.csv", index=False)
            _r(folder, f"d <- read.csv('{folder / 'ratings.csv'}'); d$s <- factor(d$s); d$d <- factor(d$d)")
            rows["million"] = _compare("simulated, 1,000,000 ratings", folder, 1, published=False)
    line = {
        "benchmark": "mixed",
        "ratio": round(ratio, 2),
        "bar": BAR,
        "holds": all(value >= BAR for value in rows.values()),
        "ratios": {key: round(value, 2) for key, value in rows.items()},
    }
    print(json.dumps(line))


def one(path: str) -> None:
    """One fit of ours in this process; prints its seconds and its criterion."""
    warm = pd.DataFrame({"y": np.sin(np.arange(180.0)), "service": np.arange(180) % 2, "s": np.arange(180) % 20})
    fit_mixed(warm.assign(d=np.arange(180) % 9), FORMULA)
    data = pd.read_parquet(path)
    start = time.perf_counter()
    fit = fit_mixed(data, FORMULA)
    print(json.dumps({"seconds": time.perf_counter() - start, "criterion": fit.criterion}))


def _compare(title: str, folder: Path, rounds: int, *, published: bool) -> float:
    data = pd.read_csv(folder / "data.csv")
    data.to_parquet(folder / "data.parquet")
    if published:
        _check_published(data)
    (folder / "fit.R").write_text(R_FIT, encoding="utf-8")
    theirs, ours = [], []
    for _ in range(rounds):
        theirs.append(_turn(["Rscript", str(folder / "fit.R"), str(folder / "data.rds")]))
        ours.append(_turn([sys.executable, "-m", "benchmarks.mixed", "--one", str(folder / "data.parquet")]))
    assert all(ours[0].criterion < turn.criterion + 1e-3 for turn in theirs), "lme4 found a better minimum"
    seconds = [min(turn.seconds for turn in side) for side in (theirs, ours)]
    print(f"{title}: {FORMULA}, REML")
    for name, side, best in zip(("lme4", "studyweb"), (theirs, ours), seconds, strict=True):
        spread = f"{min(turn.seconds for turn in side):.2f} to {max(turn.seconds for turn in side):.2f}"
        memory = max(turn.mebibytes for turn in side)
        print(f"  {name:<9} {best:8.2f} s ({spread})  {memory:7.0f} MiB  criterion {side[0].criterion:.4f}")
    print(f"  {seconds[0] / seconds[1]:.1f} times faster")
    return seconds[0] / seconds[1]


def _check_published(data: pd.DataFrame) -> None:
    fit = fit_mixed(data, FORMULA)
    criterion, estimates, errors, spread = PUBLISHED
    assert abs(fit.criterion - criterion) < 0.05
    assert np.allclose([row.estimate for row in fit.fixed], estimates, rtol=0, atol=1e-6)
    assert np.allclose([row.std_error for row in fit.fixed], errors, rtol=0, atol=1e-7)
    assert np.allclose([*(row.sd for row in fit.random), fit.residual_sd], spread, rtol=0, atol=1e-5)


def _turn(command: list[str]) -> Turn:
    # One thread of linear algebra on either side: Debian's R has a single-threaded BLAS, and we limit ours.
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    result = json.loads(said)
    return Turn(result["seconds"], result["criterion"], usage.ru_maxrss / 1024)


def _r(folder: Path, code: str) -> None:
    """Leaves the data frame ``d`` that the code makes as data.rds for R and data.csv for us."""
    save = f"saveRDS(d, '{folder / 'data.rds'}'); write.csv(d, '{folder / 'data.csv'}', row.names = FALSE)"
    subprocess.run(["Rscript", "-e", f"{code}; {save}"], check=True, stdout=subprocess.DEVNULL)


def _simulated(people: int = 100_000, articles: int = 200, each: int = 10) -> pd.DataFrame:
    rng = np.random.default_rng(20220501)
    person = np.repeat(np.arange(people), each)
    article = np.argpartition(rng.random((people, articles), dtype=np.float32), each, axis=1)[:, :each].ravel()
    service = article % 2
    y = 5 - 0.3 * service + rng.normal(0, 0.8, people)[person] + rng.normal(0, 0.4, articles)[article]
    return pd.DataFrame({"y": y + rng.normal(size=len(y)), "service": service, "s": person, "d": article})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side on InstEval")
    parser.add_argument("--small", action="store_true", help="InstEval only")
    parser.add_argument("--one", metavar="FILE", help="used by this benchmark itself: one fit of ours")
    options = parser.parse_args()
    if options.one:
        one(options.one)
    else:
        main(options.rounds, options.small)
