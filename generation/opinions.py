"""Giving an opinion on a text that several curators are asked about; where all agree, that is the decision."""

import json
from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from generation import curation, placing
from generation.assignments import Panel, Verdict, panel_of
from generation.curation import CurationError, DecidedMeanwhile, standing_text
from generation.lineage import text_sha256
from generation.models import Candidate, Opinion
from surveys import audit
from surveys.articles import lock_draft
from surveys.models import Researcher, Study


def give(
    candidate: Candidate,
    *,
    by: Researcher,
    verdict: str,
    reason: str = "",
    seconds: float | None = None,
    revision: int | None = None,
) -> Panel:
    """Store an opinion, and take the decision where it is the last and all agree; the panel as it stands then.

    Two who answer at once do not disturb each other: the study's row is held. Raises ``CurationError`` where this
    person is not asked, has answered, or rejects without a reason; ``DecidedMeanwhile`` where the text was edited or
    decided since it was read; and what ``curation.accept`` raises.
    """
    if verdict == Verdict.REJECT and not reason.strip():
        raise CurationError({"reason": _("Write why it is rejected: the log keeps the reason.")})
    with transaction.atomic():
        lock_draft(candidate.batch.study)
        _unchanged(candidate, revision)
        before = panel_of(candidate)
        if by.pk not in before.asked:
            raise CurationError({"": _("Others are asked about this text. You can adjudicate where they differ.")})
        if by.pk not in before.missing:
            raise CurationError({"": _("You have answered. Until everybody has, you can take your opinion back.")})
        _store(candidate, by, verdict, reason, seconds)
        panel = panel_of(candidate)
        log_complete(candidate.batch.study, [(candidate, panel)], by)
        if panel.verdict:
            decide(candidate, by=by)
    return panel


def are_about(panel: Panel, text: str) -> bool:
    """Whether the opinions are all about this wording, and not about one that was edited since."""
    return {opinion.text_sha256 for opinion in panel.opinions} == {text_sha256(text)}


def withdraw(opinion: Opinion) -> None:
    """Take one's opinion back, which is possible until others' can be read.

    Raises ``CurationError`` once everybody has answered, ``DecidedMeanwhile`` once the text is decided, ``DraftOnly``.
    """
    candidate = opinion.candidate
    with transaction.atomic():
        lock_draft(candidate.batch.study)
        _unchanged(candidate, None)
        # Whoever answers anew then has read the others: that is no opinion of their own, and nobody adjudicates it.
        if panel_of(candidate).is_complete:
            raise CurationError({"": stands()})
        _store(candidate, opinion.by, Verdict.WITHDRAWN, "", None)


def stands() -> str:
    """Why an opinion is taken back no longer, in a sentence."""
    return _("Everybody who is asked has answered: your opinion stands. Where opinions differ, somebody adjudicates.")


def _unchanged(candidate: Candidate, revision: int | None) -> None:
    current = Candidate.objects.only("revision", "decision").get(pk=candidate.pk)
    seen = candidate.revision if revision is None else revision
    if current.revision != seen or current.decision != Candidate.Decision.PENDING:
        raise DecidedMeanwhile(candidate)


def _store(candidate: Candidate, by: Researcher, verdict: str, reason: str, seconds: float | None) -> None:
    text = standing_text(candidate)
    Opinion.objects.create(
        candidate=candidate,
        number=candidate.opinions.count() + 1,
        by=by,
        verdict=verdict,
        reason=reason.strip(),
        text_sha256=text_sha256(text),
        seconds=seconds,
    )
    # Everybody reads the log, also who is still asked: what was said stands there once all have answered.
    verb = "opinion taken back" if verdict == Verdict.WITHDRAWN else "opinion given"
    audit.record(candidate.batch.study, verb, by=by, subject=_place(candidate), content=text)


def log_complete(study: Study, found: Sequence[tuple[Candidate, Panel]], by: Researcher) -> None:
    """Log what was said of those texts on which everybody has answered: how many, and a digest of each opinion.

    By as many statements for many texts as for one. Needs the study's row held.
    """
    entries = []
    for candidate, panel in found:
        if panel.is_complete:
            each = Counter(opinion.verdict for opinion in panel.opinions)
            said = [(opinion.by_id, opinion.verdict, opinion.reason, opinion.text_sha256) for opinion in panel.opinions]
            subject = f"{_place(candidate)}: {each[Verdict.ACCEPT]} for it, {each[Verdict.REJECT]} against it"
            entries.append((subject, json.dumps(said, ensure_ascii=False)))
    if entries:
        audit.record_all(study, "all opinions given", by=by, entries=entries)


def _place(candidate: Candidate) -> str:
    return f"batch {candidate.batch.number}, candidate {candidate.index}"


def decide(candidate: Candidate, *, by: Researcher) -> None:
    """Accept or reject a text as everybody says who was asked; the log's rule says so.

    Raises what ``curation.accept`` raises.
    """
    panel = panel_of(candidate)
    rule = rule_of(panel)
    if panel.verdict == Verdict.ACCEPT:
        curation.accept(candidate, by=by, arm=placing.default_arm(candidate.batch), rule=rule)
    elif panel.verdict == Verdict.REJECT:
        curation.reject(candidate, by=by, rule=rule)


def rule_of(panel: Panel, why: str = "") -> str:
    """The rule by which a panel in agreement decides, for the log."""
    n = len(panel.opinions)
    # Not translated: the record must not depend on the language of whoever clicked.
    return f"{n} of {n} opinions {'for' if panel.verdict == Verdict.ACCEPT else 'against'} it{why}"
