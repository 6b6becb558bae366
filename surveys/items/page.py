"""One page of questions as a whole: which of them somebody is asked, and what the submitted page means. Pure."""

from collections.abc import Mapping, Sequence

from surveys.items.model import Item
from surveys.items.reading import Problem, Reading
from surveys.items.rules import is_shown

Raw = Mapping[str, Sequence[str]]
# The form's field with the keys of those questions that answers on the same page had brought up. No item's key
# begins in this way.
SHOWN_FIELD = "_shown"


def left_out(items: Sequence[Item], earlier: Mapping[str, Reading]) -> frozenset[str]:
    """The keys of the items that answers on earlier pages rule out, and of those that rest on such an item."""
    own = {item.key for item in items}
    out: set[str] = set()
    for item in items:
        for condition in item.show_if:
            here = condition.item in own
            if condition.item in out if here else not condition.met_by(earlier.get(condition.item)):
                out.add(item.key)
    return frozenset(out)


def waiting(items: Sequence[Item]) -> frozenset[str]:
    """The keys of the items that an answer on the same page brings up or takes away."""
    own = {item.key for item in items}
    return frozenset(item.key for item in items if any(condition.item in own for condition in item.show_if))


def brought_up(items: Sequence[Item], raw: Raw, earlier: Mapping[str, Reading], sentences: int = 0) -> frozenset[str]:
    """The keys of the items that somebody sees who has typed this, finished or not."""
    readings, shown = dict(earlier), set()
    for item in items:
        if is_shown(item, readings):
            shown.add(item.key)
            meaning = item.read(raw.get(item.key, ()), sentences)
            if isinstance(meaning, Reading):
                readings[item.key] = meaning
    return frozenset(shown)


def read_page(
    items: Sequence[Item], raw: Raw, earlier: Mapping[str, Reading], sentences: int = 0
) -> dict[str, Reading | Problem]:
    """What a submitted page means, item by item; the rules of display decide, whatever the browser showed or sent.

    An item that its rule hides is 'not-shown', even if something was sent for it. One that its rule shows, and that
    the page had not brought up (no script ran there), is asked now instead of being taken for skipped.
    """
    readings, found = dict(earlier), dict[str, Reading | Problem]()
    hidden_before = waiting(items) - set(raw.get(SHOWN_FIELD, ()))
    for item in items:
        given = raw.get(item.key, ())
        if not is_shown(item, readings):
            meaning: Reading | Problem = Reading("not-shown")
        elif item.key in hidden_before and not any(given):
            meaning = Problem("asked-now")
        else:
            meaning = item.read(given, sentences)
        found[item.key] = meaning
        if isinstance(meaning, Reading):
            readings[item.key] = meaning
    return found
