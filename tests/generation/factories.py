"""Batches and texts for tests, made the way the product makes them. All texts are invented."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from generation import drafting, queue, registry
from generation.batches import request_batch
from generation.engine import Sampling
from generation.engine.draft import Draft
from generation.models import Batch, Candidate, LanguageModel, Run
from studyweb.leases import new_owner
from surveys.models import Arm, Origin, Role, Study
from tests.factories import ArmFactory, StoryFactory, StudyFactory, member

OPENING = (
    "The council of the invented town of Northgate voted on Tuesday to close its old bridge, "
    "which engineers had found unsafe in the spring."
)
CONTINUATION = (
    " The decision came after a long evening of debate.\n\n"
    '"We had no other choice," said an invented member of the council, who asked not to be named. '
    "The bridge carried some four thousand cars a day, and the detour is nine miles long."
)


def built_in() -> LanguageModel:
    """The row that the migrations make."""
    return LanguageModel.objects.get(key=registry.BUILTIN_KEY)


def queued(study: Study | None = None, **changes: Any) -> Batch:
    """A batch that waits for a worker. ``changes`` go to ``request_batch``."""
    study = study or StudyFactory()
    built_in()
    asked: dict[str, Any] = {
        "by": study.created_by,
        "story": StoryFactory(study=study),
        "text": OPENING,
        "language_model": registry.BUILTIN_KEY,
        "sampling": Sampling(max_tokens=4),
        "size": 3,
        **changes,
    }
    return request_batch(study, **asked)


def draft(index: int, text: str = CONTINUATION, **changes: Any) -> Draft:
    """What a drafter yields for this candidate."""
    given: dict[str, Any] = {
        "seed": index,
        "token_ids": (11, 12, 13),
        "finish_reason": "stop",
        "logprobs": (-1.0, -2.0, -3.0),
        "ranks": (1, 2, 3),
        "seconds": 0.5,
        "rows": 3,
        **changes,
    }
    return Draft(index=index, text=text, **given)


def claimed(batch: Batch) -> Run:
    """A worker's run at the batch, holding its lease."""
    owner = new_owner()
    taken = queue.claim_next(owner)
    assert taken is not None, "nothing waits"
    assert taken.pk == batch.pk, "another batch waits longer"
    return Run.objects.create(
        batch=taken,
        number=taken.runs.count() + 1,
        owner=owner,
        model_identity={"repository": "invented/model", "weights_sha256": "0" * 64},
        engine_versions={"engine": "1", "device": "cpu"},
        given_text=taken.prompt.text,
        given_tokens=taken.prompt_tokens,
    )


def written(texts: Sequence[str] = (CONTINUATION,) * 3, study: Study | None = None, **changes: Any) -> Batch:
    """A finished batch with these raw texts, saved as a worker saves them."""
    batch = queued(study, size=len(texts), **changes)
    run = claimed(batch)
    for index, text in enumerate(texts):
        assert drafting.save(run, draft(index, text))
    assert queue.finish(batch.pk, run.owner)
    batch.refresh_from_db()
    return batch


def address(study: Study, name: str, *rest: object) -> str:
    """The address of a page of generation; of a text's page by the numbers of its batch and of its place there."""
    if name in OF_A_TEXT:
        number, index = map(str, rest)
        rest = (Candidate.objects.get(batch__study=study, batch__number=number, index=index).code,)
    return reverse(f"generation:{name}", args=[study.key, *rest])


OF_A_TEXT = {"candidate", "accept", "reject", "reopen", "edit", "keep", "discard", "mark", "note", "continue", "ranks"}


def text_of(batch: Batch, index: int = 0) -> Candidate:
    """One text of a batch, as the pages fetch it."""
    return Candidate.objects.select_related("batch__prompt__story", "batch__language_model", "batch__study").get(
        batch=batch, index=index
    )


def synthetic_arm(study: Study, **changes: Any) -> Arm:
    return ArmFactory(study=study, origin=Origin.SYNTHETIC, **changes)


def curator(study: Study) -> Any:
    return member(study, Role.CURATOR)
