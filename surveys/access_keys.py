"""Keys that let one person in, for classrooms and laboratories: made once, printed, typed in, never stored as they are.

A key is eleven characters that are drawn and one that checks them, from an alphabet without 0, O, 1, I and L. Whoever
uses one is found by it like somebody whom a panel sent: the key stands in the place of the panel's id.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Max, Min
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from surveys import attempts, audit, tokens
from surveys.models import AccessKey, Researcher, Study
from surveys.recruitment import Entrant

PANEL = "keys"
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 12
MOST_KEYS = 5_000
# Keys that are none are counted by network (surveys/attempts.py). A mistyped one does not count, since its check
# character gives it away. A key that is right is let in all the same: else one person who types nonsense locks out
# everybody behind their address. The length of a key is what stands against guessing: of 31^11 (2.5e16) that pass
# the check, 5,000 that exist are met once in 5e12 tries, so that the limit need only keep tries from piling up.
_PURPOSE = "key"


class KeyRefused(Exception):  # noqa: N818 -- it is an answer to a person, and reads as one
    """A key that lets nobody in; the message says why and what to do."""


@dataclass(frozen=True)
class Batch:
    """Keys that were made together: how many, when and by whom; how many let somebody in, and how many were revoked."""

    number: int
    made_at: datetime
    by: str
    keys: int
    used: int
    revoked: int

    @property
    def unused(self) -> int:
        """How many would still let somebody in for the first time."""
        return self.keys - self.used - self.revoked


def make(study: Study, count: int, *, by: Researcher) -> list[str]:
    """So many new keys as they are printed; only their hashes are kept. Raises ValueError for a count out of bounds."""
    if not 1 <= count <= MOST_KEYS:
        raise ValueError(f"between 1 and {MOST_KEYS} keys can be made at once, not {count}")
    found: dict[str, None] = {}
    while len(found) < count:
        found[_drawn()] = None
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=study.pk)
        last = AccessKey.objects.filter(study=study).aggregate(last=Max("batch"))["last"] or 0
        AccessKey.objects.bulk_create(
            AccessKey(study=study, keyed_hash=_hash(study, key), batch=last + 1, number=number, made_by=by)
            for number, key in enumerate(found, start=1)
        )
        audit.record(study, "access keys made", by=by, subject=f"{count} keys, sheet {last + 1}")
    return [printed(key) for key in found]


def batches(study: Study) -> list[Batch]:
    """The keys of a study by the making, the latest first. One query."""
    rows = (
        AccessKey.objects.filter(study=study)
        .values("batch", "made_by__email")
        .annotate(at=Min("made_at"), keys=Count("pk"), used=Count("used_at"), revoked=Count("revoked_at"))
        .order_by("-batch")
    )
    return [
        Batch(row["batch"], row["at"], row["made_by__email"], row["keys"], row["used"], row["revoked"]) for row in rows
    ]


def revoke(study: Study, batch: int, number: int, *, by: Researcher) -> bool:
    """Let one unused key of a sheet in no more, and log it. False if the sheet has no such key that is unused.

    A used key stays: it is the way back of whoever used it.
    """
    keys = AccessKey.objects.filter(study=study, batch=batch, number=number)
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=study.pk)
        revoked = keys.filter(used_at__isnull=True, revoked_at__isnull=True).update(revoked_at=Now()) == 1
        if revoked:
            audit.record(study, "access key revoked", by=by, subject=f"number {number}, sheet {batch}")
    return revoked


def redeem(study: Study, typed: str, network: str) -> Entrant:
    """Who comes in by a key as it was typed: capitals, blanks and hyphens do not matter.

    ``network`` is the address from which it was typed. Raises ``KeyRefused`` for what is no key of this study, and
    says so where too many were tried from there that are none.
    """
    key = _read(typed)
    if AccessKey.objects.filter(study=study, keyed_hash=_hash(study, key), revoked_at__isnull=True).exists():
        return Entrant(PANEL, key)
    if attempts.are_too_many(study, _PURPOSE, network):
        told = _("Too many keys were tried here that are none. Wait %(n)s minutes, or ask whoever gave you the key.")
        raise KeyRefused(told % {"n": attempts.WINDOW_MINUTES})
    raise KeyRefused(_("This key is not known here. Compare it with your sheet, or ask whoever gave it to you."))


def mark_used(study: Study, entrant: Entrant) -> None:
    """Note that somebody came in by this key; the first time counts."""
    keys = AccessKey.objects.filter(study=study, keyed_hash=_hash(study, entrant.panel_id), used_at__isnull=True)
    keys.update(used_at=Now())


def printed(key: str) -> str:
    """A key in groups of four, as it is printed."""
    return "-".join(key[start : start + 4] for start in range(0, LENGTH, 4))


def _read(typed: str) -> str:
    """The key in what was typed. Raises ``KeyRefused`` where it can be none, saying what is wrong with it."""
    key = "".join(character for character in typed[:200].upper() if character.isalnum())
    if not key:
        raise KeyRefused(_("Type the key that you were given."))
    if strange := sorted(set(key) - set(LETTERS)):
        told = _("Keys have no %(strange)s. Zero, one, I, L and O are never used: look at the sheet again.")
        raise KeyRefused(told % {"strange": ", ".join(strange[:5])})
    if len(key) != LENGTH:
        told = _("A key has %(n)s characters, and this has %(given)s.")
        raise KeyRefused(told % {"n": LENGTH, "given": len(key)})
    if _check_character(key[:-1]) != key[-1]:
        raise KeyRefused(_("One character is wrong, or two have changed places. Compare the key with your sheet."))
    return key


def _drawn() -> str:
    body = "".join(secrets.choice(LETTERS) for _character in range(LENGTH - 1))
    return body + _check_character(body)


def _check_character(body: Sequence[str]) -> str:
    """The character that makes any one wrong character, and any two that changed places, show.

    The alphabet has 31 characters, a prime, and each place has a weight of its own below it (as in ISBN-10).
    """
    return LETTERS[sum(place * LETTERS.index(each) for place, each in enumerate(body, start=1)) % len(LETTERS)]


def _hash(study: Study, key: str) -> str:
    return tokens.keyed_hash(study, _PURPOSE, key)
