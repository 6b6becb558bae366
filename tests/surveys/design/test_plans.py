"""The same seed gives the same plan on any machine: every kind of design gives what was once written down."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from tests.surveys.design import plans

SHOW = (
    "import sys; from tests.surveys.design import plans; sys.stdout.writelines(f'{line}\\n' for line in plans.lines())"
)


def _written() -> str:
    return plans.WRITTEN.read_text(encoding="utf-8")


def test_every_kind_of_design_is_written_down_and_none_has_problems() -> None:
    named = [line.removeprefix("# ") for line in _written().splitlines() if line.startswith("#")]
    assert named == [name for name, _ in plans.designs()]
    assert {name: spec.problems() for name, spec in plans.designs() if spec.problems()} == {}


def test_every_design_gives_the_plans_that_were_written_down() -> None:
    assert list(plans.lines()) == _written().splitlines()


@pytest.mark.parametrize("hash_seed", ["0", "4294967295"])
def test_a_process_that_orders_sets_otherwise_and_speaks_another_language_gives_the_same(hash_seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "LC_ALL": "C", "TZ": "Pacific/Kiritimati"}
    shown = subprocess.run(
        [sys.executable, "-c", SHOW],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert shown.stdout.decode() == _written()
