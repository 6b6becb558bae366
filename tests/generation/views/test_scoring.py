"""Scores asked for on the parity report, and words under their ranks on the pages of a draft and of an article."""

import re
from html import unescape
from pathlib import Path

import pytest
import redis
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from generation import curation, drafting, registry, rules, scores
from generation.engine import Prompt, Sampling
from generation.engine.served import Server
from generation.models import Batch, LanguageModel, TextScore
from surveys.models import Article, Origin, Study
from tests.factories import ArmFactory, ArticleFactory, StudyFactory
from tests.generation.engine.conftest import write_model
from tests.generation.factories import address, claimed, curator, queued, text_of, written

pytestmark = pytest.mark.django_db

REAL = ("The council voted on Tuesday to close the bridge.", "The mayor said repairs would begin in March.")
WRITTEN = ("Residents said they had not been asked. " * 3, "The harbour office declined to comment. " * 2)


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broker: redis.Redis) -> LanguageModel:
    monkeypatch.setattr(drafting, "_loaded", {})
    return registry.add_folder("tiny", write_model(tmp_path / "tiny", "llama"), name="An invented tiny model")


@pytest.fixture
def study(client: Client) -> Study:
    made: Study = StudyFactory()
    for origin, texts in ((Origin.REAL, REAL), (Origin.SYNTHETIC, WRITTEN)):
        arm = ArmFactory(study=made, origin=origin)
        for text in texts:
            ArticleFactory(arm=arm, text=text)
    client.force_login(made.created_by)
    return made


def report(client: Client, study: Study) -> str:
    return client.get(address(study, "parity")).content.decode()


def article_page(client: Client, study: Study, article: Article) -> str:
    return client.get(reverse("workbench:study-article", args=[study.key, article.key])).content.decode()


def drafted(model: LanguageModel) -> Batch:
    """A batch with one text, as the model wrote it."""
    batch = queued(language_model=model.key, text="The council voted", size=1)
    run, drafter = claimed(batch), drafting.loaded(model)
    for draft in drafter.draft(Prompt(batch.prompt.text), Sampling(max_tokens=30), [(0, 7)]):
        assert drafting.save(run, draft)
    return batch


def words_of(page: str) -> str:
    """The text that stands under its ranks."""
    found = re.search(r'<div class="review-text rank-text"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert found is not None, page
    return unescape(strip_tags(found[1]))


def test_the_report_has_perplexity_once_the_texts_are_scored(
    client: Client, study: Study, model: LanguageModel
) -> None:
    before = report(client, study)
    assert "Score the texts" in before
    assert '<th scope="row">Perplexity</th>' not in before
    asked = client.post(address(study, "scores"), {"model": "tiny"}, follow=True).content.decode()
    assert "4 texts are scored now." in asked
    assert "0 of 4 texts are scored" in asked
    scores.score_next()
    after = report(client, study)
    known = scores.perplexities(study, model)
    real = [known[article.key] for article in Article.objects.filter(study=study, origin=Origin.REAL)]
    row = re.search(r'<th scope="row">Perplexity</th>\s*<td class="num"[^>]*>([\d.]+)', after)
    assert row is not None
    assert float(row[1]) == pytest.approx(sum(real) / 2, rel=0.01)
    assert "4 of 4 texts are scored by An invented tiny model." in after


def test_perplexity_stands_in_no_gate(client: Client, study: Study, model: LanguageModel) -> None:
    def gate() -> list[str]:
        return re.findall(r'name="findings" value="(\w+)"', report(client, study))

    before = gate()
    scores.request(study, model, by=study.created_by)
    scores.score_next()
    assert gate() == before


def test_progress_asks_again_until_all_are_scored_and_then_loads_the_report(
    client: Client, study: Study, model: LanguageModel
) -> None:
    assert client.get(address(study, "scores-progress")).status_code == 286
    scores.request(study, model, by=study.created_by)
    waiting = client.get(address(study, "scores-progress"))
    assert 'hx-trigger="every 2s"' in waiting.content.decode()
    scores.score_next()
    assert client.get(address(study, "scores-progress")).headers["HX-Refresh"] == "true"


def test_texts_can_be_scored_as_soon_as_there_is_one_and_not_before(client: Client, model: LanguageModel) -> None:
    study = StudyFactory()
    client.force_login(study.created_by)
    form = f'action="{address(study, "scores")}"'
    assert form not in report(client, study)
    article = ArticleFactory(arm=ArmFactory(study=study), text=WRITTEN[0])
    page = report(client, study)
    assert "Nothing to compare yet" in page
    assert form in page
    client.post(address(study, "scores"), {"model": model.key})
    assert scores.score_next() == 1
    assert "1 text is scored" in report(client, study) or "1 of 1" in report(client, study)
    assert "rank-text" in article_page(client, study, article)


def test_why_a_text_could_not_be_scored_stands_in_the_report(
    client: Client, study: Study, model: LanguageModel, tmp_path: Path
) -> None:
    scores.request(study, model, by=study.created_by)
    (tmp_path / "tiny").rename(tmp_path / "gone")
    scores.score_next()
    page = report(client, study)
    assert "4 texts could not be scored:" in page
    assert "is not on this machine" in page


def test_a_served_model_is_not_offered_and_is_refused_with_the_reason(
    client: Client, study: Study, model: LanguageModel
) -> None:
    registry.add_server("served", Server("http://127.0.0.1:9", "m", "vllm", "", 100))
    assert '<option value="served"' not in report(client, study)
    refused = client.post(address(study, "scores"), {"model": "served"}, follow=True).content.decode()
    assert "A served model cannot score texts" in refused
    unknown = client.post(address(study, "scores"), {"model": "no such"}, follow=True).content.decode()
    assert "Choose the model that is to score the texts." in unknown
    assert not TextScore.objects.exists()


def test_an_articles_page_shows_its_words_under_their_ranks(client: Client, study: Study, model: LanguageModel) -> None:
    article = Article.objects.filter(study=study)[0]
    assert "rank-text" not in article_page(client, study, article)
    scores.request(study, model, by=study.created_by)
    scores.score_next()
    page = article_page(client, study, article)
    assert words_of(page) == article.text
    assert page.count('class="rank rank-') >= 4
    assert "An invented tiny model, perplexity" in page
    assert "style=" not in page


def test_a_curator_of_a_blind_study_sees_no_ranks_there(client: Client, study: Study, model: LanguageModel) -> None:
    scores.request(study, model, by=study.created_by)
    scores.score_next()
    rules.set_rules(study, by=study.created_by, is_blind=True, most_edited=None)
    client.force_login(curator(study))
    page = article_page(client, study, Article.objects.filter(study=study)[0])
    assert "rank-text" not in page
    assert "An invented tiny model" not in page


def test_a_draft_shows_the_words_that_its_model_wrote(client: Client, model: LanguageModel) -> None:
    batch = drafted(model)
    client.force_login(batch.created_by)
    text = text_of(batch)
    assert text.raw_text
    url = address(batch.study, "ranks", 1, 0)
    whole = client.get(url).content.decode()
    assert words_of(whole) == text.raw_text
    assert "<h1>" in whole
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert words_of(part) == text.raw_text
    assert "<html" not in part
    assert url in client.get(address(batch.study, "candidate", 1, 0)).content.decode()


def test_a_blind_curator_sees_the_ranks_once_the_study_is_frozen(client: Client, model: LanguageModel) -> None:
    batch = drafted(model)
    rules.set_rules(batch.study, by=batch.created_by, is_blind=True, most_edited=None)
    client.force_login(curator(batch.study))
    curation.reject(text_of(batch), by=batch.created_by, reason="It makes no sense.")
    url = address(batch.study, "ranks", 1, 0)
    assert "rank-legend" not in client.get(url).content.decode()
    version = batch.study.versions.create(number=1, document="{}", sha256="0" * 64, frozen_by=batch.created_by)
    Study.objects.filter(pk=batch.study.pk).update(status=Study.Status.FROZEN, current_version=version)
    assert "rank-legend" in client.get(url).content.decode()


def test_a_text_of_a_server_says_why_it_has_no_ranks(client: Client) -> None:
    batch = written()
    batch.candidates.update(token_ids=[], ranks=[])
    client.force_login(batch.created_by)
    assert "a served model tells no ranks" in client.get(address(batch.study, "ranks", 1, 0)).content.decode()


def test_a_text_whose_models_files_are_gone_says_so(client: Client, model: LanguageModel, tmp_path: Path) -> None:
    batch = drafted(model)
    (tmp_path / "tiny").rename(tmp_path / "gone")
    client.force_login(batch.created_by)
    assert "are not on this machine" in client.get(address(batch.study, "ranks", 1, 0)).content.decode()
