"""The worker replays steps where the installation lets it, and each run's lineage says whether it did."""

from pathlib import Path
from typing import Any

import pytest

from generation import drafting, registry
from generation.engine import Sampling
from generation.engine import drafter as engine
from generation.engine.graphs import EAGER, GRAPHS, Graphs, Repeater, Work
from generation.models import Batch
from tests.generation.engine.conftest import write_model
from tests.generation.factories import queued

pytestmark = pytest.mark.django_db(transaction=True)


class Refusing(Repeater):
    """A device that cannot capture."""

    def record(self, work: Work) -> Work:
        """Raise as PyTorch does where a step asks for what a capture forbids."""
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing")


def drafted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Repeater], **asked: Any) -> Batch:
    """A batch that was drafted where steps are recorded by `kind`, as they would be by a GPU."""
    monkeypatch.setattr(drafting, "_loaded", {})
    monkeypatch.setattr(engine, "graphs_of", lambda model: Graphs(kind))
    registry.add_folder("tiny", write_model(tmp_path / "tiny", "llama"))
    batch = queued(language_model="tiny", text="The council voted", **asked)
    drafting.draft_next()
    batch.refresh_from_db()
    assert batch.status == batch.Status.DONE, batch.error
    return batch


def steps_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Repeater]) -> str:
    """What the one run of such a batch says of its steps."""
    return str(drafted(tmp_path, monkeypatch, kind).runs.get().engine_versions["steps"])


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


class RefusingLate(Repeater):
    """A device that captures until a second shape is needed, as texts leave and fewer are under way."""

    def __init__(self) -> None:
        self.recorded = 0

    def record(self, work: Work) -> Work:
        """Record the first shape and no other."""
        self.recorded += 1
        return super().record(work) if self.recorded == 1 else Refusing().record(work)


def test_texts_that_ended_before_graphs_were_given_up_keep_what_their_run_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampling = Sampling(temperature=1.2, max_tokens=40, stop=("co", " the", "Q"))
    batch = drafted(tmp_path, monkeypatch, RefusingLate, sampling=sampling, size=12)
    before, after = batch.runs.order_by("number")
    assert before.engine_versions["steps"] == GRAPHS
    assert after.engine_versions["steps"].startswith(f"{EAGER}, after {GRAPHS} were given up: ")
    assert before.engine_versions | {"steps": ""} == after.engine_versions | {"steps": ""}
    assert before.candidates.count() + after.candidates.count() == 12
    for one, other in ((before, after), (after, before)):
        assert one.candidates.exists()
        assert one.promised == one.candidates.count(), "what is written is promised no more, and nothing twice"
        assert (one.model_identity, one.owner, one.drafting_since) == (
            other.model_identity, other.owner, other.drafting_since
        )  # fmt: skip
