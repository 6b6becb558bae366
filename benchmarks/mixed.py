"""How long lme4 and we take for one mixed model, fit call against fit call, in one run on one machine.

InstEval (73,421 ratings by 2,972 students of 1,128 lecturers), which R's lme4 carries, and 1,000,000 simulated ratings
(100,000 people, 10 of 200 articles each); `--only` takes one of the two. The sides take turns, each turn in a process
of its own that first fits 180 rows, so that neither pays for loading its libraries; only the fit call is timed, and the
process's largest memory is measured. What is compared is the least processor time of each side, all on one thread,
since time on the clock is also what else the machine does. Ours finds Satterthwaite's degrees of freedom in its call,
lme4's finds none. GPBoost, which fits by maximum likelihood, stands beside them and decides nothing; it is installed
once into an environment of its own.
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
from benchmarks._peer_environment import NotInstalled, peer_environment

GPBOOST = "gpboost==1.8.0"
BAR = 10.0
FORMULA = "y ~ service + (1 | s) + (1 | d)"
# What lme4's authors publish for InstEval: criterion, coefficients, their standard errors, standard deviations.
PUBLISHED = (237743.6, (3.28328481, -0.09113217), (0.01881420, 0.01327112), (0.32505, 0.52104, 1.17755))
R_FIT = """
suppressPackageStartupMessages(library(lme4))
invisible(lmer(Reaction ~ Days + (Days | Subject), sleepstudy))
data <- readRDS(commandArgs(TRUE)[1])
took <- system.time(model <- lmer(y ~ service + (1 | s) + (1 | d), data))
cat(sprintf('{"cpu": %.4f, "clock": %.4f, "criterion": %.8f}', took[["user.self"]] + took[["sys.self"]],
            took[["elapsed"]], -2 * as.numeric(logLik(model))))
"""
GPBOOST_FIT = """
import json, sys, time
import gpboost, numpy, pandas
def fit(data):
    x = numpy.column_stack([numpy.ones(len(data)), data["service"]])
    model = gpboost.GPModel(group_data=data[["s", "d"]].to_numpy(), likelihood="gaussian")
    model.fit(y=data["y"].to_numpy(dtype=float), X=x)
    return model
n = numpy.arange(180)
fit(pandas.DataFrame({"y": numpy.sin(n), "service": n % 2, "s": n % 20, "d": n % 9}))
data = pandas.read_parquet(sys.argv[1])
clock, cpu = time.perf_counter(), time.process_time()
model = fit(data)
cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
print(json.dumps({"cpu": cpu, "clock": clock, "criterion": 2 * model.get_current_neg_log_likelihood()}))
"""


@dataclass(frozen=True)
class Turn:
    """One fit call: its seconds of processor and clock, its criterion, and the most memory that its process held."""

    cpu: float
    clock: float
    criterion: float
    mebibytes: float


def main(rounds: int, only: str) -> None:
    """Measure, print, and say whether the bar holds."""
    rows = {}
    gpboost = _gpboost()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if only in ("", "insteval"):
            _r(
                folder,
                "library(lme4); d <- InstEval[c('y', 'service', 's', 'd')]; d$service <- as.integer(d$service == '1')",
            )
            rows["insteval"] = _compare("InstEval, 73,421 ratings", folder, rounds, gpboost, published=True)
        if only in ("", "million"):
            _simulated().to_csv(folder / "ratings.csv", index=False)
            _r(folder, f"d <- read.csv('{folder / 'ratings.csv'}'); d$s <- factor(d$s); d$d <- factor(d$d)")
            rows["million"] = _compare("simulated, 1,000,000 ratings", folder, 1, gpboost, published=False)
    line = {
        "benchmark": "mixed",
        "ratio": round(min(rows.values()), 2),
        "bar": BAR,
        "holds": all(value >= BAR for value in rows.values()),
        "ratios": {key: round(value, 2) for key, value in rows.items()},
    }
    print(json.dumps(line))


def _gpboost() -> str:
    """The Python that has GPBoost, '' where it cannot be installed here."""
    try:
        return str(peer_environment(GPBOOST, "pandas", "pyarrow") / "bin" / "python")
    except NotInstalled as reason:
        print(f"GPBoost: not installed, because {reason}")
        return ""


def one(path: str) -> None:
    """One fit of ours in this process; prints its seconds and its criterion."""
    warm = pd.DataFrame({"y": np.sin(np.arange(180.0)), "service": np.arange(180) % 2, "s": np.arange(180) % 20})
    fit_mixed(warm.assign(d=np.arange(180) % 9), FORMULA)
    data = pd.read_parquet(path)
    clock, cpu = time.perf_counter(), time.process_time()
    fit = fit_mixed(data, FORMULA)
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    print(json.dumps({"cpu": cpu, "clock": clock, "criterion": fit.criterion}))


def _compare(title: str, folder: Path, rounds: int, gpboost: str, *, published: bool) -> float:
    data = pd.read_csv(folder / "data.csv")
    data.to_parquet(folder / "data.parquet")
    if published:
        _check_published(data)
    (folder / "fit.R").write_text(R_FIT, encoding="utf-8")
    (folder / "gpboost_fit.py").write_text(GPBOOST_FIT, encoding="utf-8")
    commands = {
        "lme4": ["Rscript", str(folder / "fit.R"), str(folder / "data.rds")],
        "studyweb": [sys.executable, "-m", "benchmarks.mixed", "--one", str(folder / "data.parquet")],
    }
    if gpboost:
        commands["GPBoost"] = [gpboost, str(folder / "gpboost_fit.py"), str(folder / "data.parquet")]
    sides: dict[str, list[Turn]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            sides[name].append(_turn(command))
    assert all(sides["studyweb"][0].criterion < turn.criterion + 1e-3 for turn in sides["lme4"]), "lme4 found less"
    print(f"{title}: {FORMULA}, REML (GPBoost: ML)")
    print(f"  {'':<9}{'processor':>12}{'clock':>12}{'memory':>14}   criterion")
    for name, side in sides.items():
        cpu, clock = min(turn.cpu for turn in side), min(turn.clock for turn in side)
        memory = max(turn.mebibytes for turn in side)
        print(f"  {name:<9}{cpu:>10.2f} s{clock:>10.2f} s{memory:>10.0f} MiB   {side[0].criterion:.4f}")
    ratio = min(turn.cpu for turn in sides["lme4"]) / min(turn.cpu for turn in sides["studyweb"])
    print(f"  {ratio:.1f} times less processor time than lme4", flush=True)
    return ratio


def _check_published(data: pd.DataFrame) -> None:
    fit = fit_mixed(data, FORMULA)
    criterion, estimates, errors, spread = PUBLISHED
    assert abs(fit.criterion - criterion) < 0.05
    assert np.allclose([row.estimate for row in fit.fixed], estimates, rtol=0, atol=1e-6)
    assert np.allclose([row.std_error for row in fit.fixed], errors, rtol=0, atol=1e-7)
    assert np.allclose([*(row.sd for row in fit.random), fit.residual_sd], spread, rtol=0, atol=1e-5)


def _turn(command: list[str]) -> Turn:
    # Debian's R has a single-threaded BLAS; the others are held to one thread too.
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=one_thread) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    result = json.loads(said.strip().splitlines()[-1])
    return Turn(result["cpu"], result["clock"], result["criterion"], usage.ru_maxrss / 1024)


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
    parser.add_argument("--only", default="", choices=("insteval", "million"), help="one of the two sets of ratings")
    parser.add_argument("--one", metavar="FILE", help="used by this benchmark itself: one fit of ours")
    options = parser.parse_args()
    if options.one:
        one(options.one)
    else:
        main(options.rounds, options.only)
