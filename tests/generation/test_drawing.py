"""The random pick: recorded and replayed, and only of a whole batch in which no person chose or wrote."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import continuing, curation, drafting, drawing
from generation.curation import CurationError, standing_text
from generation.editing import take_back_edit
from surveys.articles import ArticleError
from surveys.models import Curation, Origin
from tests.factories import ArmFactory
from tests.generation.factories import CONTINUATION, claimed, curator, draft, queued, synthetic_arm, text_of, written

pytestmark = pytest.mark.django_db


def test_a_random_pick_is_recorded_with_its_seed_and_can_be_replayed() -> None:
    batch = written([CONTINUATION] * 5)
    arm = synthetic_arm(batch.study, curation=Curation.UNCURATED)
    articles = drawing.random_pick(batch, by=curator(batch.study), k=2, seed=42, arm=arm)
    accepted = batch.candidates.filter(decision="accepted").order_by("index")
    assert [text.index for text in accepted] == drawing.picked(list(range(5)), 2, 42)
    assert [article.curation for article in articles] == [Curation.UNCURATED] * 2
    for text in accepted:
        assert "random pick of 2 among 5" in text.reviews.get().rule
        assert "seed 42" in text.reviews.get().rule


def test_the_record_of_a_random_pick_is_in_english_whoever_clicks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_", lambda text: "Aus einem anderen Katalog")
    batch = written()
    drawing.random_pick(batch, by=curator(batch.study), k=1, seed=7, arm=synthetic_arm(batch.study))
    rule = batch.candidates.get(decision="accepted").reviews.get().rule
    assert rule == f"random pick of 1 among 3 texts of batch {batch.number}, seed 7"


def test_a_random_pick_is_refused_once_somebody_decided() -> None:
    batch = written()
    curation.reject(text_of(batch), by=curator(batch.study), reason="r")
    with pytest.raises(CurationError, match="not random"):
        drawing.random_pick(batch, by=curator(batch.study), k=1, seed=1, arm=None)


def test_a_random_pick_waits_for_the_whole_batch() -> None:
    batch = queued()
    with pytest.raises(CurationError, match="not complete"):
        drawing.random_pick(batch, by=curator(batch.study), k=1, seed=1, arm=None)


def test_a_random_pick_leaves_failed_texts_out_on_purpose_only_and_its_rule_says_how_many() -> None:
    batch = written([CONTINUATION] * 4)
    batch.candidates.filter(index=0).update(state="failed", raw_text="", text="", run=None)
    by, arm = curator(batch.study), synthetic_arm(batch.study)
    with pytest.raises(CurationError, match="1 text failed"):
        drawing.random_pick(batch, by=by, k=1, seed=1, arm=arm)
    drawing.random_pick(batch, by=by, k=3, seed=1, arm=arm, without_failed=True)
    accepted = batch.candidates.filter(decision="accepted").order_by("index")
    assert [text.index for text in accepted] == [1, 2, 3]
    rule = f"random pick of 3 among 3 texts of batch {batch.number} (1 that failed left out), seed 1"
    assert accepted[0].reviews.get().rule == rule
    assert batch.study.audit.get(verb="random pick").subject == rule


def test_the_rule_of_a_random_pick_says_how_many_texts_were_empty() -> None:
    batch = written([CONTINUATION, CONTINUATION, " "])
    batch.candidates.filter(index=0).update(state="failed", raw_text="", text="", run=None)
    arm = synthetic_arm(batch.study)
    drawing.random_pick(batch, by=curator(batch.study), k=1, seed=1, arm=arm, without_failed=True)
    rule = f"random pick of 1 among 1 texts of batch {batch.number} (1 that failed, 1 empty left out), seed 1"
    assert text_of(batch, 1).reviews.get().rule == rule


@pytest.mark.parametrize("drawn", [0, 1])
def test_nothing_is_drawn_of_a_batch_in_which_people_wrote_whichever_text_the_draw_would_take(drawn: int) -> None:
    """Else who dislikes the refusal draws with other seeds until an edited text is left out."""
    batch = written([CONTINUATION] * 2)
    by = curator(batch.study)
    written_in = curation.edit(text_of(batch), by=by, text="All of it was written by people.")
    seed = next(seed for seed in range(99) if drawing.picked([0, 1], 1, seed) == [drawn])
    with pytest.raises(CurationError, match="People edited 1 text of this batch"):
        drawing.random_pick(batch, by=by, k=1, seed=seed, arm=None)
    take_back_edit(written_in, by=by)
    (article,) = drawing.random_pick(batch, by=by, k=1, seed=seed, arm=None)
    assert article.lineage["edited"]["share"] == 0


def test_nothing_is_drawn_of_a_batch_whose_empty_text_people_filled_in() -> None:
    batch = written([CONTINUATION, " "])
    by = curator(batch.study)
    curation.edit(text_of(batch, 1), by=by, text="All of it was written by people.")
    with pytest.raises(CurationError, match="People edited 1 text of this batch"):
        drawing.random_pick(batch, by=by, k=1, seed=1, arm=None)


def test_nothing_is_drawn_of_a_batch_that_goes_on_from_a_text_that_somebody_chose() -> None:
    parent = text_of(written())
    cut = continuing.places_to_cut(standing_text(parent))[0][0]
    by = parent.batch.created_by
    batch = continuing.continue_from(parent, by=by, cut=cut, size=1, max_tokens=4)
    run = claimed(batch)
    assert drafting.save(run, draft(0))
    with pytest.raises(CurationError, match="goes on from a text that somebody chose"):
        drawing.random_pick(batch, by=by, k=1, seed=1, arm=None)


def test_of_texts_that_a_server_refused_nobody_is_told_to_try_again() -> None:
    batch = written([CONTINUATION] * 3)
    empty = {"state": "failed", "raw_text": "", "text": "", "run": None}
    batch.candidates.filter(index=0).update(**empty, error="The server wrote no text (content_filter).")
    by = curator(batch.study)
    with pytest.raises(CurationError, match="refused 1 text, and is not asked for it again") as told:
        drawing.random_pick(batch, by=by, k=1, seed=1, arm=None)
    assert "Try it again" not in str(told.value)
    batch.candidates.filter(index=1).update(**empty)
    with pytest.raises(CurationError, match=r"refused 1 text.* 1 text failed\. Try it again first"):
        drawing.random_pick(batch, by=by, k=1, seed=1, arm=None)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_is_one_that_can_be_recorded(seed: int) -> None:
    batch = written()
    with pytest.raises(CurationError, match="2\\^63"):
        drawing.random_pick(batch, by=batch.created_by, k=1, seed=seed, arm=None)


@pytest.mark.parametrize("k", [0, -1, 4])
def test_a_random_pick_takes_no_more_than_there_are(k: int) -> None:
    batch = written()
    with pytest.raises(CurationError, match="Pick 1 to 3"):
        drawing.random_pick(batch, by=curator(batch.study), k=k, seed=1, arm=None)


def test_a_random_pick_that_fails_in_the_middle_leaves_nothing() -> None:
    batch = written()
    with pytest.raises(ArticleError):
        drawing.random_pick(
            batch, by=curator(batch.study), k=2, seed=1, arm=ArmFactory(study=batch.study, origin=Origin.REAL)
        )
    assert not batch.candidates.exclude(decision="pending").exists()


@given(st.sets(st.integers(0, 500), min_size=1, max_size=60), st.integers(0, 2**31), st.randoms())
def test_the_draw_depends_on_the_seed_and_the_indices_alone(
    indices: set[int], seed: int, chance: random.Random
) -> None:
    k = chance.randint(1, len(indices))
    drawn = drawing.picked(chance.sample(sorted(indices), len(indices)), k, seed)
    assert drawn == drawing.picked(sorted(indices), k, seed)
    assert len(drawn) == k
    assert set(drawn) <= indices


def test_over_many_seeds_each_text_is_drawn_about_equally_often() -> None:
    drawn = Counter(index for seed in range(4000) for index in drawing.picked(list(range(8)), 2, seed))
    # 1,000 are expected of each; the bounds are those of a binomial count at 99.99%, for eight counts at once.
    assert all(abs(count - 1000) < 120 for count in drawn.values())
