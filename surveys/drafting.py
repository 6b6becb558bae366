"""Changes to a draft: its wordings, design and plan, part by part, and its arms."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from surveys import audit
from surveys.articles import DraftOnly, free_key, lock_draft
from surveys.definition import Definition, DefinitionError, read_definition
from surveys.frozen import canonical
from surveys.models import Arm, Article, Researcher, Study
from surveys.study_file import with_instruments

# As the frozen study takes it (surveys/frozen.py).
GROUP = re.compile(r"[a-z][a-z0-9-]{0,39}")
ARM_FIELDS = ("label", "origin", "curation", "model_slot", "level", "group", "weight", "target")


class ChangedMeanwhile(Exception):  # noqa: N818 -- it names what happened
    """Somebody else saved the same part of the study between the reading and the saving."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Somebody else changed this page while you were writing. Your text is still below and not saved: "
                "open the page in a second tab, compare, and save again."
            )
        )


class ArmError(Exception):
    """An arm that cannot be stored or deleted; ``problems`` gives a sentence a field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in problems.items()))
        self.problems = dict(problems)


def definition_of(study: Study) -> Definition:
    """The draft's definition as it stands. Raises ``DefinitionError`` if what is stored cannot be read."""
    return read_definition(study.definition)


def parts_digest(study: Study, parts: Iterable[str]) -> str:
    """SHA-256, in hexadecimal, of these parts of the draft: a form carries it, to notice a change in between."""
    whole = definition_of(study).model_dump(mode="json", by_alias=True)
    # A part that asks for nothing is left out of the document.
    chosen = {part: whole.get(part) for part in sorted(parts)}
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


def change_definition(study: Study, changes: Mapping[str, Any], *, by: Researcher, seen: str = "") -> Definition:
    """The definition with these parts replaced, stored. ``seen`` is the ``parts_digest`` that the change rests on.

    Raises ``DraftOnly`` if the study is frozen, ``ChangedMeanwhile`` if the parts are not those that were seen, and
    ``DefinitionError`` if the result is not sound. Storing what is there already writes nothing.
    """
    return rewrite(study, lambda before: changes, by=by, seen=seen)


def rewrite(
    study: Study,
    changes_to: Callable[[dict[str, Any]], Mapping[str, Any]],
    *,
    by: Researcher,
    seen: str = "",
) -> Definition:
    """Replace parts of the definition by what ``changes_to`` makes of it, with the study's row held.

    Raises ``DraftOnly``, ``ChangedMeanwhile`` and ``DefinitionError`` as ``change_definition`` does.
    """
    with transaction.atomic():
        locked = Study.objects.select_for_update().get(pk=study.pk)
        if not locked.is_draft:
            raise DraftOnly
        before = definition_of(locked)
        whole = before.model_dump(mode="json", by_alias=True)
        changes = changes_to(whole)
        if seen and seen != parts_digest(locked, changes):
            raise ChangedMeanwhile
        after = read_definition({**whole, **changes})
        # What was there before is named by the checklist, and keeps nobody from changing something else.
        standing = before.problems_before_freezing()
        if problems := [each for each in after.problems_before_freezing() if each not in standing]:
            raise DefinitionError(problems)
        if after != before:
            locked.definition = after.model_dump(mode="json", by_alias=True)
            locked.save(update_fields=["definition"])
            audit.record(
                study, "definition changed", by=by, subject=", ".join(sorted(changes)), content=canonical(after)
            )
    study.definition = locked.definition
    return after


def add_instrument(study: Study, key: str, when: str, *, by: Researcher) -> Definition:
    """The definition with an instrument of the library as a block behind the others.

    Raises ``DraftOnly``, and ``DefinitionError`` where the library has no such instrument or its items are there.
    """

    def added(whole: dict[str, Any]) -> dict[str, Any]:
        blocks = whole["blocks"]
        block = {"key": _free_key(key, {block["key"] for block in blocks}), "when": when, "instrument": key}
        return {"blocks": [*blocks, *with_instruments({"blocks": [block]})["blocks"]]}

    return rewrite(study, added, by=by)


def remove_block(study: Study, key: str, *, by: Researcher) -> Definition:
    """The definition without this block. Raises ``DraftOnly``; ``DefinitionError`` where the design rests on it."""
    return rewrite(study, lambda whole: {"blocks": [block for block in whole["blocks"] if block["key"] != key]}, by=by)


def move_block(study: Study, key: str, *, by: Researcher, up: bool) -> Definition:
    """The definition with this block moved past its neighbour of the same stage; at the end nothing happens."""

    def moved(whole: dict[str, Any]) -> dict[str, Any]:
        blocks = list(whole["blocks"])
        here = next((n for n, block in enumerate(blocks) if block["key"] == key), None)
        if here is None:
            return {"blocks": blocks}
        beyond = range(here - 1, -1, -1) if up else range(here + 1, len(blocks))
        there = next((n for n in beyond if blocks[n]["when"] == blocks[here]["when"]), here)
        blocks[here], blocks[there] = blocks[there], blocks[here]
        return {"blocks": blocks}

    return rewrite(study, moved, by=by)


def add_arm(study: Study, *, by: Researcher, key: str = "", **fields: Any) -> Arm:
    """A new arm behind the others. Raises ``ArmError`` with a sentence a field, ``DraftOnly`` on a frozen study."""
    with transaction.atomic():
        lock_draft(study)
        arms = list(Arm.objects.filter(study=study).order_by("position"))
        taken = {arm.key for arm in arms}
        last = arms[-1].position if arms else -1
        arm = Arm(study=study, key=key or _free_key(fields.get("label", ""), taken), position=last + 1, **fields)
        if arm.key in taken:
            raise ArmError({"key": _("There is an arm with the key %(key)s already.") % {"key": arm.key}})
        _check(arm)
        arm.save(force_insert=True)
        audit.record(study, "arm added", by=by, subject=arm.key, content=_content(arm))
    return arm


def change_arm(arm: Arm, *, by: Researcher, **changes: Any) -> Arm:
    """The arm with these fields changed. Raises ``ArmError`` and ``DraftOnly`` as ``add_arm`` does."""
    with transaction.atomic():
        lock_draft(arm.study)
        for name, value in changes.items():
            setattr(arm, name, value)
        _check(arm)
        if Article.objects.filter(arm=arm).exclude(origin=arm.origin).exists():
            raise ArmError(
                {"origin": _("Articles of the other origin are placed in this arm. Move them out of it first.")}
            )
        arm.save(update_fields=[*changes])
        audit.record(arm.study, "arm changed", by=by, subject=arm.key, content=_content(arm))
    return arm


def delete_arm(arm: Arm, *, by: Researcher) -> int:
    """Delete an arm of a draft; how many articles stand outside all arms from now on. Raises ``DraftOnly``."""
    with transaction.atomic():
        lock_draft(arm.study)
        unplaced = Article.objects.filter(arm=arm).update(arm=None)
        key, content = arm.key, _content(arm)
        arm.delete()
        audit.record(arm.study, "arm deleted", by=by, subject=key, content=content)
    return unplaced


def move_arm(arm: Arm, *, by: Researcher, up: bool) -> None:
    """Let an arm change places with the one above or below; at the end of the row nothing happens."""
    with transaction.atomic():
        lock_draft(arm.study)
        order = list(Arm.objects.filter(study=arm.study).order_by("position", "pk"))
        here = order.index(arm)
        there = here - 1 if up else here + 1
        if not 0 <= there < len(order):
            return
        order[here], order[there] = order[there], order[here]
        for position, each in enumerate(order):
            Arm.objects.filter(pk=each.pk).update(position=position)
        # The keys of many arms together are longer than a subject may be.
        audit.record(arm.study, "arms reordered", by=by, subject=arm.key, content=" ".join(each.key for each in order))


def _check(arm: Arm) -> None:
    problems: dict[str, str] = {}
    try:
        arm.clean_fields(exclude=["study"])
    except ValidationError as error:
        problems = {field: " ".join(found) for field, found in error.message_dict.items()}
    if arm.weight is not None and arm.weight < 1:
        problems["weight"] = _("A weight is a whole number from 1.")
    if arm.group and not GROUP.fullmatch(arm.group):
        problems["group"] = _("Write it with small letters, digits and hyphens, beginning with a letter: group-a.")
    if arm.target == 0:
        problems["target"] = _("Ask for at least one participant, or leave the target empty.")
    if problems:
        raise ArmError(problems)


def _free_key(label: str, taken: set[str]) -> str:
    stem = slugify(label)[:36].strip("-_") or "arm"
    return free_key(stem, taken)


def _content(arm: Arm) -> str:
    return json.dumps({name: str(getattr(arm, name)) for name in ARM_FIELDS}, sort_keys=True)
