"""The benchmark's study in studyweb: `python -m benchmarks._participants_study` makes it, live, and prints its key."""

import json
from pathlib import Path
from typing import Any

import django

CONTENT = Path(__file__).parent / "peers" / "content.json"


def definition(content: dict[str, Any]) -> dict[str, Any]:
    """The study's definition: consent, five articles with four radio questions and a comment each, debriefing."""
    scale = [{"code": code, "label": {"en": label}, "value": int(code)} for code, label in content["options"].items()]
    items: list[dict[str, Any]] = [
        {"key": key, "kind": "likert", "wording": {"en": wording}, "options": scale}
        for key, wording in content["questions"].items()
    ]
    items.append({"key": "comment", "kind": "long-text", "wording": {"en": content["comment"]}})
    return {
        "schema": "studyweb-study/1",
        "languages": ["en"],
        "wording": {
            "title": {"en": content["title"]},
            "consent": {"en": "\n\n".join(content["consent"])},
            "reading_intro": {"en": content["intro"]},
            "debrief": {"en": "All articles were invented for this study."},
            "thanks": {"en": "You have finished. Thank you."},
        },
        "contact": {"name": "The invented team", "email": "team@example.org", "ethics_board": "An invented board"},
        "design": {"kind": "between", "per_person": len(content["articles"])},
        "plan": {"outcome": "seconds_on_page", "reference": "real"},
        "blocks": [{"key": "rating", "when": "reading", "items": items}],
    }


def live_study() -> str:
    """The key of a new live study with two arms that hold the same texts: all readers see pages of one length."""
    from surveys import lifecycle
    from surveys.articles import add_article, story_named
    from surveys.drafting import add_arm, change_definition
    from surveys.models import Origin, Researcher

    content = json.loads(CONTENT.read_text(encoding="utf-8"))
    owner = Researcher.objects.create_user("benchmark@example.org")
    study = lifecycle.new_study(owner, content["title"])
    arms = [
        add_arm(study, by=owner, key="real", label="Original", origin=Origin.REAL),
        add_arm(study, by=owner, key="machine", label="Machine", origin=Origin.SYNTHETIC, model_slot="none: invented"),
    ]
    change_definition(study, definition(content), by=owner)
    for article in content["articles"]:
        story = story_named(study, article["headline"])
        text = "\n\n".join(article["paragraphs"])
        for arm in arms:
            add_article(
                study,
                by=owner,
                story=story,
                arm=arm,
                origin=arm.origin,
                headline=article["headline"],
                text=text,
                model_name="none: invented" if arm.origin == Origin.SYNTHETIC else "",
                is_invented=arm.origin == Origin.REAL,
            )
    lifecycle.freeze(study, owner)
    lifecycle.launch(study, owner)
    return study.key


if __name__ == "__main__":
    django.setup()
    print(live_study())
