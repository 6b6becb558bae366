"""How somebody comes back, by a link, the panel's id or a key: where they were, unless they were away for too long."""

from datetime import datetime, timedelta

from surveys import recruitment
from surveys.flow.endings import end_because_late
from surveys.flow.place import Place, find

# The least that a study can set: nobody is too late before it has passed since the consent.
_SHORTEST = timedelta(hours=1)


def come_back(token: str, study_key: str = "") -> Place | None:
    """Where the owner of this token is, as ``find`` says it, now that they come back from outside the study's pages.

    Who was away for longer than the study's panel settings allow has timed out by then. Nobody at the consent has:
    they have given nothing yet, and are asked as ever.
    """
    place = find(token, study_key)
    if place is None or not place.is_under_way or place.participant.consented_at is None:
        return place
    limit = _limit(place)
    if limit is not None and end_because_late(place, limit):
        return find(token, study_key)
    return place


def end_if_late(place: Place, now: datetime) -> bool:
    """Whether somebody who opens a page of the study was away for too long; their way has ended then, as above.

    ``now`` is the web machine's time. It only spares the database the question while the consent is fresh, which is
    the ordinary way; where it asks, the database's clock decides.
    """
    consented = place.participant.consented_at
    if not place.is_under_way or consented is None or now - consented < _SHORTEST:
        return False
    limit = _limit(place)
    return limit is not None and now - consented >= limit and end_because_late(place, limit)


def _limit(place: Place) -> timedelta | None:
    hours = recruitment.read(place.participant.study).resume_hours
    return None if hours is None else timedelta(hours=hours)
