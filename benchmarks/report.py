"""How long a report on 1,000,000 ratings takes, and how much memory: `python -m analysis report` on a Parquet file.

100,000 simulated people rate 10 of 200 articles in two arms, three items each. Twice, each in a process of its own: as
the file is, and with a plan as studies have it: a rule of exclusion by the people who arrived, an alternative one,
bounds of equivalence, a covariate, the items. The command reads the file, compares the arms, fits the crossed mixed
model, makes every section, draws the figures and writes HTML and JSON. `python -m benchmarks.report [--people N]`
prints a table and one line of JSON.

With `--database` the same many ratings lie in a PostgreSQL, three answers each, with what browsers said of every page,
and the fast worker's own code makes the report out of them (`analysis/reports.py`): reads the people, answers and
pages, judges the quality of each person's data, builds, stores. `--kept FOLDER` keeps the database for the next run.
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

from benchmarks._filled_study import ARTICLES, ITEMS, PER_PERSON, fill, postgres

BAR_SECONDS, BAR_MEBIBYTES = 60.0, 4096.0
# As studies have it: what the report does beside comparing the arms costs more than that.
PLAN = """
reference = "real"
main_contrast = "synthetic"
equivalence_bound = 0.3
exclusions = ["attention-failed:2"]
alternative_exclusions = ["faster-than:5"]
covariates = ["party"]
"""


def main(people: int, *, database: bool, kept: str) -> int:
    """Simulate, measure, print, and say whether both bars hold."""
    turns = {"from the database": _from_database(people, kept)} if database else _from_files(people)
    for what, turn in turns.items():
        print(f"{what:18}{turn['seconds']:7.1f} s{turn['cpu_seconds']:8.1f} s of CPU{turn['mebibytes']:8,.0f} MiB")
    holds = all(turn["seconds"] < BAR_SECONDS and turn["mebibytes"] < BAR_MEBIBYTES for turn in turns.values())
    print(
        json.dumps(
            {"benchmark": "report", "ratings": people * PER_PERSON, "cores": os.cpu_count(), "turns": [*turns.values()]}
            | {"holds": holds, "bars": [BAR_SECONDS, BAR_MEBIBYTES]}
        )
    )
    return 0 if holds else 1


def _from_files(people: int) -> dict[str, dict[str, float]]:
    """The command on a file, without a plan and with one."""
    with tempfile.TemporaryDirectory() as name:
        simulated(people).to_parquet(Path(name) / "ratings.parquet", index=False)
        arrived(people).to_parquet(Path(name) / "people.parquet", index=False)
        (Path(name) / "plan.toml").write_text(PLAN, encoding="utf-8")
        names = {"as the file is": False, "with a plan": True}
        return {what: _turn(Path(name), people, planned=planned) for what, planned in names.items()}


def _from_database(people: int, kept: str) -> dict[str, float]:
    """The worker's own path, in a process that begins with what every worker has loaded."""
    with tempfile.TemporaryDirectory() as name, postgres(kept) as url:
        environment = {**os.environ, "DATABASE_URL": url, "STUDYWEB_DATA_DIR": name}
        for step in ("fill", "make"):
            command = [sys.executable, "-m", "benchmarks.report", "--step", step, "--people", str(people)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{step}: {done.stderr[-4000:]}")
    turn: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return turn


def made(people: int) -> dict[str, float]:
    """One report as the fast worker makes it, with the time and the largest memory of this process."""
    from analysis import reports
    from analysis.models import Report
    from surveys.models import Mode, Study

    study = Study.objects.get()
    row = reports.request_report(study, by=study.created_by, mode=Mode.SIMULATED)
    begun, cpu = time.perf_counter(), time.process_time()
    reports.make(row.pk)
    seconds, used = time.perf_counter() - begun, time.process_time() - cpu
    row = Report.objects.get(pk=row.pk)
    assert row.status == Report.Status.DONE, row.error
    results = row.result["results"]
    assert results["crossed"]["fitted"]
    assert results["n_ratings"] == people * PER_PERSON
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used, 1),
        "mebibytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "megabytes": (len(row.html) + len(bytes(row.archive or b""))) / 1e6,
    }


def _turn(folder: Path, people: int, *, planned: bool) -> dict[str, float]:
    """One report by the command, with its time and its process's largest memory."""
    command = [sys.executable, "-m", "analysis", "report", f"{folder}/ratings.parquet", "--outcome", "credibility"]
    command += ["--reference", "real", "--json", f"{folder}/out.json", "--html", f"{folder}/out.html"]
    if planned:
        command += ["--plan", f"{folder}/plan.toml", "--items", ",".join(ITEMS), "--people", f"{folder}/people.parquet"]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    problem = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(problem[-4000:])
    results = json.loads((folder / "out.json").read_text(encoding="utf-8"))["results"]
    assert results["crossed"]["fitted"]
    assert planned or results["n_ratings"] == people * PER_PERSON
    assert not planned or (results["specifications"] and results["items"] and results["heterogeneity"])
    cpu = used.ru_utime + used.ru_stime
    return {"seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1), "mebibytes": round(used.ru_maxrss / 1024)}


def simulated(people: int) -> pd.DataFrame:
    """Ratings of 1 to 10 with a planted difference of the arms, and people and articles that differ."""
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(people), PER_PERSON)
    # Ten places far apart: nobody reads an article twice.
    article = (
        np.repeat(rng.integers(0, ARTICLES, people), PER_PERSON) + np.tile(np.arange(PER_PERSON) * 19, people)
    ) % ARTICLES
    synthetic = article % 2
    value = rng.normal(0, 1, people)[person] + rng.normal(0, 0.3, ARTICLES)[article] - 0.5 * synthetic
    # Three answers of 1 to 4, whose sum less 2 is the index of 1 to 10.
    items = {name: np.clip(np.round(2.7 + value / 3 + rng.normal(0, 0.7, person.size)), 1, 4) for name in ITEMS}
    return pd.DataFrame(
        {
            "participant": np.char.add("p", person.astype(str)),
            "arm": np.where(synthetic == 1, "synthetic", "real"),
            "origin": np.where(synthetic == 1, "synthetic", "real"),
            "article": np.char.add("a", article.astype(str)),
            **{name: item.astype(int) for name, item in items.items()},
            "credibility": sum(items.values()) - 2,
            "party": np.array(["left", "right", "neither"])[rng.integers(0, 3, people)][person],
            "seconds_on_page": np.round(rng.lognormal(3.3, 0.6, person.size), 1),
        }
    )


def arrived(people: int) -> pd.DataFrame:
    """Everybody who has ratings, and one in twenty more who left; three checks of attention each."""
    rng = np.random.default_rng(2)
    left = people // 20
    return pd.DataFrame(
        {
            "participant": np.char.add("p", np.arange(people + left).astype(str)),
            "arm": "balanced",
            "outcome": ["completed"] * people + ["left"] * left,
            "attention_failed": rng.binomial(3, 0.1, people + left),
        }
    )


def _step(name: str, people: int) -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyweb.settings")
    django.setup()
    if name == "fill":
        fill(people, views=True)
    else:
        print(json.dumps(made(people)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--database", action="store_true", help="out of the platform's own database")
    parser.add_argument("--kept", default="", metavar="FOLDER", help="where the database is kept for the next run")
    parser.add_argument("--step", choices=("fill", "make"), help="used by this benchmark itself")
    options = parser.parse_args()
    if options.step:
        _step(options.step, options.people)
    else:
        sys.exit(main(options.people, database=options.database, kept=options.kept))
