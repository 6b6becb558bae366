"""Rows for tests, made the way the product makes them. All names and texts are invented."""

from itertools import count
from typing import Any

from surveys import instruments, lifecycle
from surveys.articles import add_article, story_named
from surveys.models import Arm, Article, Membership, Origin, Researcher, Role, Story, Study

PASSWORD = "an-invented-password-42"


_numbers = count(1)


def ResearcherFactory(email: str = "", *, password: str | None = None, **fields: Any) -> Researcher:
    """An account; with a password only where a test asks for one, since Argon2 is slow on purpose."""
    email = email or f"researcher{next(_numbers)}@example.org"
    return Researcher.objects.create_user(email, password, **fields)


def StudyFactory(*, owner: Researcher | None = None, name: str = "", template: str | None = None) -> Study:
    """A draft that is empty, or from a shipped template."""
    return lifecycle.new_study(owner or ResearcherFactory(), name or f"Invented study {next(_numbers)}", template)


def ArmFactory(*, study: Study | None = None, key: str = "", **fields: Any) -> Arm:
    """An arm for machine-written texts, unless told otherwise."""
    key = key or f"arm-{next(_numbers)}"
    given = {"label": f"The arm {key}", "origin": Origin.SYNTHETIC, **fields}
    return Arm.objects.create(study=study or StudyFactory(), key=key, **given)


def StoryFactory(*, study: Study | None = None, title: str = "") -> Story:
    """A story of a study."""
    return story_named(study or StudyFactory(), title or f"Invented story {next(_numbers)}")


def ArticleFactory(*, arm: Arm | None = None, story: Story | None = None, **fields: Any) -> Article:
    """An article in an arm of its study, added as the product adds it."""
    arm = arm or ArmFactory(study=story.study if story else None)
    number = next(_numbers)
    given = {
        "by": arm.study.created_by,
        "origin": arm.origin,
        "headline": f"Invented headline {number}",
        "text": f"An invented first paragraph, number {number}.\n\nAn invented second paragraph.",
        **fields,
    }
    return add_article(arm.study, arm=arm, story=story or StoryFactory(study=arm.study), **given)


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
                "scoring": instruments.load("kreps-credibility").model_dump(mode="json")["scoring"],
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
    whole = base | changes
    if "plan" not in changes and all(block.get("instrument") != "kreps-credibility" for block in whole["blocks"]):
        # Without the questions of the index a plan about it is not frozen; the time is there in every study.
        whole["plan"] = base["plan"] | {"outcome": "seconds_on_page"}
    return whole


def ready_study(stories: int = 2, *, owner: Researcher | None = None, headlines: bool = True, **changes: Any) -> Study:
    """A draft that passes every gate: a real and a synthetic arm, each with a version of each story.

    ``changes`` replace parts of the definition.
    """
    study = StudyFactory(owner=owner)
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
                headline=f"Invented headline {number}{arm.key[0]}" if headlines else "",
                text=f"Invented text {number} of kind {arm.key[0]}.\n\nIts second paragraph.",
                model_name="invented-model" if arm.origin == Origin.SYNTHETIC else "",
                untrue="All of it is invented." if arm.origin == Origin.SYNTHETIC else "",
            )
    return study


def launched_study(stories: int = 2, **kwargs: Any) -> Study:
    """A live study, made through its lifecycle from ``ready_study``."""
    study = ready_study(stories, **kwargs)
    owner = study.memberships.get(role=Role.OWNER).researcher
    lifecycle.freeze(study, owner)
    lifecycle.launch(study, owner)
    return study
