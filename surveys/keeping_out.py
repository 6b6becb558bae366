"""Whether somebody whom a panel sends took part in an earlier study, or has read one of this study's stories.

No row links one person's parts in two studies: each earlier study is asked for the hash that this panel id has there,
which only who holds ``IDENTITY_KEY`` can work out (docs/decisions/0008-earlier-participants.md).
"""

from collections import defaultdict

from django.db.models import Q, QuerySet

from surveys.models import Article, Mode, PanelIdentity, Study, Trial
from surveys.recruitment import Recruitment
from surveys.tokens import keyed_hash

# Previews and simulations are nobody's part in a study.
_MODES = (Mode.LIVE, Mode.PILOT)


def is_kept_out(study: Study, settings: Recruitment, panel_id: str) -> bool:
    """Whether the study's settings keep this person out. No query where they keep nobody out."""
    if settings.keep_out and _took_part(study, settings.keep_out, panel_id):
        return True
    return settings.keep_out_readers and _has_read(study, panel_id)


def _took_part(study: Study, keys: tuple[str, ...], panel_id: str) -> bool:
    """Whether they consented in one of these studies; the study itself stands for its pilot."""
    earlier = Study.objects.filter(key__in=keys)
    asked = _identities(study, earlier, panel_id)
    return bool(asked) and PanelIdentity.objects.filter(asked, participant__consented_at__isnull=False).exists()


def _has_read(study: Study, panel_id: str) -> bool:
    """Whether they were shown, in any other study, a version of a story of which this study has a text too."""
    mine = study.articles.filter(taken_down_at__isnull=True).values("sha256")
    stories: dict[int, set[int]] = defaultdict(set)
    shared = Article.objects.filter(sha256__in=mine).exclude(study=study).values_list("study_id", "story_id").distinct()
    for other, story in shared:
        stories[other].add(story)
    if not stories:
        return False
    asked = _identities(study, Study.objects.filter(pk__in=stories), panel_id)
    people = PanelIdentity.objects.filter(asked).values("participant")
    read = {story for those in stories.values() for story in those}
    return Trial.objects.filter(participant__in=people, shown_at__isnull=False, article__story__in=read).exists()


def _identities(study: Study, earlier: QuerySet[Study], panel_id: str) -> Q:
    """Which rows are this person in these studies; in the study itself only in its pilot."""
    found = Q()
    for each in earlier:
        for mode in _MODES:
            if each.pk != study.pk or mode == Mode.PILOT:
                found |= Q(study=each, mode=mode, keyed_hash=keyed_hash(each, mode, panel_id))
    return found
