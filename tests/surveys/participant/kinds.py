"""A question of each kind, as a study's definition has them; all wordings are invented."""

from typing import Any

from tests.surveys.participant.person import RATING, block, item, option

AGREE = [
    {"code": str(n), "value": n, "label": {"en": label}}
    for n, label in enumerate(("Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree"), start=1)
]
STEM = {"en": "How much do you agree with each of these?"}
# A reader's age, say, that brings up one more question.
FOLLOWED_UP = item("paid", "single", options=[option("yes"), option("no")])
FOLLOW_UP = item(
    "which", "short-text", required=False, show_if=[{"item": "paid", "any_of": ["yes"]}], wording={"en": "Which one?"}
)

KINDS: dict[str, list[dict[str, Any]]] = {
    "single": [item("one", "single", options=[option("yes"), option("no")], prefer_not_to_say=True)],
    "likert": [item("scale", "likert", options=AGREE, order="reversed")],
    "grid": [
        item(f"row-{n}", "likert", stem=STEM, wording={"en": words}, options=AGREE, prefer_not_to_say=True)
        for n, words in enumerate(("News is fair.", "News tells the whole story.", "News can be trusted."), start=1)
    ],
    "multiple": [
        item(
            "some",
            "multiple",
            order="shuffled",
            options=[option("a"), option("b"), option("c"), option("none") | {"anchored": True, "exclusive": True}],
        )
    ],
    "number": [item("age", "number", minimum="18", maximum="120", prefer_not_to_say=True)],
    "slider": [
        item(
            "warmth",
            "slider",
            minimum="0",
            maximum="100",
            low_label={"en": "very cold"},
            high_label={"en": "very warm"},
            prefer_not_to_say=True,
        )
    ],
    "short-text": [item("word", "short-text")],
    "long-text": [item("words", "long-text", help={"en": "A sentence is enough."})],
    "ranking": [item("places", "ranking", options=[option("a"), option("b"), option("c")])],
    "consent": [item("understood", "consent", wording={"en": "I have read this and understood it."})],
    "instructed": [item("told", "single", options=[option("yes"), option("no")], instructed="no")],
    "vignette": [
        item(
            "recalled",
            "single",
            vignette={"en": "The town of Inventon voted on a bridge.\n\nIt will be built by 2031."},
            wording={"en": "What did the town vote on?"},
            options=[option("bridge"), option("school")],
            correct=["bridge"],
        )
    ],
    "rule": [FOLLOWED_UP, FOLLOW_UP],
}
# What was pressed of these can be taken back; the last question rests on it.
OPTIONAL = [
    item("maybe", "single", options=[option("yes"), option("no")], prefer_not_to_say=True, required=False),
    *(
        item(f"maybe-{n}", "likert", stem=STEM, wording={"en": words}, options=AGREE, required=False)
        for n, words in enumerate(("News is short.", "News is long."), start=1)
    ),
    item("because", "short-text", required=False, show_if=[{"item": "maybe", "any_of": ["yes"]}]),
]
HIGHLIGHT = item("doubt", "highlight", wording={"en": "Mark what made you doubt."}, required=False)


def blocks_of(kind: str) -> list[dict[str, Any]]:
    """A study's blocks with this kind alone on the first page; 'highlight' stands beside each article."""
    if kind == "highlight":
        return [block("marks", "reading", HIGHLIGHT), RATING]
    return [block(f"a-{kind}", "before", *KINDS[kind]), RATING]
