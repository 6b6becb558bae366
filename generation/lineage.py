"""Where a text came from: as models alone made it, and all that led to it as one JSON object beside its article."""

import hashlib
import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from django.db import models

from generation.differences import Differences, compare, opening_in, place_before
from generation.engine.sentences import words
from generation.models import Batch, Candidate, Continuation, Edit, Opinion, Prompt, Review
from generation.overlay import CLASSES, rank_class
from generation.parity.passages import sentences
from surveys.models import normal_text
from surveys.sentences import paragraphs

Row = TypeVar("Row", Edit, Opinion, Review)

# What a lineage is read with for many texts at once: related rows, and then lists of rows.
_BATCH = ("batch__prompt__story", "batch__language_model", "batch__study", "run")
_PARENT = "batch__continuation__parent"
LED_TO = (*_BATCH, *(f"{_PARENT}__{name}" for name in _BATCH))
SAID = tuple(
    f"{of}{name}"
    for of in ("", f"{_PARENT}__")
    for name in ("edits__by", "edits__takes_back", "opinions__by", "reviews__by")
)

SCHEMA = "studyweb-lineage/1"
_BEGINNING = 40  # characters by which a cleaned draft's beginning is found in the raw one


def opened_text(candidate: Candidate) -> str:
    """The cleaned draft as it stands in an article: behind the prompt's opening, where readers get that too."""
    return f"{shown_opening(candidate.batch.prompt, candidate.raw_text, candidate.text)}{candidate.text}"


def shown_opening(prompt: Prompt, raw: str, cleaned: str) -> str:
    """What readers get in front of a cleaned draft: the prompt's opening, and behind it what the model set there, a new
    paragraph, a blank, or nothing; '' where they get no opening, or no text is left.
    """
    return f"{prompt.text}{_seam(raw, cleaned)}" if prompt.opening_shown and cleaned else ""


def opening_of(lineage: dict[str, Any], text: str) -> int:
    """How many characters of an article's text are its prompt's opening, as it now stands there; 0 without one."""
    prompt = lineage.get("prompt", {})
    cleaned = lineage.get("cleaned", {}).get("text", "")
    if not prompt.get("opening_shown") or not cleaned:
        return 0
    return opening_in(text, opening=prompt["text"], draft=_opened(prompt["text"], lineage["raw"]["text"], cleaned))


@dataclass(frozen=True)
class Unedited:
    """A text as it would stand had nobody edited it, nor any text that it goes on from.

    ``raw`` has the raw draft in the place of the cleaned one. The first ``opening`` characters are the prompt that
    people wrote and readers get; models wrote ``written`` of the others.
    """

    text: str
    raw: str
    opening: int
    written: int

    def changed_to(self, text: str) -> Differences:
        """What people changed to make ``text`` of it."""
        return compare(self.text, text)

    def share(self, text: str) -> float:
        """Characters that people deleted and inserted, as a share of what models wrote."""
        changed = self.changed_to(text)
        return (changed.deleted + changed.inserted) / max(1, self.written)


def unedited(candidate: Candidate) -> Unedited:
    """The candidate's text without anybody's edits; a few queries for each text that it goes on from."""
    step = _step(candidate)
    prompt = candidate.batch.prompt
    if step is None:
        kept = prompt.text if prompt.opening_shown else ""
        opening, written = len(kept), 0
    else:
        before = unedited(step.parent)
        kept = normal_text(before.text[: place_before(before.changed_to(_cut_text(step)), step.cut)])
        opening = min(before.opening, len(kept))
        written = len(kept) - opening
    raw = f"{kept}{candidate.raw_text}"
    if not candidate.text:
        return Unedited("", raw, 0, 0)
    text = f"{kept}{_seam(candidate.raw_text, candidate.text) if kept else ''}{candidate.text}"
    return Unedited(text, raw, opening, written + len(candidate.text))


def _step(candidate: Candidate) -> Continuation | None:
    # What was read with the batch says also that there is none.
    relation: Any = Batch._meta.get_field("continuation")
    if relation.is_cached(candidate.batch):
        known: Continuation | None = relation.get_cached_value(candidate.batch)
        return known
    related = ("parent__batch__prompt", "parent__batch__language_model", "parent__run")
    return Continuation.objects.select_related(*related).filter(batch=candidate.batch_id).first()


def _cut_text(step: Continuation) -> str:
    """The whole text that was cut, as it stood then: one of its parent's edits, or the cleaned draft."""
    edits = (edit.text for edit in reversed(_edits_of(step.parent)))
    return next((text for text in edits if text_sha256(text) == step.text_sha256), opened_text(step.parent))


def lineage_of(candidate: Candidate) -> dict[str, Any]:
    """Everything that led to the candidate's text as it stands: model, prompt, sampling, seed, draft, edits, reviews.

    Of every text that it goes on from as well. Times are ISO 8601 in UTC, people by name. Asks the database for the
    run, the edits and the reviews, but for what was read for many texts at once (``LED_TO`` and ``SAID``).
    """
    before = unedited(candidate)
    edits = _edits_of(candidate)
    standing = edits[-1].text if edits else opened_text(candidate)
    changed = before.changed_to(standing)
    return {
        "schema": SCHEMA,
        **_made_so(candidate),
        # What people changed in all, in the texts that it goes on from too, of what models wrote.
        "edited": {
            "deleted": changed.deleted,
            "inserted": changed.inserted,
            "share": round(before.share(standing), 6),
        },
        # In words: what people wrote before any model did, how much of that still stands, and its longest run.
        "opening": asdict(changed.kept_of(0, before.opening)),
        # The same of what models wrote; and how many words the text has.
        "written": asdict(changed.kept_of(before.opening, len(before.text))),
        "words": len(words(standing)),
        # Of the text that this accounts for: one that was changed since, elsewhere, has another.
        "text_sha256": text_sha256(normal_text(standing)),
        "continues": _continues(candidate),
    }


def _made_so(candidate: Candidate) -> dict[str, Any]:
    """What led to one text from its own prompt on."""
    batch = candidate.batch
    return {
        **_written_by(candidate),
        "prompt": _prompt(candidate),
        "sampling": batch.sampling,
        "batch": {"number": batch.number, "size": batch.size, "seed": str(batch.seed)},
        "candidate": _circumstances(candidate),
        "score": _score(candidate),
        "raw": {"text": candidate.raw_text, "sha256": candidate.raw_sha256, "token_ids": candidate.token_ids},
        "cleaned": {"text": candidate.text, "removed": candidate.removals, "flags": _flags_of_draft(candidate)},
        # Of the text as it stands; those of the machine's own stand with what was cleaned.
        "flags": candidate.flags,
        "edits": _edits(candidate),
        "reviews": _reviews(candidate),
        "opinions": _opinions(candidate),
    }


def _written_by(candidate: Candidate) -> dict[str, Any]:
    model, run = candidate.batch.language_model, candidate.run
    return {
        "model": {
            "key": model.key,
            "name": model.name,
            "source": model.source,
            "licence": model.licence,
            "identity": run.model_identity if run else {},
        },
        "engine": run.engine_versions if run else {},
    }


def _prompt(candidate: Candidate) -> dict[str, Any]:
    """The prompt as it was written, and as the engine gave it to the model."""
    batch, prompt, run = candidate.batch, candidate.batch.prompt, candidate.run
    return {
        "number": prompt.number,
        "kind": prompt.kind,
        "text": prompt.text,
        "sha256": text_sha256(prompt.text),
        "tokens": batch.prompt_tokens,
        # How much of an article the model was given: the published studies differ in it.
        "sentences": len(sentences(prompt.text)),
        "paragraphs": len(paragraphs(prompt.text)),
        "template": prompt.template,
        "slots": prompt.slots,
        "given": {"text": run.given_text, "sha256": text_sha256(run.given_text), "tokens": run.given_tokens}
        if run
        else {},
        "language": prompt.language,
        "opening_shown": prompt.opening_shown,
    }


def _circumstances(candidate: Candidate) -> dict[str, Any]:
    return {
        "index": candidate.index,
        # By which other texts' flags name it.
        "code": candidate.code,
        "seed": str(candidate.seed),
        "finish_reason": candidate.finish_reason,
        "tokens": candidate.tokens,
        "seconds": candidate.seconds,
        "rows": candidate.rows,
        "mean_logprob": candidate.mean_logprob,
        "served": candidate.served,
        "drafted_at": candidate.drafted_at.isoformat() if candidate.drafted_at else None,
    }


def _score(candidate: Candidate) -> dict[str, Any]:
    """How probable the model found what it wrote, given its prompt: perplexity, and how many tokens of each rank class.

    {} for a served model, which tells no ranks.
    """
    if candidate.mean_logprob is None or not candidate.ranks:
        return {}
    counts = Counter(map(rank_class, candidate.ranks))
    return {
        "perplexity": math.exp(-candidate.mean_logprob),
        "ranks": {kind: counts[kind] for kind in CLASSES},
    }


def _flags_of_draft(candidate: Candidate) -> Any:
    # Edits of older releases left the flags as they were, and kept none.
    kept = [edit.flags_before for edit in _edits_of(candidate) if edit.flags_before is not None]
    return kept[0] if kept else candidate.flags


def _edits(candidate: Candidate) -> list[dict[str, Any]]:
    """Each edit whole, with the characters that it deleted and inserted, their share of its text, and its flags."""
    found, before = [], opened_text(candidate)
    for edit in _edits_of(candidate):
        changed = compare(before, edit.text)
        found.append(
            {
                "number": edit.number,
                "text": edit.text,
                "deleted": changed.deleted,
                "inserted": changed.inserted,
                "share": round(changed.share, 6),
                "flags": edit.flags,
                "takes_back": edit.takes_back.number if edit.takes_back else None,
                "by": str(edit.by),
                "at": edit.at.isoformat(),
            }
        )
        before = edit.text
    return found


def _opinions(candidate: Candidate) -> list[dict[str, Any]]:
    return [
        {
            "number": opinion.number,
            "verdict": opinion.verdict,
            "by": str(opinion.by),
            "reason": opinion.reason,
            "text_sha256": opinion.text_sha256,
            "at": opinion.at.isoformat(),
        }
        for opinion in _in_order(candidate, candidate.opinions, "opinions", "by")
    ]


def _continues(candidate: Candidate) -> dict[str, Any]:
    """The text that this one goes on from with all that led to it, and so on to the first; {} for none."""
    found = _step(candidate)
    if found is None:
        return {}
    parent = found.parent
    return {
        **_made_so(parent),
        # Under these names since before the rest was kept.
        "batch": parent.batch.number,
        "index": parent.index,
        "seed": str(parent.seed),
        "raw_sha256": parent.raw_sha256,
        "batch_size": parent.batch.size,
        "batch_seed": str(parent.batch.seed),
        "cut": found.cut,
        "text_sha256": found.text_sha256,
        "continues": _continues(parent),
    }


def _reviews(candidate: Candidate) -> list[dict[str, Any]]:
    return [
        {
            "number": review.number,
            "old": review.old,
            "new": review.new,
            "by": str(review.by),
            "reason": review.reason,
            "rule": review.rule,
            "at": review.at.isoformat(),
        }
        for review in _in_order(candidate, candidate.reviews, "reviews", "by")
    ]


def _edits_of(candidate: Candidate) -> list[Edit]:
    return _in_order(candidate, candidate.edits, "edits", "by", "takes_back")


def _in_order(candidate: Candidate, rows: "models.Manager[Row]", name: str, *related: str) -> "list[Row]":
    """A candidate's rows by number: those that were read for many candidates at once, or by a query."""
    is_read = name in getattr(candidate, "_prefetched_objects_cache", {})
    found = rows.all() if is_read else rows.select_related(*related)
    return sorted(found, key=lambda row: row.number)


def text_sha256(text: str) -> str:
    """The SHA-256 by which a wording is known again."""
    return hashlib.sha256(text.encode()).hexdigest()


def _opened(opening: str, raw: str, cleaned: str) -> str:
    return f"{opening}{_seam(raw, cleaned)}{cleaned}"


def _seam(raw: str, cleaned: str) -> str:
    # In front of what is left of the beginning: a token or an echo that was taken out there left its blank.
    start = max(raw.find(cleaned[:_BEGINNING]), len(raw) - len(raw.lstrip()))
    before = raw[:start]
    gap = before[len(before.rstrip()) :] or before[: len(before) - len(before.lstrip())]
    return "\n\n" if "\n" in gap else " " if gap else ""
