"""Continue from here: a text is cut at a point, or kept whole, and the model that wrote it goes on from there.

Lineage is a tree.
"""

from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from generation import registry
from generation.batches import RequestError, request_batch
from generation.curation import standing_text
from generation.engine import CONTINUATION, BuiltinModelError, ModelFolderError, Sampling
from generation.engine import Prompt as EnginePrompt
from generation.lineage import text_sha256
from generation.models import Batch, Candidate, Continuation, LanguageModel, Prompt
from generation.parity.passages import sentence_ends
from generation.rules import rules_of
from generation.terms import must_accept
from surveys import audit
from surveys.models import Researcher, Study, normal_text

EDITED = gettext_lazy("The text was edited since this page was shown. Read it again, and choose where to cut it now.")

# What the tree of texts shows nothing of.
_LONG = ("raw_text", "text", "removals", "flags", "signature", "token_ids", "logprobs", "ranks")


@dataclass(frozen=True)
class Branch:
    """One text of a tree. ``depth`` is 0 at the root; ``cut`` the characters kept of the text that it goes on from."""

    candidate: Candidate
    depth: int
    cut: int
    is_current: bool


def places_to_cut(text: str) -> list[tuple[int, str]]:
    """Where a text can be cut: behind each sentence, with the sentence that would be the last one kept.

    Behind the last one nothing is cut off: the whole text stays. [] for a text without words.
    """
    ends = sentence_ends(text)
    if not ends:
        return []
    starts = [0, *ends[:-1]]
    places = [(end, text[start:end].strip()) for start, end in zip(starts, ends, strict=True)]
    return [*places[:-1], (len(text), places[-1][1])]


def continue_from(
    candidate: Candidate, *, by: Researcher, cut: int, size: int, max_tokens: int | None, shown: str | None = None
) -> Batch:
    """A batch of ``size`` texts that go on behind the first ``cut`` characters of the text as it stands, or all.

    ``shown`` is the SHA-256 of the wording in which the cut was chosen: in another one it lies elsewhere.
    Same model, same sampling but for the length; without ``max_tokens`` that is the batch's too, or what each of the
    study's models has room for behind what is kept. Behind a whole text, which its model may have ended, no model that
    can be told so ends at once. What is kept stands in front of each new text, since readers get
    it. Where readers did not get the first prompt, the model does not either: it goes on from what readers see. Raises
    ``RequestError`` with a sentence a field, ``DraftOnly``.
    """
    text = standing_text(candidate)
    if shown is not None and shown != text_sha256(text):
        raise RequestError({"cut": str(EDITED)})
    if not 1 <= cut <= len(text) or not text[:cut].strip():
        raise RequestError({"cut": _("Cut the text behind its beginning, or keep all of it.")})
    batch, prompt = candidate.batch, candidate.batch.prompt
    sampling = Sampling.from_dict(batch.sampling)
    longest = _room(batch, text[:cut], sampling.max_tokens) if max_tokens is None else max_tokens
    if max_tokens is not None:
        _check_room(batch.language_model, text[:cut], max_tokens)
    sampling = _as_long_as(sampling, longest)
    if cut == len(text):
        sampling = _going_on(sampling, batch.language_model)
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
            sampling=sampling,
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
    left = most
    for model in LanguageModel.objects.filter(batches__study=batch.study_id).distinct():
        room = _room_of(model, kept)
        if room is not None:
            left = min(left, room)
        elif model.pk == batch.language_model_id or rules_of(batch.study).is_blind:
            raise RequestError({"": _("No text of this study can be continued now. Tell an owner of the study.")})
    if left < 1:
        raise RequestError({"cut": _("What is kept is too long to go on from: cut it earlier.")})
    return left


def _check_room(model: LanguageModel, kept: str, longest: int) -> None:
    """Raise ``RequestError`` where the model holds what is kept and no text of ``longest`` tokens beside it."""
    room = _room_of(model, kept)
    if room is None or longest <= room:
        return
    if room < 1:
        message = _("What is kept fills all that the model can hold (%(most)s tokens): cut it earlier.")
        raise RequestError({"cut": message % {"most": model.context_length}})
    message = _("Behind what is kept the model has room for %(room)s tokens: ask for at most so many, or cut earlier.")
    raise RequestError({"max_tokens": message % {"room": room}})


def _room_of(model: LanguageModel, kept: str) -> int | None:
    """How many tokens the model can write behind ``kept``, below 1 for none; None where it cannot be asked now.

    A served model's tokens are not counted here: there ``kept`` counts as one.
    """
    try:
        tokens = registry.prompt_tokens(model)
    except (BuiltinModelError, ModelFolderError):
        return None
    prompt = EnginePrompt(normal_text(kept), CONTINUATION)
    return tokens.context_length - (tokens.count(prompt) or 1) if tokens else None


def _going_on(sampling: Sampling, model: LanguageModel) -> Sampling:
    """The same settings for texts that do not end before their first word, where the model can be told so."""
    least = replace(sampling, min_tokens=max(sampling.min_tokens, 1))
    return sampling if registry.unsupported(model, least) else least


def _as_long_as(sampling: Sampling, longest: int) -> Sampling:
    """The same settings for texts of at most so many tokens; what begins beyond that length is off."""
    return replace(
        sampling,
        max_tokens=longest,
        min_tokens=sampling.min_tokens if sampling.min_tokens <= longest else 0,
        sentence_from=sampling.sentence_from if sampling.sentence_from <= longest else 0,
    )


def branches(candidate: Candidate, *, is_blind: bool) -> list[Branch]:
    """The tree that a text belongs to, its root first, each text above those that go on from it; [] without one.

    Two queries, however large the tree is.
    """
    links = Continuation.objects.filter(batch__study=candidate.batch.study_id).order_by("batch__number")
    steps = {batch: step for batch, *step in links.values_list("batch", "parent", "parent__batch", "cut")}
    root, of_root = candidate.pk, candidate.batch_id
    while of_root in steps:
        root, of_root, _cut = steps[of_root]
    below: dict[int, list[int]] = {}
    tree: set[int] = set()
    # A batch goes on from texts of earlier ones, which have lower numbers.
    for batch, (parent, of_parent, _cut) in steps.items():
        below.setdefault(parent, []).append(batch)
        if parent == root or of_parent in tree:
            tree.add(batch)
    if not tree:
        return []
    texts: dict[int, list[Candidate]] = {}
    wanted = Candidate.objects.filter(Q(pk=root) | Q(batch__in=tree), state=Candidate.State.DRAFTED)
    for text in wanted.select_related("batch").defer(*_LONG).order_by("code" if is_blind else "index"):
        texts.setdefault(text.batch_id, []).append(text)
    found: list[Branch] = []
    left = [(text, 0, 0) for text in texts[of_root]]
    while left:
        text, depth, cut = left.pop()
        found.append(Branch(text, depth, cut, text.pk == candidate.pk))
        following = [
            (one, depth + 1, steps[batch][2]) for batch in below.get(text.pk, ()) for one in texts.get(batch, ())
        ]
        left += reversed(following)
    return found if len(found) > 1 else []
