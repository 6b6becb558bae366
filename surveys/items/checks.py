"""Whether an answer passes an attention or comprehension check. Pure."""

from surveys.items.model import Item


def passes(item: Item, value: str, story: str = "") -> bool | None:
    """Whether an answered item's value passes its check; None where the item checks nothing (about this story).

    ``story`` is that of the article that the item was asked about. Of 'multiple' exactly the correct codes pass.
    """
    if item.instructed is not None:
        return value == item.instructed
    correct = item.correct or item.correct_by_story.get(story, ())
    if not correct:
        return None
    return set(value.split(" ")) == set(correct) if item.kind == "multiple" else value in correct
