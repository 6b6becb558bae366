"""The review queue: which texts a curator wants to see, in which order, and which stand before and behind another."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.expressions import Combinable, OrderBy
from django.db.models.functions import Cast, Coalesce, Length
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from generation.assignments import owns, panels
from generation.engine import screening
from generation.models import Candidate, Edit
from generation.remarks import marked
from surveys.models import Researcher, Study

# Every code that a flag may have.
CODES = sorted({value for name, value in vars(screening).items() if name.isupper() and isinstance(value, str)})
ANY = ""
NO_FLAG = "none"

FLAGS: dict[str, Promise] = {
    screening.TOO_SHORT: _("Short"),
    screening.TOO_LONG: _("Long"),
    screening.REPETITION: _("Repeats itself"),
    screening.CUT_ENDING: _("Cut ending"),
    screening.RUN_TOGETHER: _("No blank behind the opening"),
    screening.SELF_REFERENCE: _("Speaks of itself as a model"),
    screening.COPIED_PROMPT: _("Copies its prompt"),
    screening.COPIED_REAL: _("Copies a real article"),
    screening.LANGUAGE: _("Another language"),
    screening.INSTRUCTION_LEAK: _("Instructions left in"),
    screening.NEAR_DUPLICATE: _("Nearly the same as another"),
    screening.REAL_NAME: _("Names somebody"),
    screening.INVENTED_QUOTE: _("Quotes somebody"),
}
# What of the queue is wanted: all, or what waits for somebody in particular.
WANTED: dict[str, str | Promise] = {
    ANY: _("All"),
    "mine": _("Those I am asked about"),
    "disputed": _("Those on which opinions differ"),
    "marked": _("Those that somebody marked"),
}
# A score tells models apart, so that it is hidden where they are.
SORTS: dict[str, str | Promise] = {
    ANY: _("In order"),
    "short": _("Shortest first"),
    "long": _("Longest first"),
    "clean": _("Fewest flags first"),
    "flagged": _("Most flags first"),
    "likely": _("Highest score first"),
    "unlikely": _("Lowest score first"),
}
SHOWS_MODELS = {"likely", "unlikely"}

Order = str | OrderBy | Combinable
# Of the text that readers get: the last edit, or the draft behind its opening, but for the blanks between both.
_OPENING = Case(
    When(batch__prompt__opening_shown=True, text__gt="", then=Length("batch__prompt__text")), default=Value(0)
)
_LAST_EDIT = Edit.objects.filter(candidate=OuterRef("pk")).order_by("-number").values(characters=Length("text"))[:1]
_LENGTH = Coalesce(Subquery(_LAST_EDIT), Length("text") + _OPENING)
_ORDERS: dict[str, tuple[Order, ...]] = {
    ANY: (),
    "short": (_LENGTH.asc(),),
    "long": (_LENGTH.desc(),),
    "clean": ("flag_count",),
    "flagged": ("-flag_count",),
    "likely": (F("mean_logprob").desc(nulls_last=True),),
    "unlikely": (F("mean_logprob").asc(nulls_last=True),),
}


@dataclass(frozen=True)
class Filters:
    """What a curator asks to see; an empty value means all. ``is_blind`` is the study's rule, not a wish."""

    decision: str = Candidate.Decision.PENDING
    batch: str = ANY
    model: str = ANY
    flag: str = ANY
    want: str = ANY
    sort: str = ANY
    is_blind: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str], *, is_blind: bool = False) -> "Filters":
        """The filters of a query string; what it does not know it ignores, and what would tell the model too."""
        decision = query.get("decision", Candidate.Decision.PENDING)
        batch, sort = query.get("batch", ANY), query.get("sort", ANY)
        want = query.get("want", ANY)
        found = cls(
            decision=decision if decision in {*Candidate.Decision.values, ANY} else Candidate.Decision.PENDING,
            batch=batch if batch.isascii() and batch.isdigit() and len(batch) < 10 else ANY,
            model=query.get("model", ANY)[:60],
            flag=query.get("flag", ANY)[:60],
            want=want if want in WANTED else ANY,
            sort=sort if sort in SORTS else ANY,
            is_blind=is_blind,
        )
        if is_blind:
            return replace(found, batch=ANY, model=ANY, sort=ANY if found.sort in SHOWS_MODELS else found.sort)
        return found

    @property
    def query(self) -> str:
        """The same filters as a query string, without those that are at their default."""
        names = [field.name for field in fields(self) if field.name != "is_blind"]
        default = Filters()
        return urlencode({name: getattr(self, name) for name in names if getattr(self, name) != getattr(default, name)})

    def texts(self, study: Study, by: Researcher) -> QuerySet[Candidate]:
        """The study's drafted texts that fit, in the order of the queue. ``by`` is who looks."""
        found = drafted(study)
        if self.decision:
            found = found.filter(decision=self.decision)
        if self.batch:
            found = found.filter(batch__number=int(self.batch))
        if self.model:
            found = found.filter(batch__language_model__key=self.model)
        if self.flag == NO_FLAG:
            found = found.filter(flag_count=0)
        elif self.flag:
            found = found.annotate(written=_FLAGS).filter(_flagged(self.flag))
        if self.want:
            found = found.filter(_WANTED[self.want](study, by))
        return self.ordered(found)

    def ordered(self, texts: QuerySet[Candidate]) -> QuerySet[Candidate]:
        """In the order of the queue: batch and index, or, where those are hidden, by the random code."""
        last: tuple[Order, ...] = ("code",) if self.is_blind else ("batch__number", "index")
        return texts.order_by(*_ORDERS[self.sort], *last)

    def neighbours(self, study: Study, by: Researcher, current: Candidate) -> "Place":
        """What stands around ``current`` in the queue, whether or not it fits the filters itself. Three queries."""
        fitting = set(self.texts(study, by).values_list("pk", flat=True))
        order = list(self.ordered(drafted(study)).values_list("pk", flat=True))
        here = order.index(current.pk)
        before = next((pk for pk in reversed(order[:here]) if pk in fitting), None)
        behind = next((pk for pk in order[here + 1 :] if pk in fitting), None)
        found = drafted(study).in_bulk([pk for pk in (before, behind) if pk is not None])
        return Place(found.get(before or 0), found.get(behind or 0), len(fitting))


@dataclass(frozen=True)
class Place:
    """A text's neighbours in the queue, and how many texts the queue has."""

    before: Candidate | None
    behind: Candidate | None
    matching: int


def to_decide(study: Study, by: Researcher) -> int:
    """How many texts wait for this person: pending, and neither for opinions of others nor for others to adjudicate."""
    is_owner = owns(study, by)
    others = [pk for pk, panel in panels(study).items() if not panel.waits_for(by.pk, owns=is_owner)]
    return drafted(study).filter(decision=Candidate.Decision.PENDING).exclude(pk__in=others).count()


def drafted(study: Study) -> QuerySet[Candidate]:
    """All texts of a study that were written, without their long per-token columns."""
    return (
        Candidate.objects.filter(batch__study=study, state=Candidate.State.DRAFTED)
        .select_related("batch__prompt__story", "batch__language_model", "batch__study", "run", "article")
        .defer("token_ids", "logprobs", "ranks", "signature")
    )


def flag_codes(study: Study) -> list[str]:
    """The codes of all flags that the study's texts carry. One query."""
    texts = Candidate.objects.filter(batch__study=study, state=Candidate.State.DRAFTED, flag_count__gt=0)
    carried = {code: Count("pk", filter=_flagged(code)) for code in CODES}
    found = texts.annotate(written=_FLAGS).aggregate(**{f"n{place}": carried[code] for place, code in enumerate(CODES)})
    return sorted(code for place, code in enumerate(CODES) if found[f"n{place}"])


# SQLite cannot look into a list that is stored as JSON; both databases write it with a blank behind the colon.
_FLAGS = Cast("flags", TextField())


def _flagged(code: str) -> Q:
    return Q(written__contains=f'"code": {json.dumps(code)}')


def _mine(study: Study, by: Researcher) -> Q:
    return Q(pk__in=[pk for pk, panel in panels(study).items() if by.pk in panel.missing])


def _disputed(study: Study, _by: Researcher) -> Q:
    return Q(pk__in=[pk for pk, panel in panels(study).items() if panel.is_disputed])


_WANTED: dict[str, Callable[[Study, Researcher], Q]] = {"mine": _mine, "disputed": _disputed, "marked": marked}
