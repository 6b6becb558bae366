"""The demonstration study: a draft that a newcomer can look at, fill with generated articles, and launch.

Its 'real' articles are invented and marked so; its machine-written arms are empty, for the built-in model to fill.
"""

import tomllib
from dataclasses import dataclass
from importlib import resources

from django.db import transaction
from django.utils.translation import gettext as _

from surveys.articles import add_article, story_named
from surveys.drafting import add_arm, change_definition, delete_arm
from surveys.lifecycle import new_study
from surveys.models import Arm, Curation, Origin, Researcher, Study

BUILTIN_MODEL = "SmolLM2-135M-Instruct"


@dataclass(frozen=True)
class InventedArticle:
    """An article that nobody printed, standing in for a real one."""

    story: str
    headline: str
    text: str


def invented_articles() -> list[InventedArticle]:
    """The articles of the demonstration, one a story."""
    content = (resources.files("studyweb") / "demonstration_articles.toml").read_text(encoding="utf-8")
    return [InventedArticle(**article) for article in tomllib.loads(content)["articles"]]


def ensure_demonstration(researcher: Researcher) -> Study:
    """The installation's demonstration study; made once, with ``researcher`` as its owner."""
    existing = Study.objects.filter(is_demonstration=True).order_by("pk").first()
    return existing or make_demonstration(researcher)


@transaction.atomic
def make_demonstration(researcher: Researcher) -> Study:
    """A new draft from the template after Kreps et al.: the invented originals against the built-in model's texts."""
    study = new_study(researcher, _("Demonstration (invented articles)"), "kreps-e3")
    study.is_demonstration = True
    study.save(update_fields=["is_demonstration"])
    for arm in study.arms.exclude(key="original"):
        delete_arm(arm, by=researcher)
    add_arm(study, by=researcher, key="curated", label=_("Built-in model (curated)"), **_slot(Curation.CURATED))
    add_arm(study, by=researcher, key="uncurated", label=_("Built-in model (uncurated)"), **_slot(Curation.UNCURATED))
    change_definition(study, {"contact": _contact()}, by=researcher)
    original = study.arms.get(key="original")
    for article in invented_articles():
        _add_original(study, original, article, researcher)
    return study


def _slot(curation: Curation) -> dict[str, str]:
    return {"origin": Origin.SYNTHETIC, "curation": curation, "model_slot": BUILTIN_MODEL}


def _contact() -> dict[str, str]:
    return {
        "name": _("Demonstration, an invented contact"),
        "email": "demonstration@example.org",
        "institution": _("No institution: this is a demonstration"),
        "ethics_board": _("None: a demonstration with invented articles needs no approval"),
    }


def _add_original(study: Study, arm: Arm, article: InventedArticle, by: Researcher) -> None:
    add_article(
        study,
        by=by,
        story=story_named(study, article.story),
        arm=arm,
        origin=Origin.REAL,
        headline=article.headline,
        text=article.text,
        source=_("Invented for the demonstration"),
        is_invented=True,
    )
