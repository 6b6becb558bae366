"""The worker computes in 8 bits where the installation says so, and the lineage tells."""

from pathlib import Path
from typing import Any

import pytest

from generation import drafting, registry
from generation.models import Run
from tests.generation.engine.conftest import write_model
from tests.generation.factories import queued

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("asked", [True, False])
def test_each_run_says_whether_its_products_were_computed_in_8_bits(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    settings.GENERATION_EIGHT_BITS = asked
    monkeypatch.setattr(drafting, "_loaded", {})
    registry.add_folder("tiny", write_model(tmp_path / "tiny", "llama"))
    batch = queued(language_model="tiny", text="The council voted")
    drafting.draft_next()
    batch.refresh_from_db()
    assert batch.status == batch.Status.DONE, batch.error
    assert ("int8" in Run.objects.get().engine_versions["dtype"]) == asked
