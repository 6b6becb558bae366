"""A text's flags beside all that its study holds: every text of its story, those accepted elsewhere, all real articles.

Candidates carry the flags of the text as it stands. Nothing here loads torch: a worker asks for each draft, a web
process for each edit.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from generation.differences import opening_in
from generation.engine import NOTES, Flag, Signatures, near_duplicate, people_flags, real_sources, screen, signature
from generation.engine.runs import Sources
from generation.lineage import opened_text
from generation.models import Candidate, Edit, Prompt
from surveys.models import Article, Origin, Story

# So many new texts are asked for by name; where more came, all are read.
_FEW = 100


@dataclass(frozen=True)
class Screened:
    """What was found of a text, as its candidate keeps it once it was held against the others (``Beside.held``)."""

    flags: list[dict[str, str]]
    signature: bytes

    @property
    def columns(self) -> dict[str, Any]:
        """What to write into the candidate's row."""
        return {**flag_columns(self.flags), "signature": self.signature}


def flag_columns(flags: list[dict[str, str]]) -> dict[str, Any]:
    """A candidate's flags and their number; a note is no flag."""
    return {"flags": flags, "flag_count": sum(flag["code"] not in NOTES for flag in flags)}


class Beside:
    """What the texts of a prompt are held against. The real articles are read once for many of them, others' texts anew
    for each: meanwhile other workers write for the same story, and curators edit.
    """

    def __init__(
        self,
        prompt: Prompt,
        *,
        reals: list[str],
        sources: Sources | None,
        drafted: QuerySet[Candidate],
    ) -> None:
        self._prompt, self._reals, self._sources, self._drafted = prompt, reals, sources, drafted
        self._is_near = Q(batch__prompt__story=prompt.story_id) | Q(decision=Candidate.Decision.ACCEPTED)
        self._near = drafted.filter(self._is_near)
        self._texts = Signatures()
        self._read: dict[str, int] = {}
        self._counted = (0, 0)
        # The texts (batch, index) that were held since the last look, to be stored: others come unforeseen.
        self._own: set[tuple[int, int]] = set()
        self._look()

    @classmethod
    def nothing(cls, prompt: Prompt) -> "Beside":
        """Nothing but the prompt itself."""
        return cls(prompt, reals=[], sources=None, drafted=Candidate.objects.none())

    @classmethod
    def study(cls, prompt: Prompt, *, but: Candidate | None = None) -> "Beside":
        """All that the prompt's study holds, without the text ``but``. A few queries, and seconds at thousands of texts
        of which none was screened before.
        """
        real = Article.objects.filter(
            study=prompt.study_id, origin=Origin.REAL, replaced_by=None, taken_down_at=None
        ).order_by("pk")
        return cls(
            prompt,
            reals=list(real.filter(story=prompt.story_id).values_list("text", flat=True)),
            sources=_sources(tuple(real.values_list("pk", "sha256"))),
            drafted=_drafted(prompt, but),
        )

    def screened(self, text: str, *, opening: str) -> Screened:
        """The flags of a text behind its ``opening`` and the blanks between both, and its signature. ``held`` adds
        which text it is like.
        """
        prompt = self._prompt
        flags = (
            *screen(
                text,
                prompt_text=prompt.text,
                real_texts=self._reals,
                language=prompt.language,
                opening=opening,
                copied_from=self._sources,
            ),
            *people_flags(text, prompt_text=prompt.text, real_texts=self._reals),
        )
        return Screened([stored(flag) for flag in flags], signature(text))

    def held(self, found: Screened, *, own: tuple[int, int] | None = None) -> Screened:
        """The same, with the flag that the text is nearly the same as another one that is there by now.

        Needs a transaction, and holds the story's row. ``own`` is the batch and the index under which a draft is about
        to be stored. Three queries; where others wrote or decided meanwhile, two that read all near texts' revisions.
        """
        hold_story(self._prompt)
        self._look()
        if own is not None:
            self._own.add(own)
        alike = self._texts.nearest(found.signature)
        return Screened([*found.flags, stored(near_duplicate(alike))], found.signature) if alike else found

    def _look(self) -> None:
        """Read what came since the last look.

        Texts are never deleted, and whatever is done to one counts its revision up: where the study's revisions are
        what they were, and no more near texts came than are our own, nothing else happened. All of them are read only
        where something did, since thousands take longer than the step in which a GPU writes one.
        """
        counted, own = self._count(), self._own
        self._own = set()
        (near, revisions), (near_before, revisions_before) = counted, self._counted
        self._counted = counted
        stored = [row for batch, index in own for row in _signatures(self._near.filter(batch=batch, index=index))]
        if revisions == revisions_before and near - near_before == len(stored):
            for code, made in stored:
                self._texts.add(code, made)
                self._read[code] = 0
        else:
            self._read_all()

    def _count(self) -> tuple[int, int]:
        """How many near texts there are, and all revisions of the study's texts together."""
        found = self._drafted.aggregate(near=Count("pk", filter=self._is_near), revisions=Sum("revision"))
        return found["near"], found["revisions"] or 0

    def _read_all(self) -> None:
        now = dict(self._near.values_list("code", "revision"))
        fresh = now.keys() - self._read.keys()
        if self._read.items() <= now.items() and len(fresh) <= _FEW:
            for code, made in _signatures(self._near.filter(code__in=fresh)):
                self._texts.add(code, made)
        else:
            # Many came, or what was read is not as it was.
            self._texts = Signatures(_signatures(self._near))
        self._read = now


def of_edit(candidate: Candidate, text: str) -> tuple[Beside, Screened]:
    """What is found of the candidate's text once it stands as ``text``, and what it is to be ``held`` against."""
    end = _opening_of(candidate, text)
    behind = text[end:].lstrip()
    beside = Beside.study(candidate.batch.prompt, but=candidate)
    return beside, beside.screened(behind.rstrip(), opening=text[: len(text) - len(behind)] if end else "")


def hold_story(prompt: Prompt) -> None:
    """Hold the story's row, to the transaction's end: of two texts stored at once the second meets the first."""
    # Its key stays free: whoever makes an article of the story need not wait.
    Story.objects.select_for_update(no_key=True).get(pk=prompt.story_id)


def signature_of(candidate: Candidate, text: str) -> bytes:
    """The signature that the candidate has while its text stands as ``text``."""
    return signature(text[_opening_of(candidate, text) :])


def _opening_of(candidate: Candidate, text: str) -> int:
    """How much of a standing text is the prompt's opening, as it now stands in front of what the model wrote."""
    prompt = candidate.batch.prompt
    if not prompt.opening_shown or not candidate.text:
        return 0
    return opening_in(text, opening=prompt.text, draft=opened_text(candidate))


def stored(flag: Flag) -> dict[str, str]:
    """A flag as candidates and edits keep it."""
    return {name: value for name, value in asdict(flag).items() if value or name != "about"}


def _drafted(prompt: Prompt, but: Candidate | None) -> QuerySet[Candidate]:
    """The texts of the prompt's study; those of its story, and accepted ones, one may be nearly the same as."""
    drafted = Candidate.objects.filter(batch__study=prompt.study_id, state=Candidate.State.DRAFTED)
    return drafted if but is None else drafted.exclude(pk=but.pk)


def _signatures(texts: QuerySet[Candidate]) -> Iterator[tuple[str, bytes]]:
    """Their codes and signatures, the oldest first."""
    rows = list(texts.order_by("pk").values_list("pk", "code", "signature"))
    made_now = _made_now(texts.filter(signature=None)) if any(made is None for *_, made in rows) else {}
    for pk, code, made in rows:
        yield code, made_now.get(pk, b"") if made is None else bytes(made)


def _made_now(missing: QuerySet[Candidate]) -> dict[int, bytes]:
    """The signatures of texts that have none yet, as older releases left them; kept from now on."""
    texts = list(missing.order_by("pk").select_related("batch__prompt").defer("token_ids", "logprobs", "ranks"))
    if not texts:
        return {}
    edits = Edit.objects.filter(candidate__in=missing).order_by("number")
    edited = dict(edits.values_list("candidate", "text"))
    for text in texts:
        standing = edited.get(text.pk)
        text.signature = signature(text.text) if standing is None else signature_of(text, standing)
    # Who edits one of them meanwhile stores its signature too, and that one stays.
    Candidate.objects.filter(signature=None).bulk_update(texts, ["signature"], batch_size=200)
    return {text.pk: bytes(text.signature or b"") for text in texts}


@lru_cache(maxsize=2)
def _sources(articles: tuple[tuple[int, str], ...]) -> Sources:
    """The texts of these articles, by id and hash: kept between texts, since thousands take seconds to prepare."""
    keys = [pk for pk, _sha256 in articles]
    return real_sources(list(Article.objects.filter(pk__in=keys).order_by("pk").values_list("text", flat=True)))
