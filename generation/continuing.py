"""Continue from here: a text is cut at a point, and the model that wrote it goes on from there. Lineage is a tree."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext as _

from generation import registry
from generation.batches import RequestError, request_batch
from generation.curation import standing_text
from generation.engine import CONTINUATION, BuiltinModelError, ModelFolderError, PromptTokens, Sampling
from generation.engine import Prompt as EnginePrompt
from generation.engine.served import ServedTokens
from generation.lineage import text_sha256
from generation.models import Batch, Candidate, Continuation, LanguageModel, Prompt
from generation.parity.passages import sentence_ends
from generation.rules import rules_of
from generation.terms import must_accept
from surveys import audit
from surveys.models import Researcher, Study, normal_text

DEEPEST = 50


@dataclass(frozen=True)
class Branch:
    """One text of a tree. ``depth`` is 0 at the root; ``cut`` the characters kept of the text that it goes on from."""

    candidate: Candidate
    depth: int
    cut: int
    is_current: bool


def places_to_cut(text: str) -> list[tuple[int, str]]:
    """Where a text can be cut: behind each sentence but the last, with the sentence that would be the last one kept."""
    ends = sentence_ends(text)
    starts = [0, *ends[:-1]]
    return [(end, text[start:end].strip()) for start, end in zip(starts, ends, strict=True)][:-1]


def continue_from(candidate: Candidate, *, by: Researcher, cut: int, size: int, max_tokens: int | None) -> Batch:
    """A batch of ``size`` texts that go on behind the first ``cut`` characters of the text as it stands.

    Same model, same sampling but for the length; without ``max_tokens`` that is the batch's too, or what each of the
    study's models has room for behind what is kept. What is kept stands in front of each new text, since readers get
    it. Where readers did not get the first prompt, the model does not either: it goes on from what readers see. Raises
    ``RequestError`` with a sentence a field, ``DraftOnly``.
    """
    text = standing_text(candidate)
    if not 1 <= cut < len(text) or not text[:cut].strip():
        raise RequestError({"cut": _("Cut the text behind its beginning and before its end.")})
    batch, prompt = candidate.batch, candidate.batch.prompt
    sampling = Sampling.from_dict(batch.sampling)
    longest = _room(batch, text[:cut], sampling.max_tokens) if max_tokens is None else max_tokens
    with transaction.atomic():
        made = request_batch(
            batch.study,
            by=by,
            story=prompt.story,
            text=text[:cut],
            kind=Prompt.Kind.CONTINUATION,
            headline=prompt.headline,
            language=prompt.language,
            opening_shown=True,
            language_model=batch.language_model.key,
            sampling=_as_long_as(sampling, longest),
            size=size,
        )
        Continuation.objects.create(batch=made, parent=candidate, cut=cut, text_sha256=text_sha256(text))
        subject = f"batch {made.number} from batch {batch.number}, candidate {candidate.index}, character {cut}"
        audit.record(batch.study, "continued from a text", by=by, subject=subject)
    return made


def closed_to(study: Study, researcher: Researcher) -> bool:
    """Whether a model that writes for the study has terms which this researcher has yet to accept."""
    models = LanguageModel.objects.filter(batches__study=study).exclude(terms="").distinct()
    return any(must_accept(model, researcher) for model in models)


def _room(batch: Batch, kept: str, most: int) -> int:
    """How many tokens can be written behind ``kept``, at most ``most``, by each of the study's models.

    By each of them, since how much one model holds, or that it cannot be asked now, tells it apart from the others.
    Raises ``RequestError`` for none. Where a model cannot be asked its texts are refused, and, for whoever must not
    know which model wrote what, every text of the study, in the same words.
    """
    prompt = EnginePrompt(normal_text(kept), CONTINUATION)
    left = most
    for model in LanguageModel.objects.filter(batches__study=batch.study_id).distinct():
        tokens = _tokens(model)
        if tokens is not None:
            left = min(left, tokens.context_length - (tokens.count(prompt) or 1))
        elif model.pk == batch.language_model_id or rules_of(batch.study).is_blind:
            raise RequestError({"": _("No text of this study can be continued now. Tell an owner of the study.")})
    if left < 1:
        raise RequestError({"cut": _("What is kept is too long to go on from: cut it earlier.")})
    return left


def _tokens(model: LanguageModel) -> PromptTokens | ServedTokens | None:
    try:
        return registry.prompt_tokens(model)
    except (BuiltinModelError, ModelFolderError):
        return None


def _as_long_as(sampling: Sampling, longest: int) -> Sampling:
    """The same settings for texts of at most so many tokens; what begins beyond that length is off."""
    return replace(
        sampling,
        max_tokens=longest,
        min_tokens=sampling.min_tokens if sampling.min_tokens <= longest else 0,
        sentence_from=sampling.sentence_from if sampling.sentence_from <= longest else 0,
    )


def ancestors(candidate: Candidate) -> list[Continuation]:
    """The continuations that led to a text, the nearest first; a query each."""
    found: list[Continuation] = []
    batch_id = candidate.batch_id
    while len(found) < DEEPEST:
        related = ("batch", "parent__batch__prompt__story", "parent__batch__language_model", "parent__batch__study")
        step = Continuation.objects.select_related(*related).filter(batch=batch_id).first()
        if step is None:
            break
        found.append(step)
        batch_id = step.parent.batch_id
    return found


def branches(candidate: Candidate, *, is_blind: bool) -> list[Branch]:
    """The tree that a text belongs to, its root first, each text above those that go on from it; [] without one."""
    above = ancestors(candidate)
    root = above[-1].parent if above else candidate
    tree = list(_below(root, 0, 0, candidate.pk, is_blind=is_blind))
    return tree if len(tree) > 1 else []


def _below(text: Candidate, depth: int, cut: int, current: int, *, is_blind: bool) -> Iterator[Branch]:
    yield Branch(text, depth, cut, text.pk == current)
    if depth == DEEPEST:
        return
    for continuation in text.continuations.select_related("batch").order_by("batch__number"):
        texts = continuation.batch.candidates.select_related("batch__prompt", "batch__study")
        written = texts.filter(state=Candidate.State.DRAFTED).defer("token_ids", "logprobs", "ranks")
        for following in written.order_by("code" if is_blind else "index"):
            yield from _below(following, depth + 1, continuation.cut, current, is_blind=is_blind)
