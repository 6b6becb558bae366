"""Whether somebody whom a panel sends took part in an earlier study, or has read one of this study's stories.

No row links one person's parts in two studies: each earlier study is asked for the hash that this panel id has there,
which only who holds ``IDENTITY_KEY`` can work out (docs/decisions/0008-earlier-participants.md).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Now

from surveys.models import Article, Mode, Outcome, PanelIdentity, Study, Trial
from surveys.prepared import Given
from surveys.recruitment import Recruitment
from surveys.tokens import keyed_hash

# Previews and simulations are nobody's part in a study.
_MODES = (Mode.LIVE, Mode.PILOT)


@dataclass(frozen=True)
class Sought:
    """Under which (study's key, mode, keyed hash) somebody would stand elsewhere.

    They are kept out for having taken part where ``took_part`` names, for having read where ``read`` does.
    """

    took_part: tuple[tuple[str, Mode, str], ...] = ()
    read: tuple[tuple[str, Mode, str], ...] = ()

    @property
    def sizes(self) -> tuple[int, int]:
        """How many rows are sought of each kind: of which shape the question is."""
        return len(self.took_part), len(self.read)

    def given(self, study: Study) -> dict[str, Any]:
        """The values of ``found_by`` for this shape, by name."""
        rows = {f"sought_{n}": row for n, row in enumerate((*self.took_part, *self.read))}
        values = {f"{name}_{part}": value for name, row in rows.items() for part, value in enumerate(row)}
        return values | {"sought_for": study.pk}


def is_kept_out(study: Study, settings: Recruitment, panel_id: str) -> bool:
    """Whether the study's settings keep this person out.

    No query where they keep nobody out, one for chosen studies, and two more where readers are kept out.
    """
    them = sought(study, settings, panel_id)
    return any(rows.exists() for rows in _them(them.took_part, them.read, study.pk))


def sought(study: Study, settings: Recruitment, panel_id: str, sharing: Iterable[str] | None = None) -> Sought:
    """Where to look for this person. ``sharing`` are the keys of the studies that share a story, where they are known.

    Else one query finds them, where readers are kept out.
    """
    if not panel_id:
        return Sought()
    readers: Iterable[str] = ()
    if settings.keep_out_readers:
        readers = _sharing(study) if sharing is None else sharing
    return Sought(_rows(study, settings.keep_out, panel_id), _rows(study, readers, panel_id))


def found_by(sizes: tuple[int, int]) -> Iterator[QuerySet[PanelIdentity]]:
    """Who is sought, by ``Sought.given``: for a statement that is written once for each shape of the question.

    Each kind for itself: one condition about both would have SQLite read every identity that there is.
    """
    took_part, read = sizes
    places = [tuple(Given(f"sought_{n}_{part}", CharField()) for part in range(3)) for n in range(took_part + read)]
    return _them(places[:took_part], places[took_part:], Given("sought_for", IntegerField()))


def sharing_of_a_participants_study() -> Case:
    """For a query of participants: the keys, with commas between, of the studies that share a story with theirs.

    None where it keeps no readers out.
    """
    mine = _texts(OuterRef(OuterRef("study")))
    others = Article.objects.filter(sha256__in=mine).exclude(study=OuterRef("study")).order_by()
    keys = others.annotate(keys=_Joined(F("study__key"))).values("keys")
    return Case(When(study__recruitment__keep_out_readers=True, then=Subquery(keys)), output_field=CharField())


class _Joined(Func):
    """Texts of all rows, each once, with a comma between: no aggregate of Django's that both databases have does it."""

    template, arity = "%(function)s(DISTINCT %(expressions)s%(rest)s)", 1
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="STRING_AGG", rest=", ','", **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", rest="", **context)


def _sharing(study: Study) -> list[str]:
    """The keys of the other studies that have a text of this study's too."""
    shared = Article.objects.filter(sha256__in=_texts(study.pk)).exclude(study=study)
    return [*shared.values_list("study__key", flat=True).distinct()]


def _texts(study: Any) -> QuerySet[Article, Any]:
    """The texts, before and after each edit, of the stories that the study shows: those with a text in an arm.

    An edit takes the arm from what it replaces.
    """
    is_shown = {"story__articles__arm__isnull": False, "story__articles__taken_down_at__isnull": True}
    return Article.objects.filter(study=study, **is_shown).values("sha256")


def _them(took_part: Iterable[Any], read: Iterable[Any], study: Any) -> Iterator[QuerySet[PanelIdentity]]:
    """The identities that keep somebody out; each row may be values, or places of such.

    Who was given a shared story and has not come to it counts while they may: they would read it in both studies. Who
    went away from it has read nothing, and is let in once their place there is free again.
    """
    if taken := _identities(took_part):
        yield PanelIdentity.objects.filter(taken, participant__consented_at__isnull=False)
    if readers := _identities(read):
        given = Trial.objects.filter(
            participant=OuterRef("participant"), article__story__articles__sha256__in=_texts(study)
        )
        is_about_to = Q(
            participant__outcome=Outcome.UNDER_WAY,
            participant__lease_expires_at__gt=Now(),
        ) & ~Q(participant__study__status=Study.Status.CLOSED)
        yield PanelIdentity.objects.filter(readers, Exists(given.filter(Q(shown_at__isnull=False) | is_about_to)))


def _identities(rows: Iterable[Any]) -> Q:
    found = Q()
    for key, mode, hashed in rows:
        # The row of a study is found by the database, in the same query.
        study = Subquery(Study.objects.filter(key=key).values("pk")[:1])
        found |= Q(study=study, mode=mode, keyed_hash=hashed)
    return found


def _rows(study: Study, earlier: Iterable[str], panel_id: str) -> tuple[tuple[str, Mode, str], ...]:
    """Who somebody is in the studies with these keys; in the study itself, which stands for its pilot, only there."""
    return tuple(
        # A hash needs no more of a study than its key.
        (key, mode, keyed_hash(Study(key=key), mode, panel_id))
        for key in sorted(set(earlier))
        for mode in _MODES
        if key != study.key or mode == Mode.PILOT
    )
