"""Rows for tests, made the way the product makes them. All names and texts are invented."""

from typing import Any

import factory
from factory.django import DjangoModelFactory

from surveys import lifecycle
from surveys.articles import add_article, story_named
from surveys.models import Arm, Article, Membership, Origin, Researcher, Role, Story, Study

PASSWORD = "an-invented-password-42"


class ResearcherFactory(DjangoModelFactory[Researcher]):
    class Meta:
        model = Researcher
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"researcher{n}@example.org")

    @factory.post_generation
    def password(self, create: bool, given: str | None, **kwargs: Any) -> None:
        """Argon2 is slow on purpose: an account gets a password only where a test asks for one."""
        if given:
            self.set_password(given)  # type: ignore[attr-defined]  # self is the account here
            self.save()  # type: ignore[attr-defined]


class StudyFactory(DjangoModelFactory[Study]):
    """A draft from the shipped template, or empty with ``template=None``; ``owner`` is its owner."""

    class Meta:
        model = Study

    owner = factory.SubFactory(ResearcherFactory)
    name = factory.Sequence(lambda n: f"Invented study {n}")
    template: str | None = None

    @classmethod
    def _create(cls, model_class: type[Study], *args: Any, **kwargs: Any) -> Study:
        study = lifecycle.new_study(kwargs.pop("owner"), kwargs.pop("name"), kwargs.pop("template"))
        for name, value in kwargs.items():
            setattr(study, name, value)
        if kwargs:
            study.save()
        return study


class ArmFactory(DjangoModelFactory[Arm]):
    class Meta:
        model = Arm

    study = factory.SubFactory(StudyFactory)
    key = factory.Sequence(lambda n: f"arm-{n}")
    label = factory.LazyAttribute(lambda arm: f"The arm {arm.key}")
    origin = Origin.SYNTHETIC


class StoryFactory(DjangoModelFactory[Story]):
    class Meta:
        model = Story

    study = factory.SubFactory(StudyFactory)
    key = factory.Sequence(lambda n: f"story-{n}")
    title = factory.Sequence(lambda n: f"Invented story {n}")


class ArticleFactory(DjangoModelFactory[Article]):
    """An article in an arm of its study, added as the product adds it."""

    class Meta:
        model = Article

    arm = factory.SubFactory(ArmFactory)
    story = factory.SubFactory(StoryFactory, study=factory.SelfAttribute("..arm.study"))
    headline = factory.Sequence(lambda n: f"Invented headline {n}")
    text = factory.Sequence(lambda n: f"An invented first paragraph, number {n}.\n\nAn invented second paragraph.")

    @classmethod
    def _create(cls, model_class: type[Article], *args: Any, **kwargs: Any) -> Article:
        arm = kwargs.pop("arm")
        kwargs = {"by": arm.study.created_by, "origin": arm.origin, **kwargs}
        return add_article(arm.study, arm=arm, **kwargs)


def member(study: Study, role: str, **kwargs: Any) -> Researcher:
    """A new researcher with this role in the study."""
    researcher = ResearcherFactory(**kwargs)
    Membership.objects.create(study=study, researcher=researcher, role=role)
    return researcher


def definition(**changes: Any) -> dict[str, Any]:
    """A small whole definition: consent, one question before, the three credibility items, debrief."""
    scale = [
        {"code": str(n), "label": {"en": label}, "value": n}
        for n, label in enumerate(("Not at all", "Not very", "Somewhat", "Very"), start=1)
    ]
    base: dict[str, Any] = {
        "schema": "studyweb-study/1",
        "languages": ["en"],
        "wording": {
            "title": {"en": "How people read the news"},
            "consent": {"en": "Please take part.\n\nYou can leave at any time."},
            "reading_intro": {"en": "Read the article, then answer."},
            "debrief": {"en": "Some of the articles were written by a computer program."},
            "thanks": {"en": "Thank you."},
        },
        "contact": {
            "name": "The invented team",
            "email": "team@example.org",
            "institution": "Invented University",
            "ethics_board": "Invented Ethics Board",
            "ethics_reference": "2026-1",
            "ethics_contact": "board@example.org",
        },
        "design": {"kind": "between", "per_person": 2, "order": "balanced", "allocation": "least-filled"},
        "plan": {"outcome": "credibility", "reference": "real"},
        "blocks": [
            {
                "key": "about-you",
                "when": "before",
                "items": [
                    {
                        "key": "news-use",
                        "kind": "single",
                        "wording": {"en": "How often do you read the news?"},
                        "prefer_not_to_say": True,
                        "options": [
                            {"code": "daily", "label": {"en": "Daily"}},
                            {"code": "rarely", "label": {"en": "More rarely"}},
                        ],
                    }
                ],
            },
            {
                "key": "credibility",
                "when": "reading",
                "instrument": "kreps-credibility",
                "items": [
                    {
                        "key": key,
                        "kind": "likert",
                        "wording": {"en": f"How {key} is this article?"},
                        "options": scale,
                    }
                    for key in ("believable", "accurate", "clear")
                ],
            },
        ],
    }
    return base | changes


def ready_study(stories: int = 2, *, owner: Researcher | None = None, **changes: Any) -> Study:
    """A draft that passes every gate: a real and a synthetic arm, each with a version of each story.

    ``changes`` replace parts of the definition.
    """
    study = StudyFactory(**({"owner": owner} if owner else {}))
    study.definition = definition(**changes)
    study.save()
    arms = [
        Arm.objects.create(study=study, key="real", label="Real", origin=Origin.REAL, position=0),
        Arm.objects.create(
            study=study, key="synthetic", label="Machine", origin=Origin.SYNTHETIC, model_slot="built-in", position=1
        ),
    ]
    for number in range(1, stories + 1):
        story = story_named(study, f"Invented story {number}")
        for arm in arms:
            ArticleFactory(
                arm=arm,
                story=story,
                headline=f"Invented headline {number}{arm.key[0]}",
                text=f"Invented text {number} of kind {arm.key[0]}.\n\nIts second paragraph.",
                model_name="invented-model" if arm.origin == Origin.SYNTHETIC else "",
            )
    return study


def launched_study(stories: int = 2, **kwargs: Any) -> Study:
    """A live study, made through its lifecycle from ``ready_study``."""
    study = ready_study(stories, **kwargs)
    owner = study.memberships.get(role=Role.OWNER).researcher
    lifecycle.freeze(study, owner)
    lifecycle.launch(study, owner)
    return study
