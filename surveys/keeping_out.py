"""Whether somebody whom a panel sends took part in an earlier study, or has read one of this study's stories.

No row links one person's parts in two studies: each earlier study is asked for the hash that this panel id has there,
which only who holds ``IDENTITY_KEY`` can work out (docs/decisions/0008-earlier-participants.md).
"""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, Subquery

from surveys.models import Article, Mode, PanelIdentity, Study, Trial
from surveys.recruitment import Recruitment
from surveys.tokens import keyed_hash

# Previews and simulations are nobody's part in a study.
_MODES = (Mode.LIVE, Mode.PILOT)


def is_kept_out(study: Study, settings: Recruitment, panel_id: str) -> bool:
    """Whether the study's settings keep this person out.

    No query where they keep nobody out, one for chosen studies, and one more where readers are kept out.
    """
    them = Q()
    if settings.keep_out:
        # The study itself stands for its pilot.
        them |= Q(_identities(study, settings.keep_out, panel_id), participant__consented_at__isnull=False)
    if settings.keep_out_readers and (stories := _shared_stories(study)):
        others = {key for key, _story in stories}
        read = {story for _key, story in stories}
        shown = Trial.objects.filter(
            participant=OuterRef("participant"), shown_at__isnull=False, article__story__in=read
        )
        them |= Q(_identities(study, others, panel_id), Exists(shown))
    return bool(them) and PanelIdentity.objects.filter(them).exists()


def _shared_stories(study: Study) -> list[tuple[str, int]]:
    """(key of another study, story there) for every story of which this study has a text too."""
    mine = study.articles.filter(taken_down_at__isnull=True).values("sha256")
    shared = Article.objects.filter(sha256__in=mine).exclude(study=study)
    return list(shared.values_list("study__key", "story_id").distinct())


def _identities(study: Study, earlier: Iterable[str], panel_id: str) -> Q:
    """Which rows are this person in the studies with these keys; in the study itself only in its pilot."""
    found = Q()
    for key in earlier:
        # A hash needs no more of a study than its key; the row is found by the database, in the same query.
        row = Subquery(Study.objects.filter(key=key).values("pk")[:1])
        for mode in _MODES:
            if key != study.key or mode == Mode.PILOT:
                found |= Q(study=row, mode=mode, keyed_hash=keyed_hash(Study(key=key), mode, panel_id))
    return found
