"""The debriefing, put together of what was rendered once a process: the page around, and each article with its truth.

People differ in the articles that they read and in their order, not in what is said of one. The keys of both caches
are all that their templates are given, so that nothing that was made for one person can reach another.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from surveys.frozen import FrozenStudy
from surveys.models import Outcome
from surveys.participant.pages import Revealed, own_text, surroundings
from surveys.participant.questions import lang_attribute
from surveys.participant.replies import Told
from surveys.participant.sheets import MARKS, Rendered, cut, fill
from surveys.route import step_named

# How a part ends before everything is answered, where that is not the person's own wish.
ENDED_EARLY = frozenset({Outcome.FAILED_CHECKS, Outcome.RETURNED, Outcome.TIMED_OUT, Outcome.CLOSED})


@dataclass(frozen=True)
class Around:
    """All that stands around the articles. ``withdraw_until`` is the last day to withdraw, where that can be done.

    ``language`` is the participant's, ``interface`` that of our own words; ``to_acknowledge`` is false for who reads
    the page again, and ``told`` is what is told of the page before this one. ``ended`` is the outcome of
    ``ENDED_EARLY`` by which somebody comes here in the midst of their way, or ''. ``kept_late`` is true where answers
    were kept that they sent after it.
    """

    study: FrozenStudy
    study_key: str
    language: str
    interface: str
    is_preview: bool
    to_acknowledge: bool
    ended: str
    kept_late: bool
    is_withdrawn: bool
    told: Told
    withdraw_until: date | None


def page(request: HttpRequest, around: Around, articles: list[Revealed]) -> HttpResponse:
    """The debriefing of somebody who saw these articles."""
    items = "".join([_article(article, around.language, around.interface) for article in articles])
    return fill(request, _rendered(around), {"articles": items})


@lru_cache(maxsize=256)
def _rendered(around: Around) -> Rendered:
    step = step_named(around.study, "debrief")
    assert step is not None  # noqa: S101  # every study's way has it
    with translation.override(around.interface):
        own = surroundings(
            around.study,
            around.study_key,
            step,
            around.language,
            can_leave=False,
            is_preview=around.is_preview,
        )
        own |= {
            "page_number": None,
            "page_count": None,
            "debrief": own_text(around.study, "debrief", around.language),
            "to_acknowledge": around.to_acknowledge,
            "ended": around.ended,
            "kept_late": around.kept_late,
            "is_withdrawn": around.is_withdrawn,
            "told": around.told,
            "can_withdraw": around.withdraw_until is not None,
            "deadline": around.withdraw_until,
        }
        html = render_to_string("participant/debrief.html", own | MARKS)
    # Who the page is for: with the study's own language first, since most of the words are the study's.
    return cut(html, ", ".join(dict.fromkeys((around.language, around.interface))))


@lru_cache(maxsize=2048)
def _article(article: Revealed, language: str, interface: str) -> str:
    with translation.override(interface):
        context = {
            "article": article,
            "text_lang": lang_attribute(language),
            "untrue_lang": lang_attribute(article.untrue_language),
        }
        return render_to_string("participant/revealed.html", context)
