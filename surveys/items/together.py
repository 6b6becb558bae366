"""What a study's questions must hold to each other: where rules may look, and what needs an article. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from surveys.items.model import Item
from surveys.items.reading import RESERVED
from surveys.items.rules import condition_problems

# The stages in which questions are asked once for each article.
ABOUT_ARTICLES = frozenset({"reading", "looking-back"})


def problems_together(stages: Mapping[str, Sequence[Item]]) -> Iterator[str]:
    """What is wrong, a sentence each, naming the item. ``stages`` holds the items of each stage, in the order asked."""
    yield from _rule_problems(stages)
    for stage, items in stages.items():
        for item in items if stage not in ABOUT_ARTICLES else ():
            if item.kind == "highlight":
                yield f"item {item.key!r} marks sentences of an article: ask it in a block beside the articles"
            if item.correct_by_story:
                yield f"item {item.key!r} has correct answers by story: ask it in a block beside the articles"


def problems_before_freezing(stages: Mapping[str, Sequence[Item]]) -> Iterator[str]:
    """What is refused in a draft alone, a sentence each, since versions that were frozen with it must still be read."""
    for stage, items in stages.items():
        for item in items:
            if taken := [code for code in item.codes if code in RESERVED]:
                names = ", ".join(map(repr, taken))
                where = f"item {item.key!r} has the option code {names}"
                yield f"{where}, a word for how a question was met: choose another"
        marking = [item.key for item in items if item.kind == "highlight"] if stage in ABOUT_ARTICLES else []
        for key in marking[1:]:
            # A press in the article could mean either of them.
            yield (
                f"item {key!r} marks sentences of the article on the page on which {marking[0]!r} does: "
                "ask one of them, or one while reading and the other when looking back"
            )


def _rule_problems(stages: Mapping[str, Sequence[Item]]) -> Iterator[str]:
    """Rules look back only, so that no answer can change what was shown before; cycles are impossible then."""
    stage_of = {item.key: stage for stage, items in stages.items() for item in items}
    behind: dict[str, Item] = {}
    for stage, items in stages.items():
        for item in items:
            for condition in item.show_if:
                where = f"item {item.key!r} is shown by the answer to {condition.item!r}, which is"
                asked = behind.get(condition.item)
                if condition.item not in stage_of:
                    yield f"{where} no item of this study"
                elif asked is None:
                    yield f"{where} not asked before it: move one of them, or change the rule"
                elif stage not in ABOUT_ARTICLES and stage_of[condition.item] in ABOUT_ARTICLES:
                    yield f"{where} asked about each article, so that no single answer is meant"
                else:
                    yield from condition_problems(item, condition, asked)
            behind[item.key] = item
