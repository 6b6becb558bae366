"""Every page of the workshop, in every state that it has, as the server answers it to somebody of the study.

A state is reached by requests of the test client and by rows. Here are batches; states_of_curation.py and
states_of_reports.py have the other subjects.
"""

from collections.abc import Iterator
from typing import Any

from django.test import Client

from generation import batches, curation, drafting, queue, registry, workers
from generation.engine.draft import Refused
from generation.engine.served import Server
from generation.models import Batch, Run
from surveys import lifecycle
from surveys.models import Researcher, Role
from tests.factories import ArmFactory, ArticleFactory, StudyFactory, member, ready_study
from tests.generation.factories import (
    CONTINUATION,
    OPENING,
    address,
    built_in,
    claimed,
    draft,
    queued,
    synthetic_arm,
    text_of,
    written,
)  # fmt: skip
from tests.showing import State

Response = Any
Shown = tuple[str, Response]


def seen(by: Researcher, url: str, data: dict[str, Any] | None = None) -> Response:
    """What somebody is answered, at the end of all redirects."""
    client = Client()
    client.force_login(by)
    return client.get(url, follow=True) if data is None else client.post(url, data, follow=True)


def states_of(shown: Iterator[Shown]) -> Iterator[State]:
    """What was answered, with the headers that a browser obeys."""
    for name, response in shown:
        assert response.status_code in {200, 400}, f"{name}: {response.status_code}"
        headers = {key: value for key, value in response.items() if key == "Content-Security-Policy"}
        yield State(name, response.content, headers)


def nothing_waits() -> None:
    """No batch of a state before is taken by a worker of the next."""
    still = Batch.objects.filter(status__in=[Batch.Status.QUEUED, Batch.Status.RUNNING])
    still.update(status=Batch.Status.PAUSED, lease_owner="", lease_expires_at=None)


def of_batches(settings: Any) -> Iterator[Shown]:
    """Asking for texts, and batches on their way."""
    yield from _asked()
    yield from _lists()
    yield from _under_way(settings)
    yield from _ended()
    yield from _of_a_frozen_study()


def _asked() -> Iterator[Shown]:
    built_in()
    study = StudyFactory()
    by, new = study.created_by, address(study, "batch-new")
    asked = {
        "new_story": "The old bridge", "kind": "continuation", "text": OPENING, "opening_shown": "on", "language": "en",
        "language_model": registry.BUILTIN_KEY, "size": 3, "max_tokens": 40, "min_tokens": 0, "temperature": 1,
        "top_p": 1, "top_k": 0, "min_p": 0, "repetition_penalty": 1, "headline": "A headline",
    }  # fmt: skip
    yield "new batch", seen(by, new)
    yield "new batch, nothing typed", seen(by, new, {})
    yield "new batch, out of range", seen(by, new, {**asked, "size": 10**6, "temperature": -1, "max_tokens": 10**6})
    yield "new batch, previewed", seen(by, new, {**asked, "preview": "1"})
    slots = {"new_story": "Rust and {group}", "kind": "instruction", "text": "Write of {group}.", "preview": "1"}
    table = "group\n" + "\n".join(f"people {number}" for number in range(12))
    yield "new batch, a table previewed", seen(by, new, {**asked, **slots, "table": table})
    yield "new batch, a table that is wrong", seen(by, new, {**asked, **slots, "table": "group,topic\nfarmers"})
    ArticleFactory(arm=ArmFactory(study=study, origin="real"), text=f"{OPENING}\n\n{CONTINUATION}")
    yield "new batch, with openings of real articles", seen(by, new)
    yield "budget", seen(by, address(study, "budget"))
    yield "budget, wrong", seen(by, address(study, "budget"), {"tokens_a_day": "-3"})


def _lists() -> Iterator[Shown]:
    nothing_waits()
    study = StudyFactory()
    by, observer = study.created_by, member(study, Role.OBSERVER)
    yield "batches, none", seen(by, address(study, "index"))
    yield "batches, none, to an observer", seen(observer, address(study, "index"))
    batch = written([CONTINUATION, " Short."], study=study)
    queued(study)
    yield "batches, texts to review and one that waits", seen(by, address(study, "index"))
    for index in range(2):
        curation.reject(text_of(batch, index), by=by, reason="dull")
    yield "batches, all decided", seen(by, address(study, "index"))
    yield "batches, to an observer", seen(observer, address(study, "index"))


def _under_way(settings: Any) -> Iterator[Shown]:
    def page(batch: Batch) -> Response:
        return seen(batch.created_by, address(batch.study, "batch", batch.number))

    batch = queued()
    yield "batch, queued, no worker", page(batch)
    workers.report()
    yield "batch, queued", page(batch)
    yield "batch, queued, behind another", page(queued(batch.study))
    kept, settings.DISK_RESERVE_MB = settings.DISK_RESERVE_MB, 10**9
    yield "batch, queued, no room on the disk", page(batch)
    settings.DISK_RESERVE_MB = kept
    nothing_waits()
    spent = written()
    batches.set_budget(spent.study, by=spent.created_by, tokens_a_day=1)
    yield "batch, queued, over the budget", page(queued(spent.study))
    nothing_waits()
    batch = queued()
    run = claimed(batch)
    yield "batch, running, the model is loaded", page(batch)
    Run.objects.filter(pk=run.pk).update(drafting_since=batch.created_at, steps=3)
    yield "batch, running, the first texts", page(batch)
    drafting.save(run, draft(0))
    yield "batch, running, a text is there", page(batch)
    assert batches.pause(batch, by=batch.created_by)
    yield "batch, paused", page(batch)
    empty = queued()
    assert batches.cancel(empty, by=empty.created_by)
    yield "batch, cancelled, nothing written", page(empty)
    nothing_waits()
    failed = queued()
    assert queue.fail(failed.pk, claimed(failed).owner, "The model's files are gone: download it again.")
    yield "batch, failed", page(failed)


def _ended() -> Iterator[Shown]:
    nothing_waits()
    batch = written([CONTINUATION, " Short.", "", f"{OPENING} Again."], headline="The old bridge")
    study, by = batch.study, batch.created_by
    arm = synthetic_arm(study, model_slot="built-in")
    yield "batch, done", seen(by, address(study, "batch", 1))
    yield "batch, done, too few wanted", seen(by, address(study, "batch-extend", 1), {"size": 2})
    yield "batch, done, too many picked", seen(by, address(study, "batch-pick", 1), {"k": 99})
    yield "batch, done, picked", seen(by, address(study, "batch-pick", 1), {"k": 1, "arm": arm.key, "seed": 1})
    slots = written([CONTINUATION], study=study, slots={"group": "farmers", "topic": "rust"})
    yield "batch, done, of a table", seen(by, address(study, "batch", slots.number))
    server = Server(address="http://gpu.example.org:8000/v1", model="invented/large", context_length=4096)
    model = registry.add_server("large", server, name="An invented served model")
    batch = queued(study, language_model=model.key, size=2)
    run = claimed(batch)
    drafting.save(run, draft(0, ranks=(), token_ids=(), served={"model": "large", "system_fingerprint": "fp1"}))
    drafting.refuse(run, Refused(1, 1, "The server refused the text: its filter found something."))
    queue.finish(batch.pk, run.owner)
    yield "batch, failed texts of a server", seen(by, address(study, "batch", batch.number))


def _of_a_frozen_study() -> Iterator[Shown]:
    nothing_waits()
    study = ready_study()
    batch = written([CONTINUATION, " Short."], study=study, headline="The old bridge")
    edited = text_of(batch)
    curation.edit(edited, by=study.created_by, text="Another wording of the whole text. And an end.")
    lifecycle.freeze(study, study.created_by)
    by = study.created_by
    for name, rest in {
        "index": (), "batch": (1,), "review": (), "curation": (), "pairs": (), "parity": (), "candidate": (1, 0),
    }.items():  # fmt: skip
        yield f"frozen, {name}", seen(by, address(study, name, *rest))
