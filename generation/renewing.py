"""Flags of texts that named another one as nearly the same, once that one was changed.

A text is held against those that were there before it, so that of texts which are alike the first is not flagged.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from generation.engine import Signatures, near_duplicate
from generation.engine.screening import NEAR_DUPLICATE
from generation.flagging import flag_columns, stored
from generation.models import Candidate, Edit


def renew(changed: Candidate, signature: bytes, *, given_back: bool) -> None:
    """Renew the flags that name the text ``changed``, which has this signature now.

    Where its old wording is ``given_back``, those that it had come back, and its own flags are held against what the
    others say by now. A few queries, however many texts; one where no text names it. Needs the study's row held.
    """
    texts = Candidate.objects.filter(batch__study=changed.batch.study_id, state=Candidate.State.DRAFTED)
    found = set(_naming(texts, changed.code))
    if not (found or given_back):
        return
    beside = [_Beside(*row) for row in texts.order_by("pk").values_list(*_Beside.COLUMNS)]
    here = next(text for text in beside if text.pk == changed.pk)
    here.signature = signature
    found.discard(changed.pk)
    if given_back:
        found |= {changed.pk, *_lost(texts, beside, here)}
    known = {text.pk: text for text in beside}
    renewed = []
    for text in texts.filter(pk__in=found).only("flags", "flag_count"):
        # Of what an older release left without a signature nobody knows whether it is alike: its flag stays.
        if known[text.pk].signature is None:
            continue
        also = _named(text.flags) if text.pk == changed.pk else {changed.code}
        flags = [*_others(text.flags), *_flag(known[text.pk], also, beside)]
        if flags != text.flags:
            for name, value in flag_columns(flags).items():
                setattr(text, name, value)
            renewed.append(text)
    Candidate.objects.bulk_update(renewed, ["flags", "flag_count"], batch_size=200)


@dataclass
class _Beside:
    """What of a text tells whether others are alike."""

    pk: int
    code: str
    signature: bytes | None
    story: int
    decision: str

    COLUMNS = ("pk", "code", "signature", "batch__prompt__story", "decision")


def _naming(texts: QuerySet[Candidate], code: str) -> list[int]:
    # SQLite cannot look into a list that is stored as JSON; a text's code is random and stands nowhere else in it.
    named = texts.annotate(written=Cast("flags", TextField())).filter(written__contains=f'"{code}"')
    return list(named.values_list("pk", flat=True))


def _lost(texts: QuerySet[Candidate], beside: Iterable[_Beside], here: _Beside) -> list[int]:
    """Those that are like the text ``here`` again: that came behind it, or whose last edit was flagged so."""
    last = Edit.objects.filter(candidate=OuterRef("pk")).order_by("-number").values("flags")[:1]
    edited = texts.annotate(written=Cast(Subquery(last), TextField())).filter(written__contains=f'"{here.code}"')
    behind = set(edited.values_list("pk", flat=True))
    alone = Signatures([(here.code, bytes(here.signature or b""))])
    near = (text for text in beside if text.story == here.story and (text.pk > here.pk or text.pk in behind))
    return [text.pk for text in near if alone.nearest(bytes(text.signature or b""))]


def _flag(text: _Beside, also: Container[str], beside: Iterable[_Beside]) -> list[dict[str, str]]:
    """The flag of a text beside those before it and those named ``also``; none where it is like none of them."""
    rivals = Signatures(
        (other.code, bytes(other.signature or b""))
        for other in beside
        if other.code in also
        or (other.pk < text.pk and (other.story == text.story or other.decision == Candidate.Decision.ACCEPTED))
    )
    alike = rivals.nearest(bytes(text.signature or b""))
    return [stored(near_duplicate(alike))] if alike else []


def _named(flags: Iterable[dict[str, str]]) -> set[str]:
    return {flag["about"] for flag in flags if flag["code"] == NEAR_DUPLICATE}


def _others(flags: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    return [flag for flag in flags if flag["code"] != NEAR_DUPLICATE]
