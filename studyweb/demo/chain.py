"""The chain of `make demo`, link by link, on a running installation: each returns what the next one needs."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from analysis import exports, reports
from analysis.models import Export, Report
from generation import curation, drawing
from generation.engine import Sampling
from generation.models import Batch, Candidate
from generation.parity import gates
from generation.parity.report import report_of
from generation.registry import BUILTIN_KEY
from studyweb.demo.readers import Population
from studyweb.demo.walk import Reader, walk
from studyweb.demonstration import invented_articles
from surveys import lifecycle, recruitment
from surveys.models import Arm, Article, Mode, Outcome, Researcher, Study

Say = Callable[[str], None]

CANDIDATES_A_STORY = 4
SEED = 20190820
SAMPLING = Sampling(temperature=0.8, top_k=40, top_p=0.95, repetition_penalty=1.1, max_tokens=160, min_tokens=60)
EFFECTS = {"original": 0.0, "curated": -0.6, "uncurated": -1.2}
LET_STAND = "A demonstration: its small model writes shorter texts than the invented originals, and nobody mends them."
RULE = "of the texts that the random pick left, the one with the fewest flags, then the highest mean log-probability"
READERS = 160
AT_ONCE = 8
PATIENCE = 300.0


class LinkFailed(Exception):  # noqa: N818 -- it names what happened
    """A link of the chain did not hold; the message says which and why."""


@dataclass(frozen=True)
class Walks:
    """How the simulated participants fared: completion codes got, seconds for all of them."""

    codes: tuple[str, ...]
    seconds: float


def prompts(study: Study, by: Researcher) -> list[Batch]:
    """A batch for each story: the opening paragraph of its invented article, for the built-in model to go on from."""
    batches = []
    for number, article in enumerate(invented_articles()):
        batches.append(
            curation.request_batch(
                study,
                by=by,
                story=article.story,
                headline=article.headline,
                text=article.text.strip().split("\n\n")[0],
                language_model=BUILTIN_KEY,
                sampling=SAMPLING,
                size=CANDIDATES_A_STORY,
                seed=SEED + number,
            )
        )
    return batches


def drafted(batches: list[Batch], say: Say) -> None:
    """Wait until the worker has written every candidate. Raises ``LinkFailed`` if it does not."""
    total = sum(batch.size for batch in batches)
    last = -1
    for _ in _ticks("The generation worker did not finish the batches", seconds=2 * PATIENCE):
        waiting = Candidate.objects.filter(batch__in=batches).exclude(state=Candidate.State.DRAFTED)
        done = total - waiting.count()
        if done != last:
            say(f"  {done} of {total} candidates written")
            last = done
        failed = Batch.objects.filter(pk__in=[batch.pk for batch in batches], status=Batch.Status.FAILED).first()
        if failed is not None:
            raise LinkFailed(f"Batch {failed.number} failed: {failed.error}")
        if done == total:
            return


def curated(study: Study, batches: list[Batch], by: Researcher) -> None:
    """Of each batch one text by a seeded random pick, uncurated, and one by ``RULE``, recorded as such, curated."""
    arms = {arm.key: arm for arm in Arm.objects.filter(study=study)}
    for batch in batches:
        batch.refresh_from_db()
        drawing.random_pick(batch, by=by, k=1, seed=batch.seed, arm=arms["uncurated"])
        left = batch.candidates.filter(decision=Candidate.Decision.PENDING).exclude(text="")
        best = left.order_by("flag_count", "-mean_logprob", "index").first()
        if best is None:
            raise LinkFailed(f"No text is left in batch {batch.number}: every draft was empty after cleaning")
        curation.accept(best, by=by, arm=arms["curated"], rule=RULE)
        for other in left.exclude(pk=best.pk):
            curation.reject(other, by=by, rule=RULE)


def launched(study: Study, by: Researcher) -> Study:
    """The study, frozen and open; what the parity report finds is let stand, with a reason."""
    study.refresh_from_db()
    found = report_of(study)
    for gate in gates.GATES:
        if gates.problem_of(found, gate):
            gates.override(study, gate, by=by, reason=LET_STAND, findings=found.findings_sha256(gate))
    lifecycle.freeze(study, by)
    lifecycle.launch(study, by)
    return study


def read_and_rated(study: Study, address: str, seed: int, say: Say) -> Walks:
    """Let the simulated participants walk the pages, several at a time. Raises what a walk raises."""
    population = Population(EFFECTS, seed)
    texts = {(_flat(a.headline), _flat(a.text)): (a.story.key, a.arm.key) for a in _standing(study) if a.arm}
    entry = f"{address}/s/{study.key}/?mode={recruitment.signed_mode(study, Mode.SIMULATED)}"

    def one(number: int) -> str:
        with httpx.Client(follow_redirects=True, timeout=60) as client:
            return walk(client, entry, Reader(number, population, texts))

    began = time.monotonic()
    codes = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for code in pool.map(one, range(READERS)):
            codes.append(code)
            if len(codes) % 20 == 0:
                say(f"  {len(codes)} of {READERS} simulated participants are through")
    return Walks(tuple(codes), time.monotonic() - began)


def recorded(study: Study, walks: Walks) -> None:
    """Hold the database against the codes that were handed out. Raises ``LinkFailed`` where they differ."""
    done = study.participants.filter(mode=Mode.SIMULATED, outcome=Outcome.COMPLETED)
    if done.count() != len(walks.codes) or len(set(walks.codes)) != len(walks.codes):
        raise LinkFailed(f"{len(walks.codes)} people got a code, {done.count()} are recorded as completed")
    arms = Counter(done.values_list("arm", flat=True))
    if max(arms.values()) - min(arms.values()) > 1:
        raise LinkFailed(f"the arms are not balanced within 1: {dict(arms)}")


def reported(study: Study, by: Researcher) -> tuple[Report, Export]:
    """The report that the fast worker made, and the files beside it. Raises ``LinkFailed`` if it did not."""
    report = reports.request_report(study, by=by, mode=Mode.SIMULATED)
    export = exports.latest(study, Mode.SIMULATED, report.version)
    if export is None:
        raise LinkFailed("The report was asked for without its files.")
    for job in (report, export):
        for _ in _ticks("The fast worker did not make the report and its files"):
            job.refresh_from_db()
            if job.status == Report.Status.DONE:
                break
            if not job.is_open:
                raise LinkFailed(f"The report or its files failed: {job.error}")
    return report, export


def _standing(study: Study) -> Iterator[Article]:
    yield from Article.objects.standing().filter(study=study).select_related("story", "arm")


def _flat(text: str) -> str:
    return " ".join(text.split())


def _ticks(problem: str, seconds: float = PATIENCE) -> Iterator[None]:
    """Once every half second; raises ``LinkFailed`` after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.5)
    raise LinkFailed(f"{problem} within {seconds:.0f} s")
