"""Scoring a study's texts by a worker: what is asked for is done once, by the model that says so, or says why not."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.db import connection
from django.utils import timezone

from generation import drafting, registry, scores
from generation.engine.drafter import Drafter
from generation.engine.scoring import score
from generation.engine.served import Server
from generation.models import LanguageModel, TextScore
from generation.scores import ScoringError
from studyweb import leases
from surveys.articles import take_down
from surveys.models import Article, Study
from tests.factories import ArmFactory, ArticleFactory
from tests.generation.engine.conftest import write_model
from tests.postgres import close_all_connections

pytestmark = pytest.mark.django_db

Status = TextScore.Status
TEXTS = (
    "The council voted on Tuesday to close the bridge.",
    "Residents said they had not been asked.",
    "市長は橋を閉鎖すると言った。",
)


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broker: redis.Redis) -> LanguageModel:
    monkeypatch.setattr(drafting, "_loaded", {})
    return registry.add_folder("tiny", write_model(tmp_path / "tiny", "llama"), name="An invented tiny model")


@pytest.fixture
def study() -> Study:
    arm = ArmFactory()
    for text in TEXTS:
        ArticleFactory(arm=arm, text=text)
    made: Study = arm.study
    return made


def asked(study: Study, model: LanguageModel) -> int:
    return scores.request(study, model, by=study.created_by)


def test_each_text_gets_the_scores_that_the_engine_gives(study: Study, model: LanguageModel) -> None:
    assert asked(study, model) == 3
    assert scores.score_next() == 3
    drafter = Drafter.load(Path(model.location), registry.files(model).identity)
    for article in Article.objects.filter(study=study):
        row = TextScore.objects.get(article=article)
        expected = score(drafter, [article.text])[0]
        assert row.perplexity == pytest.approx(expected.perplexity, rel=1e-4)
        assert (row.ranks, row.ends) == (list(expected.ranks), list(expected.ends))
        assert row.ends[-1] == len(article.text)
        assert (row.model_sha256, row.status) == (drafter.identity.digest(), Status.DONE)
        assert "dtype" in row.engine_versions


def test_asking_twice_does_nothing_twice(study: Study, model: LanguageModel) -> None:
    asked(study, model)
    assert asked(study, model) == 0
    assert (scores.score_next(), scores.score_next(), asked(study, model)) == (3, 0, 0)
    assert TextScore.objects.count() == 3


def test_one_message_wakes_a_worker_for_all_texts(
    study: Study, model: LanguageModel, broker: redis.Redis, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        asked(study, model)
    assert broker.llen("generation") == 1
    assert scores.sweep() == 0
    TextScore.objects.update(announced_at=timezone.now() - timedelta(minutes=5))
    assert (scores.sweep(), broker.llen("generation")) == (1, 2)


def test_progress_counts_what_is_scored(study: Study, model: LanguageModel) -> None:
    assert scores.progress(study) is None
    asked(study, model)
    waiting = scores.progress(study)
    assert waiting is not None
    assert (waiting.total, waiting.done, waiting.is_open) == (3, 0, True)
    scores.score_next()
    over = scores.progress(study)
    assert over is not None
    assert (over.done, over.failed, over.is_open) == (3, 0, False)
    assert len(scores.perplexities(study, model)) == 3


def test_what_another_worker_holds_is_left_to_it_until_its_lease_runs_out(study: Study, model: LanguageModel) -> None:
    asked(study, model)
    held = TextScore.objects.order_by("pk")[:1].get()
    lease = {
        "status": Status.RUNNING,
        "lease_owner": "another",
        "lease_expires_at": timezone.now() + scores.LEASES.length,
    }
    TextScore.objects.filter(pk=held.pk).update(**lease)
    assert scores.score_next() == 2
    TextScore.objects.filter(pk=held.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert scores.score_next() == 1


def test_a_text_whose_workers_died_three_times_is_given_up_with_a_sentence(study: Study, model: LanguageModel) -> None:
    asked(study, model)
    TextScore.objects.filter(article=Article.objects.order_by("pk")[0]).update(attempts=scores.MOST_ATTEMPTS)
    assert scores.score_next() == 2
    found = scores.progress(study)
    assert found is not None
    assert found.failed == 1
    assert "stopped 3 times" in found.error
    assert asked(study, model) == 1
    assert scores.score_next() == 1


def test_a_model_that_went_away_fails_with_a_sentence(study: Study, model: LanguageModel, tmp_path: Path) -> None:
    asked(study, model)
    (tmp_path / "tiny").rename(tmp_path / "gone")
    assert scores.score_next() == 0
    found = scores.progress(study)
    assert found is not None
    assert (found.failed, found.is_open) == (3, False)
    assert "is not on this machine" in found.error


def test_a_model_whose_files_changed_scores_everything_again(
    study: Study, model: LanguageModel, tmp_path: Path
) -> None:
    asked(study, model)
    scores.score_next()
    before = set(TextScore.objects.values_list("model_sha256", flat=True))
    (tmp_path / "tiny").rename(tmp_path / "old")
    write_model(tmp_path / "tiny", "llama", scale=0.5)
    ArticleFactory(arm=study.arms.get(), text="A fourth text.")
    assert asked(study, model) == 1
    assert scores.score_next() == 4
    after = set(TextScore.objects.values_list("model_sha256", flat=True))
    assert len(after) == 1
    assert after != before


def test_a_slice_ends_in_time_and_the_next_goes_on(
    study: Study, model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "AT_ONCE", 2)
    asked(study, model)
    ticks = iter([0, 1, scores.SLICE_SECONDS + 1])
    assert scores.score_next(clock=lambda: next(ticks)) == 2
    assert scores.score_next(stopping=lambda: True) == 0
    assert scores.score_next() == 1


def test_a_text_that_was_taken_down_is_not_scored(study: Study, model: LanguageModel) -> None:
    asked(study, model)
    take_down(Article.objects.order_by("pk")[0], by=study.created_by)
    assert scores.score_next() == 2
    found = scores.progress(study)
    assert found is not None
    assert (found.total, found.is_open) == (2, False)


def test_a_served_model_and_one_that_is_not_here_are_refused(
    study: Study, model: LanguageModel, tmp_path: Path
) -> None:
    served = registry.add_server("served", Server("http://127.0.0.1:9", "m", "vllm", "", 100))
    with pytest.raises(ScoringError, match="served model cannot score"):
        asked(study, served)
    assert served not in scores.models()
    (tmp_path / "tiny").rename(tmp_path / "gone")
    with pytest.raises(ScoringError, match="not on this machine"):
        asked(study, model)
    assert not TextScore.objects.exists()


def test_a_closed_model_scores_only_for_those_who_accepted_its_terms(study: Study, model: LanguageModel) -> None:
    model.terms = "Invented terms."
    model.save()
    with pytest.raises(ScoringError, match="terms"):
        asked(study, model)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_database_that_closes_its_connections_fails_no_text(
    postgres_database: None, study: Study, model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "WAITS", (0.01,) * 9)
    asked(study, model)

    def stopping() -> bool:
        close_all_connections()
        return False

    assert scores.score_next(stopping=stopping) == 0
    assert set(TextScore.objects.values_list("status", flat=True)) == {Status.QUEUED}
    assert scores.score_next() == 3


@pytest.mark.django_db(transaction=True)
def test_on_a_full_disk_texts_wait_until_there_is_room(study: Study, model: LanguageModel, broker: redis.Redis) -> None:
    asked(study, model)
    told = broker.llen("generation")
    with connection.cursor() as cursor:
        # What SQLite says then, of each score that is to be stored; giving texts back still finds room.
        cursor.execute(
            "CREATE TEMP TRIGGER full BEFORE UPDATE OF perplexity ON generation_textscore WHEN NEW.perplexity NOT NULL "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    assert scores.score_next() == 0
    assert set(TextScore.objects.values_list("status", "error", "attempts")) == {(Status.QUEUED, "", 0)}
    assert broker.llen("generation") == told, "nobody is woken at once, to meet the same full disk"
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER full")
    assert scores.score_next() == 3
