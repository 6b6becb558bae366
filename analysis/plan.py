"""PURE: the analysis plan that is frozen with a study, and how it is read."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from analysis.plan_rules import PlanError, Rule, finite_number, parse_rule
from analysis.schema import INDEX_COLUMN, SECONDS_COLUMN

Neutral = Literal["left-out", "as-human", "halved"]
NEUTRALS: tuple[Neutral, ...] = ("left-out", "as-human", "halved")
# The models that a specification curve can hold, and how a reader calls them.
MODELS = {"mixed": "crossed mixed model", "means": "people's means", "clustered": "clustered least squares"}
# Every rule more doubles the specification curve.
MOST_RULES = 8
# From where a rating on the index of 1 to 10 counts as credible: above the midpoint 5.5.
INDEX_CUT = 6.0
# Stands for a cut that nobody named; ``Plan`` puts the outcome's own in its place.
_UNSAID = float("nan")


def cut_problem(cut: float | None, scale: tuple[float, float] | None, outcome: str) -> str:
    """Why a cut can tell no ratings apart on the outcome's scale (lowest, highest); '' where it can or may."""
    if cut is not None and outcome == SECONDS_COLUMN:
        return f"credible_cut: {outcome} is a time, of which no length is credible; leave it empty for no shares"
    if cut is None or scale is None or scale[0] < cut <= scale[1]:
        return ""
    low, high = (f"{end:g}" for end in scale)
    return (
        f"credible_cut: from {cut:g} upwards all or none of the ratings would be credible, as {outcome} lies from "
        f"{low} to {high}; name a cut above {low} and up to {high}, or leave it empty for no shares"
    )


@dataclass(frozen=True)
class Plan:
    """What was decided before the outcomes were seen.

    ``outcome`` is a column of the ratings. ``reference`` is the arm that the others are held against; empty where the
    ratings' origin says it. A rating is 'credible' from ``credible_cut`` upwards: without a cut the credibility
    index has 6 of 10, and any other outcome none. The published reports do not state their cut, so that one is a choice
    of ours; None leaves shares out. ``exclusions`` are applied in this order.

    ``equivalence_bound`` is the largest difference of means that counts as none, in the outcome's units;
    ``equivalence_low`` and ``equivalence_high`` are two bounds that need not lie alike on both sides of 0.
    ``question`` is what the study asks, in words. ``main_contrast`` is the arm whose contrast with the reference the
    specification curve shows, '' for the first one; it is drawn over every combination of ``exclusions``, of the rules
    in ``alternative_exclusions``, which the main analysis does not apply, and of ``specification_models`` (keys of
    ``MODELS``; empty for all). ``covariates`` are columns by which the contrasts may differ; ``trend_scores`` gives
    arms a place on a scale, empty for the places that the study's arms have. ``neutral_answers`` is how detection
    treats answers that name no source.
    """

    outcome: str = INDEX_COLUMN
    reference: str = ""
    alpha: float = 0.05
    credible_cut: float | None = _UNSAID
    equivalence_bound: float | None = None
    exclusions: tuple[Rule, ...] = field(default=())
    notes: str = ""
    question: str = ""
    main_contrast: str = ""
    equivalence_low: float | None = None
    equivalence_high: float | None = None
    covariates: tuple[str, ...] = ()
    trend_scores: tuple[tuple[str, float], ...] = ()
    alternative_exclusions: tuple[Rule, ...] = ()
    specification_models: tuple[str, ...] = ()
    neutral_answers: Neutral = "left-out"

    def __post_init__(self) -> None:
        """Puts in the cut that belongs to the outcome. Raises ``PlanError`` for what no analysis can use."""
        if self.credible_cut is _UNSAID:
            object.__setattr__(self, "credible_cut", INDEX_CUT if self.outcome == INDEX_COLUMN else None)
        problems = [*self._wrong_numbers(), *self._wrong_bounds(), *self._wrong_choices()]
        if problems:
            raise PlanError(problems)

    def _wrong_numbers(self) -> Iterator[str]:
        if not self.outcome:
            yield "outcome: name the column of the ratings that is compared, such as 'credibility'"
        if not 0 < self.alpha < 0.5:
            yield f"alpha: {self.alpha:g} is not between 0 and 0.5; 0.05 gives 95% intervals"
        if self.credible_cut is not None and not math.isfinite(self.credible_cut):
            yield f"credible_cut: {self.credible_cut} is no number on the outcome's scale"
        scores = dict(self.trend_scores)
        if not all(map(math.isfinite, scores.values())):
            yield "trend_scores: every arm's score is a finite number"
        if self.trend_scores and len(set(scores.values())) < 2:
            yield "trend_scores: give two arms or more different scores, such as small = 355 and large = 1500"

    def _wrong_bounds(self) -> Iterator[str]:
        if self.equivalence_bound is not None and not 0 < self.equivalence_bound < math.inf:
            yield f"equivalence_bound: {self.equivalence_bound:g} is not above 0; leave it out for no test"
        low, high = self.equivalence_low, self.equivalence_high
        if (low is None) != (high is None):
            yield "equivalence_low and equivalence_high belong together: give both, or neither"
        elif low is not None and high is not None:
            if self.equivalence_bound is not None:
                yield "equivalence_bound: give one bound for both sides, or equivalence_low and equivalence_high"
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                yield f"equivalence_low: {low:g} is not below equivalence_high, {high:g}"

    def _wrong_choices(self) -> Iterator[str]:
        if self.main_contrast and self.main_contrast == self.reference:
            yield f"main_contrast: {self.main_contrast!r} is the reference arm; name the arm that is compared with it"
        if unknown := [name for name in self.specification_models if name not in MODELS]:
            yield f"specification_models: {unknown[0]!r} is no model; there are {', '.join(MODELS)}"
        if self.neutral_answers not in NEUTRALS:
            yield f"neutral_answers: {self.neutral_answers!r} is no treatment; there are {', '.join(NEUTRALS)}"
        both = [str(rule) for rule in self.alternative_exclusions if rule in self.exclusions]
        if both:
            yield f"alternative_exclusions: {', '.join(both)} stands among the exclusions: keep it in one of the two"
        if self.alternative_exclusions and len(self.exclusions) + len(self.alternative_exclusions) > MOST_RULES:
            yield f"alternative_exclusions: with the exclusions there may be {MOST_RULES}, as each doubles the curve"
        for name in ("covariates", "specification_models"):
            if twice := sorted({one for one in getattr(self, name) if getattr(self, name).count(one) > 1}):
                yield f"{name}: these are there more than once: {', '.join(twice)}"

    @property
    def level(self) -> float:
        """The intervals' confidence level, such as 0.95."""
        return 1 - self.alpha

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The lower and upper bound of equivalence, in the outcome's units; None without a test of it."""
        if self.equivalence_low is not None and self.equivalence_high is not None:
            return self.equivalence_low, self.equivalence_high
        return None if self.equivalence_bound is None else (-self.equivalence_bound, self.equivalence_bound)

    def as_dict(self) -> dict[str, Any]:
        """The plan as ``parse_plan`` reads it, with numbers as numbers."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        for name in _RULES:
            found[name] = [str(rule) for rule in found[name]]
        for name in _LISTS:
            found[name] = list(found[name])
        return {**found, "trend_scores": dict(self.trend_scores)}


_TEXTS = ("outcome", "reference", "notes", "question", "main_contrast", "neutral_answers")
_NUMBERS = ("alpha", "credible_cut", "equivalence_bound", "equivalence_low", "equivalence_high")
_RULES = ("exclusions", "alternative_exclusions")
_LISTS = ("covariates", "specification_models")


def parse_plan(data: Mapping[str, Any]) -> Plan:
    """The plan in a mapping, such as a frozen definition's ``plan``; numbers may be texts ('0.05'), '' is none.

    Raises ``PlanError`` with every problem found, each naming its field.
    """
    known = [each.name for each in fields(Plan)]
    problems = [f"{key}: no field of a plan; there are {', '.join(known)}" for key in sorted(set(data) - {*known})]
    values: dict[str, Any] = {}
    for readers, read in ((_TEXTS, _text), (_NUMBERS, _plan_number), (_RULES, _rules), (_LISTS, _names)):
        for key in readers:
            if key in data:
                _read(key, data[key], read, values, problems)
    if "trend_scores" in data:
        _read("trend_scores", data["trend_scores"], _scores, values, problems)
    if not values.get("neutral_answers", "left-out"):
        del values["neutral_answers"]
    try:
        plan = Plan(**values)
    except PlanError as error:
        problems += error.problems
    if problems:
        raise PlanError(problems)
    return plan


def _read(key: str, given: Any, read: Callable[[str, Any], Any], values: dict[str, Any], problems: list[str]) -> None:
    """Put what ``read`` makes of a field into ``values``, or what is wrong with it into ``problems``."""
    try:
        values[key] = read(key, given)
    except PlanError as error:
        problems += error.problems


def _text(key: str, given: Any) -> str:
    if not isinstance(given, str):
        raise PlanError([f"{key}: must be text, not {given!r}"])
    return given if key in {"notes", "question"} else given.strip()


def _plan_number(key: str, given: Any) -> float | None:
    blank = given in ("", None)
    number = None if blank else finite_number(given)
    if number is None and (not blank or key == "alpha"):
        raise PlanError([f"{key}: {given!r} is not a number"])
    return number


def _rules(key: str, given: Any) -> tuple[Rule, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(rule, str) for rule in given):
        raise PlanError([f"{key}: must be a list of rules, such as ['attention-failed:2', 'faster-than:5']"])
    parsed: list[Rule] = []
    problems: list[str] = []
    for rule in given:
        try:
            parsed.append(parse_rule(rule, key))
        except PlanError as error:
            problems += error.problems
    if twice := sorted({str(rule) for rule in parsed if parsed.count(rule) > 1}):
        problems.append(f"{key}: these rules are there more than once: {', '.join(twice)}")
    if problems:
        raise PlanError(problems)
    return tuple(parsed)


def _names(key: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) and name.strip() for name in given):
        raise PlanError([f"{key}: must be a list of names, such as ['party']"])
    return tuple(name.strip() for name in given)


def _scores(key: str, given: Any) -> tuple[tuple[str, float], ...]:
    if not isinstance(given, Mapping):
        raise PlanError([f"{key}: must say a number for each arm, such as {{small = 355, large = 1500}}"])
    scores = {str(arm): finite_number(score) for arm, score in given.items()}
    if wrong := [arm for arm, score in scores.items() if score is None]:
        raise PlanError([f"{key}: the score of {arm!r}, {given[arm]!r}, is not a number" for arm in wrong])
    return tuple((arm, score) for arm, score in scores.items() if score is not None)
