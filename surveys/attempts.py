"""Tries at what could be guessed, counted by the network they come from: how many are more than people's slips."""

from datetime import timedelta

from django.db.models.functions import Now

from surveys import tokens
from surveys.models import KeyAttempt, Study

MOST_ATTEMPTS = 30
# A whole laboratory comes back by its numbers from one address, and who comes so may do little.
MOST_NUMBERS = 200
ATTEMPT_WINDOW = timedelta(minutes=15)
WINDOW_MINUTES = ATTEMPT_WINDOW // timedelta(minutes=1)


def are_too_many(study: Study, purpose: str, network: str, *, most: int = MOST_ATTEMPTS) -> bool:
    """Whether so many were made from this address within the window that this one is refused; else it is counted.

    ``purpose`` keeps tries of one kind apart from those of another. Only a keyed hash of the address is kept, and it
    goes when the window has passed. Where no address is known nothing is counted, or all would share the tries of one.
    """
    address = tokens.network_hash(study, purpose, network, "")
    if not address:
        return False
    KeyAttempt.objects.filter(at__lte=Now() - ATTEMPT_WINDOW).delete()
    if KeyAttempt.objects.filter(study=study, address_hash=address).count() >= most:
        return True
    KeyAttempt.objects.create(study=study, address_hash=address)
    return False
