"""Asking for candidates: everything is checked before anything is queued."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.db import models, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from generation import queue, registry
from generation.engine import (
    CONTINUATION,
    BuiltinModelError,
    ModelFolderError,
    PromptError,
    PromptTokens,
    Sampling,
    candidate_seed,
)
from generation.engine import Prompt as EnginePrompt
from generation.engine.served import ServedTokens
from generation.models import Batch, Budget, Candidate, LanguageModel, Prompt
from generation.tasks import draft_next
from generation.terms import must_accept
from studyweb.wakeups import wake
from surveys import audit
from surveys.articles import LONGEST_HEADLINE, DraftOnly, story_named
from surveys.models import Researcher, Story, Study, normal_text

MOST_CANDIDATES = 500
LONGEST_PROMPT = 100_000
LONGEST_STORY = 200
MOST_TOKENS_A_DAY = 10**12


class RequestError(Exception):
    """A batch that cannot be asked for; ``problems`` gives a sentence a field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in problems.items()))
        self.problems = dict(problems)


def request_batch(
    study: Study,
    *,
    by: Researcher,
    story: Story | str,
    text: str,
    language_model: str,
    sampling: Sampling,
    size: int,
    kind: str = Prompt.Kind.CONTINUATION,
    headline: str = "",
    language: str = "en",
    opening_shown: bool = True,
    seed: int | None = None,
    template: str = "",
    slots: Mapping[str, str] | None = None,
) -> Batch:
    """A queued batch with its waiting candidates; a worker is woken once it is stored.

    ``story`` is one of the study's, or the name of one to be made; ``language_model`` a registry key; ``size`` the
    number of candidates; without ``seed`` one is drawn. ``template`` and ``slots`` say what the text was filled from.
    Raises ``RequestError`` with a sentence a field, ``DraftOnly`` if the study is frozen.
    """
    prompt = Prompt(
        study=study,
        kind=kind,
        text=normal_text(text),
        headline=normal_text(headline),
        language=language.strip(),
        opening_shown=opening_shown and kind == CONTINUATION,
        template=normal_text(template),
        slots=dict(slots or {}),
        created_by=by,
    )
    model = LanguageModel.objects.filter(key=language_model).first()
    prompt_tokens = _checked(prompt, story, text, model, sampling, size, seed)
    assert model is not None  # noqa: S101 -- _checked refuses an unknown model
    batch = Batch(
        study=study,
        language_model=model,
        sampling=sampling.to_dict(),
        size=size,
        seed=secrets.randbits(62) if seed is None else seed,
        prompt_tokens=prompt_tokens,
        created_by=by,
    )
    _queue(batch, prompt, story)
    return batch


def _queue(batch: Batch, prompt: Prompt, story: Story | str) -> None:
    """Store a checked batch with its prompt, story and candidates, and wake a worker. Raises ``DraftOnly``."""
    study, by = batch.study, batch.created_by
    with transaction.atomic():
        _lock_draft(study)
        prompt.story = story if isinstance(story, Story) else story_named(study, story)
        batch.prompt = _stored(prompt)
        batch.number = _next_number(Batch.objects.filter(study=study))
        batch.save(force_insert=True)
        _add_candidates(batch, 0, batch.size)
        subject = f"batch {batch.number}: {batch.size} by {batch.language_model.key}"
        audit.record(study, "batch requested", by=by, subject=subject)
        wake(draft_next)


def extend(batch: Batch, *, by: Researcher, size: int) -> bool:
    """Raise the number of a batch's candidates to ``size``; the seeds go on where they stopped.

    Whether they are written now: a batch that was paused, cancelled or failed waits until somebody lets it go on.
    Raises ``RequestError`` where that is not more than before or too many, or where ``by`` has yet to accept the
    model's terms; ``DraftOnly``.
    """
    with transaction.atomic():
        _lock_draft(batch.study)
        _may_ask(batch, by)
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        if not locked.size < size <= MOST_CANDIDATES:
            message = _("Ask for more than the %(now)s there are, and for at most %(most)s.")
            raise RequestError({"size": message % {"now": locked.size, "most": MOST_CANDIDATES}})
        _add_candidates(locked, locked.size, size)
        Batch.objects.filter(pk=batch.pk).update(size=size)
        if goes_on := not locked.can_resume:
            queue.requeue(locked)
            wake(draft_next)
        audit.record(batch.study, "batch extended", by=by, subject=f"batch {batch.number}: {locked.size} -> {size}")
    return goes_on


def cancel(batch: Batch, *, by: Researcher) -> bool:
    """Stop a batch; what is written stays. Whether there was something to stop."""
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=batch.study_id)
        stopped = queue.cancel(batch)
        if stopped:
            audit.record(batch.study, "batch cancelled", by=by, subject=f"batch {batch.number}")
    return stopped


def pause(batch: Batch, *, by: Researcher) -> bool:
    """Let a batch rest until somebody lets it go on; whether it was open."""
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=batch.study_id)
        paused = queue.pause(batch)
        if paused:
            audit.record(batch.study, "batch paused", by=by, subject=f"batch {batch.number}")
    return paused


def prioritise(batch: Batch, *, by: Researcher, priority: int) -> None:
    """Put a batch before or after its researcher's others. Raises ``RequestError`` for a priority that is none."""
    if priority not in Batch.Priority.values:
        raise RequestError({"priority": _("Choose one of the list.")})
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=batch.study_id)
        if Batch.objects.filter(pk=batch.pk).exclude(priority=priority).update(priority=priority):
            label = Batch.Priority(priority).name.lower()
            audit.record(batch.study, "batch prioritised", by=by, subject=f"batch {batch.number}: {label}")


def set_budget(study: Study, *, by: Researcher, tokens_a_day: int | None) -> None:
    """Limit what is written for a study a day (UTC); None takes the limit away. Raises ``RequestError`` below 1."""
    if tokens_a_day is not None and not 1 <= tokens_a_day <= MOST_TOKENS_A_DAY:
        message = _("Give a number of tokens from 1 to %(most)s, or leave it empty for no limit.")
        raise RequestError({"tokens_a_day": message % {"most": MOST_TOKENS_A_DAY}})
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=study.pk)
        if tokens_a_day is None:
            Budget.objects.filter(study=study).delete()
        else:
            Budget.objects.update_or_create(study=study, defaults={"tokens_a_day": tokens_a_day})
        said = "no limit" if tokens_a_day is None else f"{tokens_a_day} tokens a day"
        audit.record(study, "generation budget set", by=by, subject=said)
        wake(draft_next)


def resume(batch: Batch, *, by: Researcher) -> bool:
    """Go on with a paused, cancelled or failed batch; whether something was left to do.

    Raises ``RequestError`` where ``by`` has yet to accept the model's terms, ``DraftOnly``.
    """
    with transaction.atomic():
        _lock_draft(batch.study)
        _may_ask(batch, by)
        queued = queue.requeue(batch)
        if queued:
            wake(draft_next)
            audit.record(batch.study, "batch resumed", by=by, subject=f"batch {batch.number}")
    return queued


def _may_ask(batch: Batch, by: Researcher) -> None:
    if must_accept(batch.language_model, by):
        raise RequestError({"": _("This model is closed: accept its terms first, on the page of models.")})


def _checked(
    prompt: Prompt,
    story: Story | str,
    raw: str,
    model: LanguageModel | None,
    sampling: Sampling,
    size: int,
    seed: int | None,
) -> int:
    """The prompt's length in tokens. Raises ``RequestError`` with everything that is wrong."""
    problems = dict(_plain_problems(prompt, story, size, seed))
    problems.update({field: _sentence(problem) for field, problem in sampling.problems().items()})
    asked = EnginePrompt(raw, prompt.kind)
    try:
        asked.validated()
    except PromptError as error:
        problems.setdefault("text", str(error))
    tokens = None
    if model is None:
        problems["language_model"] = _("There is no such model. Choose one of the list.")
    elif must_accept(model, prompt.created_by):
        problems["language_model"] = _("This model is closed: accept its terms first, on the page of models.")
    else:
        unsupported = registry.unsupported(model, sampling)
        problems.update({field: _sentence(problem) for field, problem in unsupported.items()})
        try:
            tokens = _tokens_of(model)
        except (BuiltinModelError, ModelFolderError) as error:
            problems["language_model"] = str(error)
    length = 0
    if tokens is not None and "text" not in problems and "max_tokens" not in problems:
        try:
            length = tokens.check(replace(asked, text=prompt.text), sampling)
        except PromptError as error:
            problems["text"] = str(error)
    if problems:
        raise RequestError(problems)
    return length


def _tokens_of(model: LanguageModel) -> PromptTokens | ServedTokens:
    tokens = registry.prompt_tokens(model)
    if tokens is None:
        raise BuiltinModelError(
            _("This model is still being prepared, which takes about half a minute once. Try again then.")
        )
    return tokens


def _plain_problems(prompt: Prompt, story: Story | str, size: int, seed: int | None) -> Iterator[tuple[str, str]]:
    if isinstance(story, Story) and story.study_id != prompt.study_id:
        yield "story", _("This story belongs to another study.")
    if isinstance(story, str) and not story.strip():
        yield "story", _("Choose a story, or name a new one: what the real article and the written ones report on.")
    if isinstance(story, str) and len(story.strip()) > LONGEST_STORY:
        yield "story", _("The story's name is longer than %(most)s characters.") % {"most": LONGEST_STORY}
    if len(prompt.text) > LONGEST_PROMPT:
        message = _("The prompt has %(n)s characters; at most %(most)s are taken.")
        yield "text", message % {"n": len(prompt.text), "most": LONGEST_PROMPT}
    if len(prompt.headline) > LONGEST_HEADLINE:
        yield "headline", _("The headline is longer than %(most)s characters.") % {"most": LONGEST_HEADLINE}
    if not 0 < len(prompt.language) <= 35:
        yield "language", _("Give the language as a tag such as en or pt-BR.")
    if not 1 <= size <= MOST_CANDIDATES:
        yield "size", _("Ask for 1 to %(most)s candidates.") % {"most": MOST_CANDIDATES}
    if seed is not None and not 0 <= seed < 2**63:
        yield "seed", _("The seed must be a whole number from 0 to 2^63 - 1.")


def _sentence(problem: str) -> str:
    return f"{problem[:1].upper()}{problem[1:]}."


def _lock_draft(study: Study) -> None:
    if not Study.objects.select_for_update().filter(pk=study.pk, status=Study.Status.DRAFT).exists():
        raise DraftOnly


def _stored(prompt: Prompt) -> Prompt:
    """The same prompt as it was stored before, or this one, stored now. Needs the study's row locked."""
    same = Prompt.objects.filter(
        study=prompt.study,
        story=prompt.story,
        kind=prompt.kind,
        text=prompt.text,
        headline=prompt.headline,
        language=prompt.language,
        opening_shown=prompt.opening_shown,
        template=prompt.template,
        slots=prompt.slots,
    ).first()
    if same is not None:
        return same
    prompt.number = _next_number(Prompt.objects.filter(study=prompt.study))
    prompt.save(force_insert=True)
    return prompt


def _next_number(rows: models.QuerySet[Any]) -> int:
    return int(rows.aggregate(last=Max("number"))["last"] or 0) + 1


def _add_candidates(batch: Batch, start: int, stop: int) -> None:
    Candidate.objects.bulk_create(
        Candidate(batch=batch, index=index, seed=candidate_seed(batch.seed, index)) for index in range(start, stop)
    )
