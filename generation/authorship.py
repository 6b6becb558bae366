"""Of an article that models wrote: what people wrote before they did and afterwards, as its lineage has it. Pure."""

from typing import Any, Literal

from generation.differences import compare
from generation.engine.sentences import words
from generation.lineage import text_sha256
from surveys.models import Article, normal_text
from surveys.other_apps import PartOfPeople

# So many words of an opening in one run stand by no chance.
_RUN_OF_AN_OPENING = 8


def part_of_people(article: Article) -> PartOfPeople:
    """What people wrote of a machine-written article, as its lineage has it; nothing for one without."""
    text, lineage = article.text, article.lineage
    if not lineage:
        return PartOfPeople()
    opened = _is_opened(text, lineage)
    edited = _is_edited(text, lineage)
    return PartOfPeople(opened, edited, _rewritten(text, lineage, opened=opened) if edited else "")


def steps(lineage: dict[str, Any]) -> list[dict[str, Any]]:
    """A lineage's own part and those of the texts that it goes on from, the nearest first."""
    found = [lineage]
    while further := found[-1].get("continues"):
        found.append(further)
    return found


def _is_opened(text: str, lineage: dict[str, Any]) -> bool:
    if "opening" in lineage:
        # Of one that was written anew, up to a quarter stands by chance.
        opening = lineage["opening"]
        return bool(opening.get("longest", 0) >= _RUN_OF_AN_OPENING or 3 * opening["kept"] >= opening["given"] > 0)
    # Lineages of before do not say what became of it. The first text that models wrote began with it, or did not.
    given = normal_text(_opening(lineage))[:40]
    return bool(given and text.startswith(given))


def _opening(lineage: dict[str, Any]) -> str:
    """What people wrote in front of all that models wrote, where readers get it."""
    prompt = steps(lineage)[-1].get("prompt", {})
    return str(prompt.get("text", "")) if prompt.get("opening_shown") else ""


def _is_edited(text: str, lineage: dict[str, Any]) -> bool:
    if _is_another(text, lineage):
        return True
    if "edited" in lineage:
        return bool(lineage["edited"]["deleted"] or lineage["edited"]["inserted"])
    return any(step.get("edits") for step in steps(lineage))


def _is_another(text: str, lineage: dict[str, Any]) -> bool:
    """Whether the text was changed since the lineage was written, which then does not account for it."""
    return "text_sha256" in lineage and lineage["text_sha256"] != text_sha256(text)


def _rewritten(text: str, lineage: dict[str, Any], *, opened: bool) -> Literal["", "mostly", "wholly"]:
    """Whether people wrote more of the text behind its opening than models did, or all of it."""
    if "written" in lineage and not _is_another(text, lineage):
        of_models, before, in_all = lineage["written"]["kept"], lineage["opening"]["kept"], lineage["words"]
    else:
        opening = f"{_opening(lineage)}\n\n" if opened else ""
        drafts = [step.get("cleaned", {}).get("text", "") for step in reversed(steps(lineage))]
        whole = opening + "\n\n".join(drafts)
        changed = compare(whole, text)
        of_models = changed.kept_of(len(opening), len(whole)).kept
        before, in_all = changed.kept_of(0, len(opening)).kept, len(words(text))
    if not of_models:
        return "wholly"
    return "mostly" if in_all - before - of_models > of_models else ""
