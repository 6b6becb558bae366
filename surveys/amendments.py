"""Changes to a frozen study that are logged as deviations: another target, an article that is not given any more.

The frozen document stays as it is. What holds now is what was frozen, changed by each amendment in turn.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from typing import Any

from django.db import transaction
from django.db.models import IntegerField
from django.utils.translation import gettext as _

from surveys import audit
from surveys.design import Amended
from surveys.frozen import FrozenStudy
from surveys.lifecycle import is_unblinded
from surveys.models import Amendment, Researcher, Study, StudyVersion
from surveys.prepared import Given, Lookup

Kind = Amendment.Kind
Status = Study.Status
OPEN_TO_AMENDMENTS = frozenset({Status.FROZEN, Status.LIVE, Status.PAUSED})


class AmendmentError(Exception):
    """An amendment that cannot be made; ``problems`` gives sentences by field, under '' what is about no field."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


def holding(version: StudyVersion) -> Amended:
    """What the amendments of a version have made of it by now. One query."""
    return held_at_times(version)[-1]


def held_at_times(version: StudyVersion) -> list[Amended]:
    """What held before the first amendment, after it, after the second, and so on. One query."""
    found = [Amended()]
    for kind, detail in _AMENDMENTS.all(version=version.pk):
        found.append(_after(found[-1], kind, detail))
    return found


def amended_by(changes: Iterable[tuple[str, Mapping[str, Any]]]) -> Amended:
    """What amendments, as (kind, detail), the first first, make of a version."""
    return reduce(lambda before, change: _after(before, *change), changes, Amended())


_AMENDMENTS = Lookup(
    lambda: (
        Amendment.objects.filter(version=Given("version", IntegerField())).order_by("pk").values_list("kind", "detail")
    )
)


def change_target(study: Study, arm_key: str, target: int | None, reason: str, *, by: Researcher) -> Amendment:
    """From now on the arm, with the arms that are read together with it, closes at ``target`` people; None is never.

    Raises ``AmendmentError``.
    """
    with _amending(study, reason) as (version, before):
        spec = version.frozen.design_spec().amended(before)
        together = next((arms for _, arms in spec.groups if arm_key in {arm.key for arm in arms}), ())
        if not together:
            raise AmendmentError({"arm": _("There is no arm %(key)s in this version.") % {"key": arm_key}})
        if target is not None and target < 1:
            raise AmendmentError({"target": _("A target is a whole number from 1; leave it empty for no limit.")})
        if target == together[0].target:
            raise AmendmentError({"target": _("This is the target already.")})
        detail = {"arms": [arm.key for arm in together], "was": together[0].target, "now": target}
        return _log(study, version, Kind.TARGET, detail, reason, by)


def drop_article(study: Study, article_key: str, reason: str, *, whole_story: bool, by: Researcher) -> Amendment:
    """Nobody is given this article any more, nor, with ``whole_story``, any other version of its story.

    Who has it in their plan already reads it. Raises ``AmendmentError``, also where the design cannot do without.
    """
    with _amending(study, reason) as (version, before):
        frozen = version.frozen
        article = frozen.article_by_key.get(article_key)
        if article is None or article_key in before.dropped:
            raise AmendmentError({"article": _("There is no article %(key)s to drop.") % {"key": article_key}})
        dropped = [a.key for a in frozen.articles if a.key == article_key or (whole_story and a.story == article.story)]
        detail = {"articles": [key for key in dropped if key not in before.dropped], "story": article.story}
        after = _after(before, Kind.ARTICLE, detail)
        if problems := frozen.design_spec().amended(after).problems():
            raise AmendmentError({"article": " ".join([_("The design cannot do without it."), *problems])})
        return _log(study, version, Kind.ARTICLE, detail, reason, by)


def sentence(amendment: Amendment, frozen: FrozenStudy) -> str:
    """What was changed, in words of the team, for the log and the report."""
    detail = amendment.detail
    if amendment.kind == Kind.TARGET:
        labels = {arm.key: arm.label for arm in frozen.arms}
        names = ", ".join(labels.get(key, key) for key in detail["arms"])
        return _("Target of %(arms)s: %(now)s instead of %(was)s") % {
            "arms": names,
            "now": _("no limit") if detail["now"] is None else detail["now"],
            "was": _("no limit") if detail["was"] is None else detail["was"],
        }
    return _("Not given any more: %(articles)s") % {"articles": ", ".join(detail["articles"])}


def deviations(version: StudyVersion) -> list[str]:
    """Every amendment of a version with its time and reason, a line each, the first first."""
    return [
        f"{amendment.made_at:%Y-%m-%d}: {sentence(amendment, version.frozen)}. {amendment.reason}"
        for amendment in version.amendments.order_by("pk")
    ]


@contextmanager
def _amending(study: Study, reason: str) -> Iterator[tuple[StudyVersion, Amended]]:
    """A transaction that holds the study's row: (its current version, what holds of it before this amendment)."""
    if not reason.strip():
        raise AmendmentError({"reason": _("Write why. The reason stands in the report, beside the deviation.")})
    with transaction.atomic():
        locked = (
            # A draft has no version: PostgreSQL locks no row of a join that may find none.
            Study.objects.select_for_update(of=("self",)).select_related("current_version").get(pk=study.pk)
        )
        if locked.status not in OPEN_TO_AMENDMENTS or locked.current_version is None:
            status = locked.get_status_display().lower()
            raise AmendmentError({"": _("The study is %(status)s: nothing is amended then.") % {"status": status}})
        if is_unblinded(locked):
            told = _("The study is unblinded: a design changed in view of its results is a new study. Copy it.")
            raise AmendmentError({"": told})
        yield locked.current_version, holding(locked.current_version)


def _log(
    study: Study, version: StudyVersion, kind: str, detail: dict[str, Any], reason: str, by: Researcher
) -> Amendment:
    amendment = Amendment.objects.create(version=version, kind=kind, detail=detail, reason=reason.strip(), made_by=by)
    changed = sentence(amendment, version.frozen)
    audit.record(study, "amended", by=by, subject=f"v{version.number}", content=f"{changed}\n{amendment.reason}")
    return amendment


def _after(before: Amended, kind: str, detail: Mapping[str, Any]) -> Amended:
    if kind == Kind.TARGET:
        arms: Iterable[str] = detail["arms"]
        return Amended({**before.targets, **dict.fromkeys(arms, detail["now"])}, before.dropped)
    return Amended(before.targets, before.dropped | frozenset(detail["articles"]))
