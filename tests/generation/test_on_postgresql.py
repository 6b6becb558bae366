"""What a database that holds columns to their lengths makes of the log of curation."""

import pytest

from generation import curation
from generation.assignments import assign
from generation.leaving import release
from surveys import audit
from surveys.models import Researcher
from tests.generation.factories import curator, synthetic_arm, text_of, written

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("postgres_database")]


def test_the_log_has_room_for_a_large_pick_the_highest_seed_and_the_longest_address() -> None:
    batch = written([f" The bridge number {n} was closed." for n in range(60)])
    study, by = batch.study, batch.created_by
    reader = curator(study)
    Researcher.objects.filter(pk=reader.pk).update(email=f"{'x' * 242}@example.org")
    reader.refresh_from_db()
    assign(study, [text_of(batch)], by=by, curators=[reader], each=1, seed=2**63 - 1)
    release(study, reader, by=by)
    articles = curation.random_pick(batch, by=by, k=55, seed=2**63 - 1, arm=synthetic_arm(study))
    assert len(articles) == 55
    assert audit.verify(study) == []
