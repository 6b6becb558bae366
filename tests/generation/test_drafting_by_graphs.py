"""The worker replays steps where the installation lets it, and each run's lineage says whether it did."""

from pathlib import Path
from typing import Any

import pytest

from generation import drafting, registry
from generation.engine import drafter as engine
from generation.engine.graphs import EAGER, GRAPHS, Graphs, Repeater, Work
from generation.models import Run
from tests.generation.engine.conftest import write_model
from tests.generation.factories import queued

pytestmark = pytest.mark.django_db(transaction=True)


class Refusing(Repeater):
    """A device that cannot capture."""

    def record(self, work: Work) -> Work:
        """Raise as PyTorch does where a step asks for what a capture forbids."""
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing")


def steps_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Repeater]) -> str:
    """Draft a batch where steps are recorded by `kind`, as they would be by a GPU; return what its run says of them."""
    monkeypatch.setattr(drafting, "_loaded", {})
    monkeypatch.setattr(engine, "graphs_of", lambda model: Graphs(kind))
    registry.add_folder("tiny", write_model(tmp_path / "tiny", "llama"))
    batch = queued(language_model="tiny", text="The council voted")
    drafting.draft_next()
    batch.refresh_from_db()
    assert batch.status == batch.Status.DONE, batch.error
    return str(Run.objects.get().engine_versions["steps"])


@pytest.mark.parametrize(("asked", "said"), [(True, GRAPHS), (False, EAGER)])
def test_each_run_says_whether_its_steps_were_replayed(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool, said: str
) -> None:
    settings.GENERATION_CUDA_GRAPHS = asked
    assert steps_of_a_run(tmp_path, monkeypatch, Repeater) == said


def test_a_run_whose_graphs_were_given_up_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = steps_of_a_run(tmp_path, monkeypatch, Refusing)
    assert said.startswith(f"{EAGER}, after {GRAPHS} were given up: ")
    assert "not permitted when stream is capturing" in said
