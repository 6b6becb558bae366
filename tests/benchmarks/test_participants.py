"""The participants' benchmark: no figure from a wrong run, the right verdict, CPU time that is really measured."""

import subprocess
import sys
import time
from collections import Counter

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks._participants_servers import cpu_seconds
from benchmarks._participants_walk import ARTICLES, Given, answers
from benchmarks.participants import Turn, WrongRun, check, percentile, verdict

PAGES = [answers("reader 1", position) for position in range(ARTICLES)]


def test_a_run_whose_answers_are_all_recorded_once_counts() -> None:
    check("a side", PAGES, Counter(reversed(PAGES)))


@pytest.mark.parametrize(
    "recorded",
    [
        pytest.param(PAGES[1:], id="one is lost"),
        pytest.param([*PAGES, PAGES[0]], id="one is doubled"),
        pytest.param([PAGES[0]._replace(clear="4"), *PAGES[1:]], id="one is altered"),
        pytest.param([*PAGES, answers("a stranger", 0)], id="one was never sent"),
        pytest.param([], id="nothing is there"),
    ],
)
def test_a_run_whose_answers_are_not_all_recorded_once_has_no_figure(recorded: list[Given]) -> None:
    assert PAGES[0].clear != "4"
    with pytest.raises(WrongRun, match="a side"):
        check("a side", PAGES, Counter(recorded))


def test_no_two_pages_of_a_run_are_answered_alike() -> None:
    pages = [answers(f"reader {number}", position) for number in range(30) for position in range(ARTICLES)]
    assert len(set(pages)) == len(pages)
    assert {page.believable for page in pages} == {"1", "2", "3", "4"}


def test_the_bar_holds_at_a_sixth_of_otree_and_below_bare_django() -> None:
    line = verdict({"studyweb": 4.0, "bare Django": 8.0, "oTree 6.0.15": 24.0})
    assert line == {
        "benchmark": "participants",
        "ratio": 6.0,
        "bar": 6.0,
        "holds": True,
        "against_bare_django": 2.0,
    }


@pytest.mark.parametrize(
    ("bare", "otree", "what"),
    [(8.0, 23.9, "more than a sixth of oTree"), (3.9, 40.0, "more than bare Django")],
)
def test_the_bar_falls_if_either_peer_is_too_near(bare: float, otree: float, what: str) -> None:
    assert verdict({"studyweb": 4.0, "bare Django": bare, "oTree 6.0.15": otree})["holds"] is False, what


def test_without_otree_there_is_no_ratio_and_the_bar_does_not_hold() -> None:
    line = verdict({"studyweb": 4.0, "bare Django": 8.0})
    assert line["ratio"] is None
    assert line["holds"] is False
    assert line["against_bare_django"] == 2.0


def test_a_turns_cost_is_per_submitted_page() -> None:
    spent = Turn(web=0.6, database=0.12, load=0.3, seconds=(0.01,) * 120)
    assert spent.ms("web") == pytest.approx(5.0)
    assert spent.ms("database") == pytest.approx(1.0)


@given(st.lists(st.floats(0, 100), min_size=1), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_the_smallest_value_that_enough_values_do_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_cpu_time_counts_work_and_not_waiting_and_keeps_what_an_ended_child_used() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass\n"
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}])\nprint(flush=True)\ninput()"
    started = subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert started.stdout is not None
        started.stdout.readline()
        process = psutil.Process(started.pid)
        with_child = cpu_seconds(process)
        time.sleep(0.3)
        assert with_child >= 0.3
        assert cpu_seconds(process) == pytest.approx(with_child, abs=0.02)
        assert cpu_seconds(process, with_children=False) < 0.3
    finally:
        started.communicate(b"\n", timeout=10)
