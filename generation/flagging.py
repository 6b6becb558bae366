"""A text's flags beside all that its study holds: every text of its story, those accepted elsewhere, all real articles.

Candidates carry the flags of the text as it stands. Nothing here loads torch: a worker asks for each draft, a web
process for each edit.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from django.db.models import Q, QuerySet

from generation.differences import compare, place_behind
from generation.engine import NOTES, Flag, Signatures, near_duplicate, people_flags, real_sources, screen, signature
from generation.engine.runs import Sources
from generation.lineage import opened_text
from generation.models import Candidate, Edit, Prompt
from surveys.models import Article, Origin


@dataclass(frozen=True)
class Screened:
    """What was found of a text, as its candidate keeps it."""

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
    """What the texts of a prompt are held against, read once for many of them; they are held against each other too."""

    def __init__(self, prompt: Prompt, *, reals: list[str], sources: Sources | None, texts: Signatures) -> None:
        self._prompt, self._reals, self._sources, self._texts = prompt, reals, sources, texts

    @classmethod
    def nothing(cls, prompt: Prompt) -> "Beside":
        """Nothing but the prompt itself."""
        return cls(prompt, reals=[], sources=None, texts=Signatures())

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
            texts=Signatures(_others(prompt, but)),
        )

    def screened(self, text: str, *, opening: str | None = None) -> Screened:
        """The flags of a text behind its ``opening``, the prompt's by default, and its signature."""
        prompt = self._prompt
        if opening is None:
            opening = prompt.text if prompt.opening_shown and text else ""
        made = signature(text)
        alike = self._texts.nearest(made)
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
            *([near_duplicate(alike)] if alike else ()),
        )
        return Screened([stored(flag) for flag in flags], made)

    def remember(self, code: str, found: Screened) -> None:
        """Hold later texts against this one too."""
        self._texts.add(code, found.signature)


def of_edit(candidate: Candidate, text: str) -> Screened:
    """What is found of the candidate's text once it stands as ``text``, beside all that the study holds."""
    end = _opening_of(candidate, text)
    return Beside.study(candidate.batch.prompt, but=candidate).screened(text[end:].strip(), opening=text[:end])


def signature_of(candidate: Candidate, text: str) -> bytes:
    """The signature that the candidate has while its text stands as ``text``."""
    return signature(text[_opening_of(candidate, text) :])


def _opening_of(candidate: Candidate, text: str) -> int:
    """How much of a standing text is the prompt's opening, as it now stands in front of what the model wrote."""
    prompt = candidate.batch.prompt
    if not prompt.opening_shown or not candidate.text:
        return 0
    if text.startswith(prompt.text):
        return len(prompt.text)
    end = place_behind(compare(opened_text(candidate), text), len(prompt.text))
    if end < len(text):
        return end
    # Too little is left as it was to tell where the opening ends: what follows must be looked through all the same.
    return len(prompt.text) if len(prompt.text) < len(text) else 0


def stored(flag: Flag) -> dict[str, str]:
    """A flag as candidates and edits keep it."""
    return {name: value for name, value in asdict(flag).items() if value or name != "about"}


def _others(prompt: Prompt, but: Candidate | None) -> Iterator[tuple[str, bytes]]:
    """The code and the signature of each text that one of this prompt may be nearly the same as, the oldest first."""
    drafted = Candidate.objects.filter(batch__study=prompt.study_id, state=Candidate.State.DRAFTED)
    near = drafted.filter(Q(batch__prompt__story=prompt.story_id) | Q(decision=Candidate.Decision.ACCEPTED))
    if but is not None:
        near = near.exclude(pk=but.pk)
    made_now = _made_now(near.filter(signature=None))
    for pk, code, made in near.order_by("pk").values_list("pk", "code", "signature"):
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
