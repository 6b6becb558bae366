"""The demonstration study: there once, sound, honest about what it shows."""

import pytest

from studyweb.demonstration import BUILTIN_MODEL, ensure_demonstration, invented_articles
from surveys import audit
from surveys.models import Article, Researcher, Study
from surveys.readiness import readiness

pytestmark = pytest.mark.django_db


def test_it_is_made_once(researcher: Researcher) -> None:
    first = ensure_demonstration(researcher)
    again = ensure_demonstration(researcher)
    assert again == first
    assert Study.objects.count() == 1


def test_its_originals_are_invented_and_say_so(researcher: Researcher) -> None:
    study = ensure_demonstration(researcher)
    articles = list(Article.objects.filter(study=study))
    assert len(articles) == len(invented_articles()) >= 4
    for article in articles:
        assert article.is_invented
        assert article.origin == "real"
        assert article.arm is not None
        assert article.arm.key == "original"


def test_its_machine_written_arms_wait_for_generated_texts(researcher: Researcher) -> None:
    study = ensure_demonstration(researcher)
    waiting = study.arms.filter(origin="synthetic").order_by("position")
    assert [(arm.curation, arm.model_slot) for arm in waiting] == [
        ("curated", BUILTIN_MODEL),
        ("uncurated", BUILTIN_MODEL),
    ]
    assert not Article.objects.filter(study=study, origin="synthetic").exists()


def test_only_the_articles_to_be_generated_stand_between_it_and_its_launch(researcher: Researcher) -> None:
    study = ensure_demonstration(researcher)
    still_open = [gate for gate in readiness(study) if gate.blocks and not gate.passed]
    assert [gate.where for gate in still_open] == ["articles"]


def test_its_audit_chain_holds(researcher: Researcher) -> None:
    assert audit.verify(ensure_demonstration(researcher)) == []
