"""Scoring texts, real and written alike: rows are the queue, a generation worker takes a few at a time for a slice.

A text is scored alone, as a continuation of nothing, so that real and machine-written ones are held to the same.
Nothing is scored twice: of two workers only one can claim a row or save it.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from generation import drafting, registry, terms
from generation.models import LanguageModel, TextScore
from generation.storable import storable
from studyweb import room
from studyweb.celery import app
from studyweb.leases import UNLEASED, UNREACHED, Leases, connection_was_lost, new_owner, waiting_for_database
from studyweb.wakeups import tried
from surveys.models import Article, Researcher, Study

logger = logging.getLogger(__name__)

SLICE_SECONDS = 20
AT_ONCE = 8
MOST_ATTEMPTS = 3
TASK = "generation.tasks.score_next"

Status = TextScore.Status
# Only a worker that died lets it run out: a claim is of few texts, made once the model is loaded.
LEASES = Leases(Status.QUEUED, Status.RUNNING, timedelta(minutes=5))


class ScoringError(Exception):
    """Texts that cannot be scored by this model, in a sentence for the researcher."""


@dataclass(frozen=True)
class Progress:
    """How far a study's texts are scored by one model; ``error`` is the first that one failed with."""

    language_model: LanguageModel
    total: int
    done: int
    failed: int
    error: str

    @property
    def is_open(self) -> bool:
        """Whether a worker is on it or will be."""
        return self.done + self.failed < self.total


def models() -> list[LanguageModel]:
    """The models that can score: those whose files are here. A server tells no ranks of a text that it is given."""
    return [model for model in registry.offered() if model.source != LanguageModel.Source.SERVER]


def has_texts(study: Study) -> bool:
    """Whether there is anything to score."""
    return _texts(study).exists()


def request(study: Study, model: LanguageModel, *, by: Researcher) -> int:
    """Have each text of the study that stands scored by the model; how many were not scored or waiting already.

    Raises ``ScoringError``.
    """
    if model.source == LanguageModel.Source.SERVER:
        raise ScoringError(_("A served model cannot score texts: the protocol tells no ranks. Choose a local one."))
    if not registry.is_here(model):
        raise ScoringError(_("This model is not on this machine. Download it first, or choose another one."))
    if terms.must_accept(model, by):
        raise ScoringError(_("Accept this model's terms first: they stand on its page."))
    texts = _texts(study)
    again = {"status": Status.QUEUED, "error": "", "attempts": 0, "announced_at": None, "ended_at": None}
    with transaction.atomic():
        failed = TextScore.objects.filter(article__in=texts, language_model=model, status=Status.FAILED)
        count = failed.update(**again, requested_by=by, requested_at=Now())
        missing = texts.exclude(scores__language_model=model)
        rows = [TextScore(article=article, language_model=model, requested_by=by) for article in missing]
        count += len(TextScore.objects.bulk_create(rows, ignore_conflicts=True))
        transaction.on_commit(_announce)
    return count


def progress(study: Study) -> Progress | None:
    """How far the scores are that were asked for last; None where none were."""
    rows = TextScore.objects.filter(article__in=_texts(study)).select_related("language_model")
    last = rows.order_by("-requested_at", "-pk").first()
    if last is None:
        return None
    mine = rows.filter(language_model=last.language_model_id)
    counts = mine.aggregate(
        total=Count("pk"),
        done=Count("pk", filter=Q(status=Status.DONE)),
        failed=Count("pk", filter=Q(status=Status.FAILED)),
    )
    failed = mine.filter(status=Status.FAILED).order_by("pk").first()
    return Progress(last.language_model, **counts, error=failed.error if failed else "")


def perplexities(study: Study, model: LanguageModel) -> dict[str, float]:
    """{article's key: perplexity} of the study's texts that the model scored."""
    done = TextScore.objects.filter(article__in=_texts(study), language_model=model, status=Status.DONE)
    known = done.values_list("article__key", "perplexity")
    return {key: perplexity for key, perplexity in known if perplexity is not None}


def of_article(article: Article) -> list[TextScore]:
    """The article's scores, the newest first."""
    done = TextScore.objects.filter(article=article, status=Status.DONE).select_related("language_model")
    return list(done.order_by("-ended_at", "-pk"))


def score_next(*, stopping: Callable[[], bool] = lambda: False, clock: Callable[[], float] = time.monotonic) -> int:
    """Score what waits by one model, for a slice of time; how many texts were scored."""
    first = _claimable().order_by("requested_at", "pk").select_related("language_model").first()
    if first is None or room.is_short():
        return 0
    model, owner, scored, begun = first.language_model, new_owner(), 0, clock()
    until, no_longer_than = begun + SLICE_SECONDS, begun + 60 * settings.BATCH_MINUTES

    def while_made_ready() -> None:
        if clock() > no_longer_than:
            raise drafting.TookTooLong
        if stopping() or room.is_short():
            raise drafting.NotNow

    try:
        drafter = drafting.loaded(model, meanwhile=while_made_ready)
        identity, versions = drafter.identity, drafter.versions.to_dict()
        _again_where_the_model_changed(model, identity.digest(), str(versions["dtype"]))
        while clock() < until and not stopping() and not room.is_short() and (rows := _claimed(model, owner)):
            scored += _scored(rows, owner)
    except drafting.NotNow:
        # Nothing was claimed yet: the sweep wakes a worker again.
        return 0
    except Exception as error:
        logger.exception("Texts could not be scored by %s.", model)
        waiting_for_database(_ending(error, model, owner), "Texts to be scored")
        if room.is_full(error):
            # No fault of the texts': the sweep wakes a worker again, which takes none before there is room.
            return scored
    # Behind the messages of batches that wait.
    _claimable().update(announced_at=None)
    _announce()
    return scored


def _ending(error: Exception, model: LanguageModel, owner: str) -> Callable[[], None]:
    """What stores what becomes of the texts of a go that ``error`` ended: they wait again, or fail with a sentence."""
    if room.is_full(error):
        return partial(_released, owner, blameless=True)
    if isinstance(error, UNREACHED):
        return partial(_released, owner, blameless=connection_was_lost())
    return partial(_failed, model, owner, storable(drafting.explained(error)))


def _failed(model: LanguageModel, owner: str, why: str) -> None:
    """Fail what this go claimed; all that waits for the model where not even that could be loaded."""
    held = LEASES.held(TextScore.objects.all(), owner)
    lost = held if held.exists() else TextScore.objects.filter(pk__in=_claimable().filter(language_model=model))
    lost.update(status=Status.FAILED, error=why, ended_at=Now(), **UNLEASED)


def _released(owner: str, *, blameless: bool) -> None:
    """Give back unscored what this go claimed; its attempt counts unless the database alone stopped it."""
    attempts = {"attempts": 0} if blameless else {}
    held = LEASES.held(TextScore.objects.all(), owner)
    held.update(status=Status.QUEUED, announced_at=None, **attempts, **UNLEASED)


def sweep() -> int:
    """Wake a generation worker where texts wait that none heard of, or whose worker died; how many messages."""
    if not LEASES.unheard(_standing()).exists():
        return 0
    app.send_task(TASK)
    TextScore.objects.filter(pk__in=_claimable()).update(announced_at=Now())
    return 1


def _scored(rows: list[TextScore], owner: str) -> int:
    """Score the claimed rows and save each, unless another worker has it by now; how many were saved."""
    # Only a process that scores pays for torch.
    from generation.engine.scoring import score

    drafter = drafting.loaded(rows[0].language_model)
    made_by = {
        "model_sha256": drafter.identity.digest(),
        "model_identity": drafter.identity.to_dict(),
        "engine_versions": drafter.versions.to_dict(),
    }
    saved = 0
    for row, found in zip(rows, score(drafter, [row.article.text for row in rows]), strict=True):
        saved += LEASES.held(TextScore.objects.filter(pk=row.pk), owner).update(
            status=Status.DONE,
            ended_at=Now(),
            ends=list(found.ends),
            logprobs=[round(value, 4) for value in found.logprobs],
            ranks=list(found.ranks),
            perplexity=found.perplexity,
            is_whole=found.whole,
            error="",
            **made_by,
            **UNLEASED,
        )
    return saved


def _claimed(model: LanguageModel, owner: str) -> list[TextScore]:
    """The next few texts, now leased to ``owner``; those whose workers died too often are failed instead."""
    waiting = _claimable().filter(language_model=model).order_by("requested_at", "pk")
    for pk in list(waiting.values_list("pk", flat=True)[:AT_ONCE]):
        LEASES.take(_standing().filter(pk=pk), lease_owner=owner, attempts=F("attempts") + 1)
    mine = LEASES.held(TextScore.objects.filter(language_model=model), owner)
    message = _("The worker stopped %(n)s times while scoring this text, perhaps for want of memory. Look at its log.")
    mine.filter(attempts__gt=MOST_ATTEMPTS).update(
        status=Status.FAILED, error=message % {"n": MOST_ATTEMPTS}, ended_at=Now(), **UNLEASED
    )
    return list(mine.select_related("article", "language_model").order_by("pk"))


def _again_where_the_model_changed(model: LanguageModel, digest: str, dtype: str) -> None:
    """Queue what other files under the same name scored, or the same ones otherwise computed: no mixed comparisons."""
    done = TextScore.objects.filter(language_model=model, status=Status.DONE)
    alike = Q(model_sha256=digest, engine_versions__dtype=dtype)
    done.exclude(alike).update(status=Status.QUEUED, attempts=0, announced_at=None, ended_at=None)


def _texts(study: Study) -> QuerySet[Article]:
    """Those that stand, placed in an arm or not yet."""
    return Article.objects.filter(study=study, replaced_by=None, taken_down_at=None)


def _standing() -> QuerySet[TextScore]:
    return TextScore.objects.filter(article__replaced_by=None, article__taken_down_at=None)


def _claimable() -> QuerySet[TextScore]:
    return LEASES.claimable(_standing())


def _announce() -> None:
    tried(sweep, "the message for scores")
