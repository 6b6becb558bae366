"""Changes to a draft's questions: one at a time, or the rows of a grid together, each on its page."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from surveys.articles import free_key
from surveys.definition import Block, Definition, DefinitionError
from surveys.drafting import rewrite
from surveys.items import Item
from surveys.models import Researcher, Study

Items = list[dict[str, Any]]


def find_item(definition: Definition, key: str) -> tuple[Block, Item] | None:
    """The item with this key and the block that it stands in, or None."""
    found = ((block, item) for block in definition.blocks for item in block.items if item.key == key)
    return next(found, None)


def grid_of(block: Block, item: Item) -> tuple[Item, ...]:
    """The rows of the grid in which an item stands, in order; the item alone where it stands in none."""
    if not item.stem:
        return (item,)
    at = block.items.index(item)
    first, last = at, at
    while first > 0 and _share_a_grid(block.items[first - 1], item):
        first -= 1
    while last + 1 < len(block.items) and _share_a_grid(block.items[last + 1], item):
        last += 1
    return block.items[first : last + 1]


def add_items(study: Study, items: Items, *, block: str, when: str = "", by: Researcher, seen: str = "") -> Definition:
    """The definition with these items at the end of a block, or, where ``when`` is given, on a new page there.

    Raises as ``surveys.drafting.rewrite`` does, and ``DefinitionError`` where the block is gone.
    """

    def added(whole: dict[str, Any]) -> dict[str, Any]:
        blocks = [dict(each) for each in whole["blocks"]]
        if when:
            key = free_key(items[0]["key"], {each["key"] for each in blocks})
            return {"blocks": [*blocks, {"key": key, "when": when, "items": items}]}
        there = _block(blocks, block)
        there["items"] = [*there["items"], *items]
        return {"blocks": blocks}

    return rewrite(study, added, by=by, seen=seen)


def replace_items(study: Study, keys: Sequence[str], items: Items, *, by: Researcher, seen: str = "") -> Definition:
    """The definition with these items where those with ``keys``, which stand in one block, stood. Raises as above."""

    def replaced(whole: dict[str, Any]) -> dict[str, Any]:
        blocks = [dict(each) for each in whole["blocks"]]
        there = _block_of(blocks, keys[0])
        at = next(n for n, item in enumerate(there["items"]) if item["key"] in keys)
        rest = [item for item in there["items"] if item["key"] not in keys]
        there["items"] = [*rest[:at], *items, *rest[at:]]
        return {"blocks": [each for each in blocks if each["items"]]}

    return rewrite(study, replaced, by=by, seen=seen)


def remove_items(study: Study, keys: Sequence[str], *, by: Researcher) -> Definition:
    """The definition without these items; a page that holds nothing then goes with them. Raises as above."""
    return replace_items(study, keys, [], by=by)


def move_item(study: Study, key: str, *, by: Researcher, up: bool) -> Definition:
    """The definition with this item past its neighbour in the block; at the end nothing happens. Raises as above."""

    def moved(whole: dict[str, Any]) -> dict[str, Any]:
        blocks = [dict(each) for each in whole["blocks"]]
        there = _block_of(blocks, key)
        items = list(there["items"])
        at = next(n for n, item in enumerate(items) if item["key"] == key)
        other = at - 1 if up else at + 1
        if 0 <= other < len(items):
            items[at], items[other] = items[other], items[at]
        there["items"] = items
        return {"blocks": blocks}

    return rewrite(study, moved, by=by)


def change_block(study: Study, key: str, changes: dict[str, Any], *, by: Researcher, seen: str = "") -> Definition:
    """The definition with a block's title, introduction or place changed. Raises as above."""

    def changed(whole: dict[str, Any]) -> dict[str, Any]:
        blocks = [dict(each) for each in whole["blocks"]]
        _block(blocks, key).update(changes)
        return {"blocks": blocks}

    return rewrite(study, changed, by=by, seen=seen)


def _share_a_grid(one: Item, other: Item) -> bool:
    # As participants' pages tell grids apart.
    same = ("stem", "options", "order", "prefer_not_to_say")
    return all(getattr(one, name) == getattr(other, name) for name in same)


def _block(blocks: list[dict[str, Any]], key: str) -> dict[str, Any]:
    for block in blocks:
        if block["key"] == key:
            return block
    raise DefinitionError([_("There is no block of questions %(key)s any more.") % {"key": key}])


def _block_of(blocks: list[dict[str, Any]], item: str) -> dict[str, Any]:
    for block in blocks:
        if any(each["key"] == item for each in block["items"]):
            return block
    raise DefinitionError([_("There is no question %(key)s any more.") % {"key": item}])
