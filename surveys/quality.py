"""PURE: evidence on the quality of one person's data. It flags, it never rejects: only a frozen plan leaves people out.

Each check says 'pass', 'fail' or 'unavailable', and what it saw. 'unavailable' is not a failure: a browser without the
page's script, a question that was not asked or a visitor without a panel are no evidence against anybody. Nor does a
pass prove a person: a language-model agent passes most attention checks (Westwood 2025).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

State = Literal["pass", "fail", "unavailable"]

# Silent reading of English non-fiction goes at 238 words a minute on average, and hardly anybody passes 400 (Brysbaert
# 2019, doi 10.1016/j.jml.2019.104047). Answering counts into the time, so that this cut is a generous one.
FASTEST_WORDS_A_MINUTE = 600
# Nobody's reading counts as shorter, so that a speed can be told.
LEAST_SECONDS = 0.1
# Fewer equal answers than this happen to everybody who finds an article plainly good or plainly bad.
FEWEST_FOR_STRAIGHT_LINING = 6
LONG_ABSENCE_SECONDS = 300


def _(message: str) -> str:
    """Marks a message for translation; who shows it translates it."""
    return message


class Reading(NamedTuple):
    """One article as one person took it.

    ``seconds`` is for how long its page was in view, where that is known to the end (``in_view``), and else from
    showing it to storing its rating.
    """

    words: int
    seconds: float
    in_view: bool = False


@dataclass(frozen=True)
class Evidence:
    """All that is known of how one person took part. None stands for what cannot be known.

    ``attention`` holds whether each check that was answered was passed. ``scale_places`` are the places, from 1,
    in which the options chosen on the Likert items about articles stood on this person's screen; ``scale_items`` is how
    many different items those were. ``submissions`` counts the panel's submissions of this person, 0 where it names
    none; ``of_another_study`` how many of them came from another study at the panel, None where that cannot be told;
    ``same_browser`` counts others whose network and browser have the same keyed hash.
    """

    participant: str
    attention: tuple[bool, ...] = ()
    readings: tuple[Reading, ...] = ()
    scale_places: tuple[int, ...] = ()
    scale_items: int = 0
    submissions: int | None = None
    of_another_study: int | None = None
    same_browser: int | None = None
    looked_it_up: bool | None = None
    longest_away_seconds: float | None = None


class Finding(NamedTuple):
    """What one check says of one person. ``message`` with ``values`` filled in is its evidence, in English."""

    check: str
    state: State
    message: str
    values: Mapping[str, object] = MappingProxyType({})

    @property
    def evidence(self) -> str:
        """What was seen, as an English sentence."""
        return self.message % self.values


Said = tuple[State, str, dict[str, object]]


@dataclass(frozen=True)
class Check:
    """A check. ``meaning`` says whom it flags.

    ``of_ratings``: it looks at ratings, or at how articles were read. Before the unblinding its findings stay inside,
    as the ratings themselves do (docs/decisions/0006-no-ratings-before-the-unblinding.md).
    ``by_settings``: it goes by the recruitment settings of the day, which no version holds. No rule of a plan can.
    """

    name: str
    title: str
    meaning: str
    of_ratings: bool
    look: Callable[[Evidence], Said]
    by_settings: bool = False


def _attention(seen: Evidence) -> Said:
    passed, asked = sum(seen.attention), len(seen.attention)
    if not asked:
        return "unavailable", _("No attention check was answered."), {}
    values: dict[str, object] = {"passed": passed, "asked": asked}
    return ("pass" if passed == asked else "fail"), _("Passed %(passed)s of %(asked)s attention checks."), values


def _speeding(seen: Evidence) -> Said:
    readings = [reading for reading in seen.readings if reading.words]
    rates = [60 * reading.words / max(reading.seconds, LEAST_SECONDS) for reading in readings]
    if not rates:
        return "unavailable", _("No article was rated."), {}
    fast, in_view = sum(rate > FASTEST_WORDS_A_MINUTE for rate in rates), sum(reading.in_view for reading in readings)
    values: dict[str, object] = {"fast": fast, "all": len(rates), "most": round(max(rates))}
    values |= {"in_view": in_view, "between": len(rates) - in_view}
    message = _(
        "%(fast)s of %(all)s articles faster than anybody reads; the fastest at %(most)s words a minute. Timed "
        "while the page was in view: %(in_view)s; by the server, between pages: %(between)s."
    )
    return ("fail" if fast else "pass"), message, values


def _straight_lining(seen: Evidence) -> Said:
    answers = len(seen.scale_places)
    if answers < FEWEST_FOR_STRAIGHT_LINING or seen.scale_items < 2:
        return "unavailable", _("Too few answers on scales to tell."), {}
    most = max(map(seen.scale_places.count, {*seen.scale_places}))
    values: dict[str, object] = {"most": most, "all": answers}
    message = _("%(most)s of %(all)s answers on scales are in one and the same place.")
    return ("fail" if most == answers else "pass"), message, values


def _several_submissions(seen: Evidence) -> Said:
    if seen.submissions is None:
        return "unavailable", _("Came without a panel's id."), {}
    if not seen.submissions:
        return "unavailable", _("Came without the id of a submission: there was nothing to compare."), {}
    message = _("Submissions that the panel sent under this id: %(n)s.")
    return ("fail" if seen.submissions > 1 else "pass"), message, {"n": seen.submissions}


def _another_study(seen: Evidence) -> Said:
    if seen.of_another_study is None:
        return "unavailable", _("The panel's id of the study is not set here, or was not sent."), {}
    message = _("Submissions that came from another study at the panel than the one that is set here: %(n)s.")
    return ("fail" if seen.of_another_study else "pass"), message, {"n": seen.of_another_study}


def _same_browser(seen: Evidence) -> Said:
    if seen.same_browser is None:
        return "unavailable", _("The network's address is not known."), {}
    message = _("Others who came from the same network with the same kind of browser: %(n)s.")
    return ("fail" if seen.same_browser else "pass"), message, {"n": seen.same_browser}


def _looked_it_up(seen: Evidence) -> Said:
    if seen.looked_it_up is None:
        return "unavailable", _("Was not asked, or did not say, whether they looked articles up."), {}
    if seen.looked_it_up:
        return "fail", _("Said that they looked an article up."), {}
    return "pass", _("Said that they looked nothing up."), {}


def _long_absence(seen: Evidence) -> Said:
    longest = seen.longest_away_seconds
    if longest is None:
        return "unavailable", _("The page's script did not run."), {}
    message = _("The longest absence from a page took %(n)s seconds.")
    return ("fail" if longest > LONG_ABSENCE_SECONDS else "pass"), message, {"n": round(longest)}


_ALL = (
    Check(
        "attention",
        _("Attention"),
        _("Failed at least one attention check. How many were passed is the evidence: look at levels, not at one cut."),
        False,
        _attention,
    ),
    Check(
        "speeding",
        _("Speeding"),
        _("Took an article at more than 600 words a minute, the answering included."),
        True,
        _speeding,
    ),
    Check(
        "straight-lining",
        _("Straight-lining"),
        _("Chose the option in one and the same place on every scale about articles, on six answers or more."),
        True,
        _straight_lining,
    ),
    Check(
        "duplicate-panel-id",
        _("Duplicate panel id"),
        _("Was sent by the panel more than once under one id."),
        False,
        _several_submissions,
    ),
    Check(
        "other-panel-study",
        _("Other study at the panel"),
        _("Came with the id of another study at the panel than the one that is set here."),
        False,
        _another_study,
        by_settings=True,
    ),
    Check(
        "same-browser",
        _("Same network and browser"),
        _("Shares network address and kind of browser with somebody else. In a classroom everybody does."),
        False,
        _same_browser,
    ),
    Check(
        "looked-it-up",
        _("Looked it up"),
        _("Said that they looked an article, or facts in it, up."),
        True,
        _looked_it_up,
    ),
    Check(
        "long-absence",
        _("Long absence"),
        _("Left a page in the background for more than five minutes."),
        False,
        _long_absence,
    ),
)
CHECKS: Mapping[str, Check] = MappingProxyType({check.name: check for check in _ALL})


def judge(seen: Evidence, *, masked: bool = False) -> tuple[Finding, ...]:
    """What each check says of one person; ``masked`` leaves out those that look at ratings."""
    return tuple(
        Finding(check.name, *check.look(seen)) for check in CHECKS.values() if not (masked and check.of_ratings)
    )


def flags(findings: Iterable[Finding]) -> str:
    """The names of the checks that fail, separated by blanks."""
    return " ".join(finding.check for finding in findings if finding.state == "fail")


def unknown(findings: Iterable[Finding]) -> str:
    """The names of the checks that could not be made, separated by blanks."""
    return " ".join(finding.check for finding in findings if finding.state == "unavailable")
