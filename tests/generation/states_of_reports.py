"""The parity report, an article's panels, the models and the workers, in every state."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from generation import curation, downloads, registry, terms, trust, workers
from generation.engine.served import Server
from generation.models import Download, LanguageModel, TextScore, Worker
from generation.parity import gates
from generation.parity.report import LEAKS, PARITY, report_of
from surveys.articles import revise_article
from surveys.models import Article, Origin, Researcher, Role, Study
from tests.factories import ArmFactory, ArticleFactory, ResearcherFactory, StudyFactory, member, ready_study
from tests.generation.factories import CONTINUATION, address, built_in, claimed, queued, synthetic_arm, text_of, written
from tests.generation.parity.test_gates import LONG
from tests.generation.states import Shown, nothing_waits, seen

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LEAK = "As an AI language model, I cannot say more."


def of_reports(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Shown]:
    """All of them."""
    nothing_waits()
    yield from _parity()
    yield from _scores()
    yield from _articles()
    yield from _models()
    yield from _downloads()
    yield from _workers(monkeypatch, settings)


def _leaking() -> Study:
    study = ready_study(stories=6)
    for article in Article.objects.filter(study=study, origin=Origin.SYNTHETIC):
        revise_article(article, by=study.created_by, text=f"{article.text} {LONG} {LEAK}")
    return study


def _parity() -> Iterator[Shown]:
    study = StudyFactory()
    yield "parity, no texts", seen(study.created_by, address(study, "parity"))
    ArticleFactory(arm=ArmFactory(study=study, origin="synthetic"), text=f"{CONTINUATION} {LEAK}", model_name="m")
    yield "parity, leaks and nothing to compare with", seen(study.created_by, address(study, "parity"))
    clean = ready_study()
    yield "parity, alike", seen(clean.created_by, address(clean, "parity"))
    study = _leaking()
    by, page = study.created_by, address(study, "parity")
    another = ArmFactory(study=study, origin="synthetic", label="An invented long arm with a long label")
    ArticleFactory(arm=another, story=study.stories.first(), text=f"{LONG} {LONG}", model_name="m")
    yield "parity, differences and leaks", seen(by, page)
    yield "parity, to an observer", seen(member(study, Role.OBSERVER), page)
    yield "parity, no reason given", seen(by, address(study, "gate-override", LEAKS), {"reason": "", "findings": "x"})
    for gate in (LEAKS, PARITY):
        findings = report_of(study).findings_sha256(gate)
        gates.override(study, gate, by=by, reason="The published study had these texts.", findings=findings)
    yield "parity, left to stand", seen(by, page)


def _scores() -> Iterator[Shown]:
    study = ready_study()
    by, page = study.created_by, address(study, "parity")
    articles = list(Article.objects.filter(study=study))
    asked = {"language_model": built_in(), "requested_by": by}
    rows = [TextScore.objects.create(article=article, **asked) for article in articles]
    yield "parity, scores under way", seen(by, page)
    done = {"status": "done", "model_sha256": "0" * 64, "perplexity": 12.5, "ends": [3, 9, 14], "ranks": [1, 400]}
    TextScore.objects.filter(pk__in=[row.pk for row in rows]).update(**done)
    yield "parity, scored", seen(by, page)
    yield "article, scored", seen(by, reverse("workbench:study-article", args=[study.key, articles[0].key]))
    failed = {"status": "failed", "error": "The model's files are gone: download it again."}
    TextScore.objects.filter(pk=rows[0].pk).update(**failed)
    yield "parity, a score that failed", seen(by, page)


def _articles() -> Iterator[Shown]:
    batch = written(headline="The old bridge")
    curation.edit(text_of(batch), by=batch.created_by, text="Another wording of the whole text. And an end.")
    article = curation.accept(text_of(batch), by=batch.created_by, arm=synthetic_arm(batch.study))
    page = reverse("workbench:study-article", args=[batch.study.key, article.key])
    yield "article, where it came from", seen(batch.created_by, page)


def _page(name: str, *rest: str) -> str:
    return reverse(f"models:{name}", args=rest)


def _models() -> Iterator[Shown]:
    boss, guest = ResearcherFactory(is_superuser=True), ResearcherFactory()
    for who, name in ((boss, "who manages them"), (guest, "a researcher")):
        yield f"models, to {name}", seen(who, _page("index"))
        yield f"model, built in, to {name}", seen(who, _page("model", "built-in"))
        yield f"model, not here, to {name}", seen(who, _page("model", "gpt2"))
    for add in ("add-hub", "add-server"):
        yield f"model, {add}", seen(boss, _page(add))
        yield f"model, {add}, nothing typed", seen(boss, _page(add), {})
    server = Server(
        address="http://gpu.example.org:8000/v1", model="invented/large", key_variable="STUDYWEB_MODEL_KEY_A"
    )
    registry.add_server("guarded", server, name="An invented served model", terms="Say that a machine wrote it.")
    yield "model, terms to accept", seen(guest, _page("model", "guarded"))
    yield "models, terms to accept", seen(guest, _page("index"))
    large = LanguageModel.objects.get(key="guarded")
    assert terms.accept(large, guest, read=terms.terms_sha256(large))
    yield "model, terms accepted", seen(boss, _page("model", "guarded"))
    yield "model, terms that are wrong", seen(boss, _page("terms", "guarded"), {"terms_url": "no address"})
    gpt2 = LanguageModel.objects.get(key="gpt2-medium")
    yield "model, trusted without a reason", seen(boss, _page("trust", "gpt2-medium"), {"reason": ""})
    trust.set_trust(gpt2, trusts_code=True, reason="We wrote it ourselves.", by=boss)
    yield "model, trusted", seen(boss, _page("model", "gpt2-medium"))


def _downloads() -> Iterator[Shown]:
    boss = ResearcherFactory(is_superuser=True)
    model = LanguageModel.objects.get(key="gpt2")
    downloads.request(model, by=boss)
    mine = Download.objects.filter(language_model=model)
    lease = {"lease_owner": "somebody", "lease_expires_at": mine.get().requested_at}
    none = {"lease_owner": "", "lease_expires_at": None}
    changes: dict[str, dict[str, Any]] = {
        "queued": {},
        "running": {**lease, "bytes_done": 200_000_000, "bytes_total": 548_000_000},
        "cancelled": none,
        "failed": {**none, "error": "The hub does not answer: try again with a network."},
    }
    for status, change in changes.items():
        mine.update(status=status, **change)
        yield f"model, download {status}", seen(boss, _page("model", "gpt2"))
        if status == "running":
            yield "models, one under way", seen(boss, _page("index"))
            yield "workers, a download under way", seen(boss, _page("workers"))


def _workers(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Shown]:
    batch = queued()
    by: Researcher = batch.created_by
    Worker.objects.all().delete()
    yield "workers, none, and no broker", seen(by, _page("workers"))
    monkeypatch.setattr(workers, "messages", lambda: workers.Messages({"generation": 1, "fast": 0}))
    claimed(batch)
    workers.holds("An invented model", "cpu Invented")
    workers.report(batch=batch.pk)
    workers.holds("", "")
    queued(batch.study)
    yield "workers, at work, and who waits", seen(by, _page("workers"))
    yield "workers, to somebody else", seen(ResearcherFactory(), _page("workers"))
    kept, settings.DISK_RESERVE_MB = settings.DISK_RESERVE_MB, 10**9
    yield "workers, no room on the disk", seen(by, _page("workers"))
    settings.DISK_RESERVE_MB = kept
