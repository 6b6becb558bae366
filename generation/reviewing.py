"""The review queue: which texts a curator wants to see, and which stands before and behind another."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from generation.models import Candidate, Review
from surveys.models import Researcher, Study

ANY = ""
NO_FLAG = "none"


@dataclass(frozen=True)
class Filters:
    """What a curator asks to see; an empty value means all."""

    decision: str = Candidate.Decision.PENDING
    batch: str = ANY
    model: str = ANY
    flag: str = ANY

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "Filters":
        """The filters of a query string; what it does not know it ignores."""
        decision = query.get("decision", Candidate.Decision.PENDING)
        batch = query.get("batch", ANY)
        return cls(
            decision=decision if decision in {*Candidate.Decision.values, ANY} else Candidate.Decision.PENDING,
            batch=batch if batch.isascii() and batch.isdigit() and len(batch) < 10 else ANY,
            model=query.get("model", ANY)[:60],
            flag=query.get("flag", ANY)[:60],
        )

    @property
    def query(self) -> str:
        """The same filters as a query string, without those that are at their default."""
        default = Filters()
        chosen = {
            name: getattr(self, name)
            for name in ("decision", "batch", "model", "flag")
            if getattr(self, name) != getattr(default, name)
        }
        return urlencode(chosen)

    def texts(self, study: Study) -> QuerySet[Candidate]:
        """The study's drafted texts that fit, in the order of the queue: batch, then index."""
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
            found = found.filter(pk__in=_flagged(found, self.flag))
        return found.order_by("batch__number", "index")


def drafted(study: Study) -> QuerySet[Candidate]:
    """All texts of a study that were written, without their long per-token columns."""
    return (
        Candidate.objects.filter(batch__study=study, state=Candidate.State.DRAFTED)
        .select_related("batch__prompt__story", "batch__language_model", "batch__study", "run", "article")
        .defer("token_ids", "logprobs", "ranks")
    )


def neighbours(texts: QuerySet[Candidate], current: Candidate) -> tuple[Candidate | None, Candidate | None]:
    """The texts before and behind ``current`` in the queue, whether or not it fits the filters itself."""
    number, index = current.batch.number, current.index
    before = texts.filter(Q(batch__number__lt=number) | Q(batch__number=number, index__lt=index))
    behind = texts.filter(Q(batch__number__gt=number) | Q(batch__number=number, index__gt=index))
    return before.order_by("-batch__number", "-index").first(), behind.first()


def flag_codes(study: Study) -> list[str]:
    """The codes of all flags that the study's texts carry."""
    lists = drafted(study).filter(flag_count__gt=0).values_list("flags", flat=True)
    return sorted({flag["code"] for flags in lists for flag in flags})


def last_decision(study: Study, by: Researcher) -> Review | None:
    """What this person decided last in the study, if nothing happened to that text since: what 'undo' takes back."""
    last = (
        Review.objects.filter(candidate__batch__study=study, by=by, rule="")
        .select_related("candidate__batch__study", "candidate__batch__prompt__story", "candidate__article")
        .order_by("-at", "-pk")
        .first()
    )
    if last is None or last.new == Candidate.Decision.PENDING or last.candidate.decision != last.new:
        return None
    return last


def _flagged(texts: QuerySet[Candidate], code: str) -> list[int]:
    # SQLite cannot look into a JSON list, and a study has some hundred texts at most.
    return [pk for pk, flags in texts.values_list("pk", "flags") if any(flag["code"] == code for flag in flags)]
