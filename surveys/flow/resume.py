"""How somebody comes back, by a link, the panel's id or a key: where they were, unless they were away for too long."""

from datetime import timedelta

from surveys import recruitment
from surveys.flow.endings import end_because_late
from surveys.flow.place import Place, find


def come_back(token: str, study_key: str = "") -> Place | None:
    """Where the owner of this token is, as ``find`` says it, now that they come back from outside the study's pages.

    Who was away for longer than the study's panel settings allow has timed out by then. Nobody at the consent has:
    they have given nothing yet, and are asked as ever.
    """
    place = find(token, study_key)
    if place is None or not place.is_under_way or place.participant.consented_at is None:
        return place
    hours = recruitment.read(place.participant.study).resume_hours
    if hours is not None and end_because_late(place, timedelta(hours=hours)):
        return find(token, study_key)
    return place
