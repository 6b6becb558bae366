"""A study's definition and arms as a file: what is exported and imported, and the templates that are shipped."""

import json
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from django.db import transaction
from pydantic import Field

from surveys.definition import Definition, DefinitionError, Part, read_json, validated
from surveys.frozen import FrozenArm, FrozenArticle, canonical
from surveys.library import offered
from surveys.models import Arm, Article, Origin, Study
from surveys.other_apps import PartOfPeople, part_of_people


class StudyFile(Part):
    """A study without its articles: everything that another study can start from."""

    definition: Definition
    arms: tuple[FrozenArm, ...] = ()


class Template(Part):
    """A shipped study to start from."""

    key: str
    title: str
    summary: str
    definition: Definition
    arms: tuple[FrozenArm, ...] = Field(min_length=1)


@cache
def templates() -> dict[str, Template]:
    """The shipped templates by key. Raises ``DefinitionError`` naming the file if one is wrong."""
    found = {}
    for file in sorted(files("surveys").joinpath("study_templates").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            key = file.name.removesuffix(".toml")
            data = tomllib.loads(file.read_text(encoding="utf-8"))
            data["definition"] = with_instruments(data["definition"])
            found[key] = validated(Template, {"key": key, **data})
    return found


def with_instruments(definition: Any) -> Any:
    """The definition with the library's items and scoring in each block that names an instrument and lacks them.

    A block that says ``"scoring": null`` stays without. Raises ``DefinitionError`` where items are lacking and the
    library has no such instrument.
    """
    if not isinstance(definition, dict) or not isinstance(definition.get("blocks"), list):
        return definition
    return {**definition, "blocks": [_filled(block) for block in definition["blocks"]]}


def _filled(block: Any) -> Any:
    if not isinstance(block, dict) or not block.get("instrument"):
        return block
    key = str(block["instrument"])
    known = offered().instruments
    if key not in known:
        if block.get("items"):
            return block
        raise DefinitionError(
            [f"block {block.get('key')!r}: there is no instrument {key!r}. There are: {', '.join(sorted(known))}."]
        )
    instrument = known[key].model_dump(mode="json", include={"items", "scoring"})
    return {"scoring": instrument["scoring"], **block, "items": block.get("items") or instrument["items"]}


def export(study: Study) -> bytes:
    """The study's definition and arms as a JSON file, indented for people and version control."""
    definition = validated(Definition, study.definition)
    file = StudyFile(
        definition=definition, arms=tuple(frozen_arm(arm) for arm in study.arms.order_by("position", "pk"))
    )
    return (json.dumps(json.loads(canonical(file)), indent=2, ensure_ascii=False) + "\n").encode()


def read(content: bytes) -> StudyFile:
    """The study in an exported file; a definition alone is one too. Raises ``DefinitionError``."""
    data = read_json(content)
    if isinstance(data, dict) and "definition" not in data:
        data = {"definition": data}
    if isinstance(data, dict):
        data = {**data, "definition": with_instruments(data["definition"])}
    return validated(StudyFile, data)


def apply(study: Study, file: StudyFile | Template) -> None:
    """Write a file's definition and arms into a draft. Arms that the file lacks go, unless they hold articles.

    Raises ``DefinitionError`` where an arm would be of another origin than the articles that are placed in it.
    """
    with transaction.atomic():
        if clashing := [arm.key for arm in file.arms if _holds_others(study, arm)]:
            raise DefinitionError([f"arm {key!r}: articles of the other origin are placed in it." for key in clashing])
        study.definition = json.loads(canonical(file.definition))
        Study.objects.filter(pk=study.pk).update(definition=study.definition)
        if not file.arms:
            return
        study.arms.exclude(key__in=[arm.key for arm in file.arms]).filter(articles__isnull=True).delete()
        for position, arm in enumerate(file.arms):
            values = arm.model_dump(exclude={"key"}) | {"position": position, "level": arm.level or None}
            Arm.objects.update_or_create(study=study, key=arm.key, defaults=values)


def _holds_others(study: Study, arm: FrozenArm) -> bool:
    return Article.objects.filter(study=study, arm__key=arm.key).exclude(origin=arm.origin).exists()


def frozen_arm(arm: Arm) -> FrozenArm:
    """An arm's row as it is exported and hashed."""
    return FrozenArm(
        key=arm.key,
        label=arm.label,
        origin=arm.origin,
        curation=arm.curation,
        model_slot=arm.model_slot,
        level="" if arm.level is None else format(arm.level.normalize(), "f"),
        group=arm.group,
        weight=arm.weight,
        target=arm.target,
    )


def frozen_article(article: Article, arm: Arm) -> FrozenArticle:
    """An article's row, placed in this arm, as it is hashed."""
    is_synthetic = article.origin == Origin.SYNTHETIC
    slot = arm.model_slot if is_synthetic else ""
    people = part_of_people(article) if is_synthetic else PartOfPeople()
    return FrozenArticle(
        key=article.key,
        story=article.story.key,
        arm=arm.key,
        sha256=article.sha256,
        language=article.language,
        origin=article.origin,
        curation=article.curation,
        model_name=article.model_name or slot,
        source=article.source,
        author=article.author,
        published_on=article.published_on.isoformat() if article.published_on else "",
        url=article.url,
        untrue=article.untrue,
        untrue_in=article.untrue_in,
        is_invented=article.is_invented,
        opened_by_people=people.opened,
        edited_by_people=people.edited,
        rewritten_by_people=people.rewritten,
    )
