"""What a worker does with a claimed batch: load the model, have it write, save each candidate the moment it is done."""

import hashlib
import logging
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from generation import queue, registry, turns, workers
from generation.engine import (
    BuiltinModelError,
    ModelFolderError,
    ModelIdentity,
    PromptError,
    Sampling,
    SamplingError,
    clean,
)
from generation.engine import Prompt as EnginePrompt
from generation.engine.draft import Refused
from generation.flagging import Beside
from generation.lineage import shown_opening
from generation.models import Batch, Candidate, LanguageModel, Run
from generation.models.batches import LEASES
from generation.storable import storable
from studyweb import room
from studyweb.leases import UNREACHED, connection_was_lost, new_owner, waiting_for_database
from studyweb.wakeups import tried

if TYPE_CHECKING:
    from generation.engine.drafter import Draft, Drafter
    from generation.engine.served import ServedDrafter

logger = logging.getLogger(__name__)

# The model that this process holds in memory, kept between batches: loading takes far longer than asking.
_loaded: "dict[ModelIdentity, Drafter]" = {}


# After so many texts of a batch, or after ``settings.ROUND_MINUTES``, others may have their turn; enough to keep the
# largest batch of rows full a while.
ROUND = 256


class TookTooLong(Exception):  # noqa: N818 -- it names what happened
    """No text was finished for ``settings.BATCH_MINUTES``."""


class NotNow(Exception):  # noqa: N818 -- it names what happened
    """The worker is to stop, or the disk is nearly full, while a model is made ready; whatever waited waits on."""


class LeaseLost(Exception):  # noqa: N818 -- it names what happened
    """The batch was cancelled, or another worker has it: nothing more may be saved in its name."""


def draft_next(
    *, stopping: Callable[[], bool] = lambda: False, clock: Callable[[], float] = time.monotonic
) -> Batch | None:
    """Claim the next batch and work on it until it is done, cancelled, failed, or ``stopping()``; None if none waits.

    What goes wrong is stored with the batch, in a sentence for the researcher, and logged with its traceback.
    """
    owner = new_owner()
    batch = queue.claim_next(owner)
    if batch is None:
        return None
    with queue.Heartbeat(batch.pk, owner, stopping=lambda: stopping() or room.is_short(), clock=clock) as heartbeat:
        try:
            _work(batch, owner, heartbeat)
        except LeaseLost:
            logger.info("Batch %s is no longer ours; what was saved stays.", batch.pk)
        except NotNow:
            waiting_for_database(partial(queue.release, batch.pk, owner), f"The end of batch {batch.pk}")
        except Exception as error:
            if isinstance(error, UNREACHED) and not room.is_full(error):
                logger.exception("Batch %s did not reach the database; it goes back into the queue.", batch.pk)
                blameless = connection_was_lost()
                ended = partial(queue.release, batch.pk, owner, blameless=blameless)
            else:
                logger.exception("Batch %s failed.", batch.pk)
                ended = partial(queue.fail, batch.pk, owner, explained(error))
            waiting_for_database(ended, f"The end of batch {batch.pk}")
    return batch


def _work(batch: Batch, owner: str, heartbeat: queue.Heartbeat) -> None:
    run = _begun(batch, owner)
    drafter = _drafter(batch.language_model, partial(_while_made_ready, heartbeat))
    prompt = EnginePrompt(batch.prompt.text, batch.prompt.kind)
    versions = drafter.versions
    Run.objects.filter(pk=run.pk).update(
        model_identity=drafter.identity.to_dict(),
        engine_versions=versions.to_dict(),
        given_text=storable(drafter.tokens.rendered(prompt)),
        given_tokens=drafter.tokens.count(prompt),
        drafting_since=Now(),
    )
    sampling = Sampling.from_dict(batch.sampling)
    is_served = batch.language_model.source == LanguageModel.Source.SERVER
    interrupted = heartbeat.stopped if is_served else heartbeat.interrupted
    while jobs := turns.texts_to_write(run, ROUND):
        # Read anew each round: real articles come and go.
        beside = Beside.study(batch.prompt)
        for draft in drafter.draft(prompt, sampling, jobs, interrupted=interrupted, enough=_enough(batch)):
            if drafter.versions != versions:
                # Graphs were given up: the lineage says so from the first text that ended without.
                versions = drafter.versions
                run = waiting_for_database(partial(_gone_on, run, versions.to_dict()), f"A run of batch {batch.pk}")
            if isinstance(draft, Refused):
                refuse(run, draft)
            else:
                save(run, draft, beside)
            heartbeat.progressed()
        _check(heartbeat)
        if queue.finish(batch.pk, owner):
            return
        if heartbeat.stopped():
            queue.release(batch.pk, owner)
            return
        if turns.others_wait(batch):
            _make_room(batch, owner)
            return
    # Nothing may be written today any more, or nothing is left to write.
    if not queue.finish(batch.pk, owner):
        queue.release(batch.pk, owner)


def _begun(batch: Batch, owner: str) -> Run:
    """The owner's run at its batch. Raises ``LeaseLost``."""
    with transaction.atomic():
        _hold(batch.pk, owner)
        return Run.objects.create(batch=batch, number=batch.runs.count() + 1, owner=owner)


def _gone_on(run: Run, versions: dict[str, str | int]) -> Run:
    """The run under other versions: itself while it has no text, else one that goes on; a text keeps those it had.

    May be made twice. Raises ``LeaseLost``.
    """
    with transaction.atomic():
        _hold(run.batch_id, run.owner)
        later = Run.objects.filter(batch=run.batch_id, owner=run.owner, number__gt=run.number)
        if made := later.filter(engine_versions=versions).first():
            # It was stored before, and the database's answer was lost.
            made.batch = run.batch
            return made
        row = Run.objects.select_for_update().get(pk=run.pk)
        row.batch, row.engine_versions = run.batch, versions
        if written := row.candidates.count():
            # What is promised yet goes over to the next row: the budget is told of it once.
            Run.objects.filter(pk=row.pk).update(promised=written)
            row.promised = max(row.promised - written, 0)
            row.pk, row.number = None, row.batch.runs.count() + 1
        row.save()
    return row


def _hold(pk: int, owner: str) -> None:
    """Hold the batch's row, which gives its runs their numbers: whoever takes the batch away waits, or was here before.

    Needs a transaction. Raises ``LeaseLost`` where it is no longer the owner's.
    """
    if not LEASES.held(Batch.objects.filter(pk=pk), owner).select_for_update().exists():
        raise LeaseLost


def _check(heartbeat: queue.Heartbeat) -> None:
    if heartbeat.lost:
        raise LeaseLost
    if heartbeat.timed_out:
        raise TookTooLong


def _while_made_ready(heartbeat: queue.Heartbeat) -> None:
    """End what makes a model ready as soon as nobody waits for it, or for longer than one may."""
    _check(heartbeat)
    if heartbeat.stopped():
        raise NotNow


def _enough(batch: Batch) -> Callable[[], bool]:
    """Says, once the round that begins now has lasted its time, whether others wait: then no further text is begun.

    What is under way is finished. Were it dropped, texts that take longer than a round would never come to an end.
    """
    until = time.monotonic() + 60 * settings.ROUND_MINUTES
    waits = partial(turns.others_wait, batch)
    what = f"Whether others wait for batch {batch.pk}"
    return lambda: time.monotonic() >= until and waiting_for_database(waits, what)


def save(run: Run, draft: "Draft", beside: Beside | None = None) -> bool:
    """Store one draft, cleaned and screened; whether it was still waited for. A database that restarts is waited for.

    ``beside`` is what it is held against, nothing but its prompt without it. Raises ``LeaseLost`` where the run's owner
    no longer holds the batch.
    """
    prompt = run.batch.prompt
    beside = beside or Beside.nothing(prompt)
    cleaned = clean(draft.text, prompt.text)
    raw = storable(draft.text)
    found = beside.screened(cleaned.text, opening=shown_opening(prompt, raw, cleaned.text))
    made = {
        "state": Candidate.State.DRAFTED,
        "run": run,
        "raw_text": raw,
        "raw_sha256": hashlib.sha256(raw.encode()).hexdigest(),
        "text": storable(cleaned.text),
        "removals": [asdict(removal) | {"what": storable(removal.what)} for removal in cleaned.removed],
        "finish_reason": draft.finish_reason,
        "tokens": draft.length,
        "seconds": draft.seconds,
        "rows": draft.rows,
        "mean_logprob": statistics.fmean(draft.logprobs) if draft.logprobs else None,
        "token_ids": list(draft.token_ids),
        "logprobs": [round(value, 4) for value in draft.logprobs],
        "ranks": list(draft.ranks),
        "served": dict(draft.served),
        "drafted_at": Now(),
    }
    store = partial(_store, run, draft.index, made, lambda: beside.held(found, own=(run.batch_id, draft.index)).columns)
    return waiting_for_database(store, f"A text of batch {run.batch_id}")


def refuse(run: Run, refused: Refused) -> bool:
    """Store that one text will not be written, and why; whether it was still waited for. Raises ``LeaseLost``."""
    made = {"state": Candidate.State.FAILED, "run": run, "error": storable(refused.reason)}
    return waiting_for_database(partial(_store, run, refused.index, made), f"A refusal in batch {run.batch_id}")


def _store(run: Run, index: int, made: dict[str, Any], flags: Callable[[], dict[str, Any]] = dict) -> bool:
    """Write what came out for one candidate, in a short transaction that may be made twice; whether it was waited for.

    ``flags`` are the columns that depend on what others stored, asked for within it.
    """
    batch = Batch.objects.filter(pk=run.batch_id, status=Batch.Status.RUNNING, lease_owner=run.owner)
    waiting = Candidate.objects.filter(batch=run.batch_id, index=index, state=Candidate.State.WAITING)
    with transaction.atomic():
        # The row is held first: whoever takes the batch away waits, or was here before.
        if not batch.update(attempts=0):
            raise LeaseLost
        if not waiting.update(**made, **flags()):
            return False
        batch.update(tokens_done=F("tokens_done") + made.get("tokens", 0))
        return True


def _make_room(batch: Batch, owner: str) -> None:
    """Give the batch back for the others' sake, with a message behind theirs; the sweep sends it where this fails."""
    queue.release(batch.pk, owner)
    tried(lambda: queue.announce(batch.pk), f"the message for batch {batch.pk}")


def _drafter(model: LanguageModel, meanwhile: Callable[[], None]) -> "Drafter | ServedDrafter":
    """The model, loaded, or its server, asked. Raises what ``loaded`` raises, and ``ServerError``."""
    if model.source == LanguageModel.Source.SERVER:
        from generation.engine.served import ServedDrafter

        # Not kept: the server may have been given another model since.
        return ServedDrafter(registry.server(model))
    return loaded(model, meanwhile=meanwhile)


def loaded(model: LanguageModel, *, meanwhile: Callable[[], None] = lambda: None) -> "Drafter":
    """A local model in this process's memory, where it stays.

    ``meanwhile`` is called while its files are converted. Raises what that and ``registry.files`` raise.
    """
    found = registry.files(model, meanwhile=meanwhile)
    if found.identity not in _loaded:
        # Only a process that writes pays for torch, and one model at a time fills the memory.
        from generation.engine.drafter import Drafter

        _loaded.clear()
        workers.holds("", "")
        drafter = _loaded[found.identity] = Drafter.load(
            found.folder,
            found.identity,
            quantised=settings.GENERATION_EIGHT_BITS,
            runs_code=found.runs_code,
            graphs=settings.GENERATION_CUDA_GRAPHS,
        )
        workers.holds(model.name, drafter.versions.device)
    return _loaded[found.identity]


def explained(error: Exception) -> str:
    """A sentence that a researcher can act on."""
    from generation.engine.drafter import OutOfMemoryError
    from generation.engine.served import ServerError

    known = BuiltinModelError | ModelFolderError | PromptError | SamplingError | OutOfMemoryError | ServerError
    if isinstance(error, known):
        return str(error)
    if isinstance(error, TookTooLong):
        message = _(
            "No text was finished within %(n)s minutes, and no worker waits longer for one (BATCH_MINUTES). What is "
            "finished stays: let it go on, or ask for shorter texts."
        )
        return message % {"n": settings.BATCH_MINUTES}
    if room.is_full(error):
        return _("The disk is full. What is finished stays: make room, then try again.")
    return _("The worker met an error that it does not know (%(kind)s). Its log says where; then try again.") % {
        "kind": type(error).__name__
    }
