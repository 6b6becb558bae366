"""The form of a power plan: which difference, over how many people and articles, with which spreads."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analysis.plan import parse_plan
from analysis.plan_rules import PlanError
from analysis.power_limits import MOST_ARMS, MOST_PEOPLE_SIMULATED, studies_of
from surveys.definition import Plan
from surveys.frozen import FrozenStudy
from surveys.models import Mode

# Beyond these a worker would be at it for more than half an hour.
MOST_SIZES, MOST_STUDIES, MOST_PEOPLE = 24, 4_000, 100_000
_PEOPLE = (50, 100, 200, 400, 800)
_BOUND_HELP = _("Only for equivalence: the plan's, in the outcome's units.")
_SPREADS = {"sd_person": "person", "sd_article": "article", "sd_noise": "noise"}
_MORE_SPREADS = {"sd_person_by_arm": "person_by_arm", "sd_story": "story"}
_ASKED = (
    *("difference", "ratings", "design", "power", "alpha", "simulations"),
    *("small_simulations", "arms", "which", "adjust"),
)
_USUAL = {"goal": "difference", "arms": 2, "which": "one", "adjust": "holm"}


class WholeNumbers(forms.Field):
    """Whole numbers with commas between, each once, rising."""

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most

    def to_python(self, value: Any) -> tuple[int, ...]:
        """The numbers; raises ``ValidationError`` naming what is none."""
        parts = [part.strip() for part in str(value or "").replace(";", ",").split(",") if part.strip()]
        # Nine digits are more than any limit, and no more than a number can be made of at once.
        wrong = [part for part in parts if not (part.isdecimal() and self.least <= int(part[:9]) <= self.most)]
        if wrong:
            raise ValidationError(
                gettext("“%(part)s” is no whole number from %(least)s to %(most)s. Write such as 50, 100, 200.")
                % {"part": wrong[0][:40], "least": self.least, "most": self.most}
            )
        return tuple(sorted({int(part) for part in parts}))


def _spread(label: Any, help_text: Any = "", **kwargs: Any) -> forms.FloatField:
    return forms.FloatField(label=label, help_text=help_text, min_value=0, max_value=1e6, required=False, **kwargs)


class PowerForm(forms.Form):
    """A question of power with its spreads; ``sources`` are the modes whose ratings can give these."""

    use_required_attribute = False
    difference = forms.FloatField(
        label=_("Difference to be found"),
        max_value=1e6,
        help_text=_(
            "In the outcome's units: the smallest that would matter, not the one hoped for. For equivalence the true "
            "one, such as 0."
        ),
    )
    goal = forms.ChoiceField(
        label=_("To be shown"),
        choices=[
            ("difference", _("that arms differ from the reference")),
            ("equivalence", _("that arms are equivalent to it, within bounds")),
        ],
        widget=forms.RadioSelect,
    )
    bound_low = forms.FloatField(
        label=_("Lower bound of equivalence"), min_value=-1e6, max_value=1e6, required=False, help_text=_BOUND_HELP
    )
    bound_high = forms.FloatField(
        label=_("Upper bound of equivalence"), min_value=-1e6, max_value=1e6, required=False, help_text=_BOUND_HELP
    )
    arms = forms.IntegerField(
        label=_("Arms, the reference among them"), min_value=2, max_value=MOST_ARMS, help_text=_("From 2 to 10.")
    )
    which = forms.ChoiceField(
        label=_("With several arms"),
        choices=[("one", _("one arm's claim, no other arm differing")), ("all", _("the claims of all arms at once"))],
        widget=forms.RadioSelect,
    )
    adjust = forms.ChoiceField(
        label=_("Adjustment over the arms"),
        choices=[
            ("holm", _("Holm, as in the report")),
            ("bonferroni", _("Bonferroni")),
            ("benjamini-hochberg", _("Benjamini and Hochberg")),
            ("none", _("none")),
        ],
        help_text=_("Of differences. Equivalence takes none."),
    )
    source = forms.ChoiceField(label=_("How ratings vary"), widget=forms.RadioSelect)
    sd_person = _spread(_("SD between people"))
    sd_article = _spread(_("SD between articles"), _("Within an arm. It decides what more people cannot mend."))
    sd_noise = _spread(_("SD of a single rating beside these"))
    sd_person_by_arm = _spread(
        _("SD of a person's own difference between arms"), _("Only where a person reads several arms.")
    )
    sd_story = _spread(
        _("SD of what the versions of a story share"), _("Only where the arms tell the same stories: it falls out.")
    )
    design = forms.ChoiceField(
        label=_("Arms a person reads"),
        choices=[("between", _("one of them")), ("within", _("all of them"))],
        widget=forms.RadioSelect,
    )
    people = WholeNumbers(label=_("People, all together"), least=4, most=MOST_PEOPLE, initial="50, 100, 200, 400, 800")
    articles = WholeNumbers(label=_("Articles an arm"), least=2, most=500, initial="4, 8, 16")
    ratings = forms.IntegerField(label=_("Articles a person reads in an arm"), min_value=1, max_value=500, initial=1)
    power = forms.FloatField(label=_("Power that is enough"), min_value=0.05, max_value=0.999, initial=0.8)
    alpha = forms.FloatField(label=_("Level of the test"), min_value=0.0001, max_value=0.49)
    simulations = forms.IntegerField(
        label=_("Studies to simulate a size"),
        min_value=0,
        max_value=1000,
        initial=0,
        help_text=_("0 for the formula alone, which is quick. 200 take minutes and show how sure it is."),
    )
    small_simulations = forms.IntegerField(
        label=_("Studies to simulate where people or articles are few"),
        min_value=0,
        max_value=1000,
        initial=200,
        help_text=_("Below 60 people, or four articles an arm, the formula can be wrong by several points either way."),
    )

    def __init__(self, draft: FrozenStudy | None, sources: Iterable[str], data: Any = None) -> None:
        named = [(mode, gettext("as in this study's ratings of mode “%s”") % Mode(mode).label) for mode in sources]
        first = str(named[0][0]) if named else "named"
        super().__init__(data, initial={"source": first, "design": "between", **_USUAL, **_of_study(draft)})
        self.fields["source"].choices = [*named, ("named", gettext("as named here"))]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Everything together; each problem stands at the field where it is mended."""
        given = {**(super().clean() or {}), **self.cleaned_data}
        if given.get("source") == "named":
            for name in _SPREADS:
                if name not in self.errors and given.get(name) is None:
                    self.add_error(name, gettext("Write it, or choose a pilot: the spreads decide what is found."))
            if given.get("sd_noise") == 0:
                self.add_error("sd_noise", gettext("It is above 0: nobody rates without any noise."))
        self._hold_claim_together(given)
        people, articles = given.get("people", ()), given.get("articles", ())
        self._hold_arms_equal(people, given.get("arms") or 2, given.get("design") == "between")
        if articles and (given.get("ratings") or 1) > articles[0]:
            self.add_error("ratings", gettext("Nobody can read more articles than an arm has (%s).") % articles[0])
        self._hold_within_limits(len(people) * len(articles), max(people, default=0), given.get("simulations") or 0)
        self._hold_small_within_limits(people, articles, given)
        return given

    def _hold_claim_together(self, given: dict[str, Any]) -> None:
        difference, low, high = (given.get(name) for name in ("difference", "bound_low", "bound_high"))
        if given.get("goal") != "equivalence":
            if difference == 0:
                problem = gettext("A difference of 0 cannot be found. Write the smallest that would matter.")
                self.add_error("difference", problem)
            elif difference is not None:
                given["difference"] = abs(difference)
            return
        if low is None or high is None:
            missing = "bound_low" if low is None else "bound_high"
            self.add_error(missing, gettext("Write both bounds: they say how large a difference counts as none."))
        elif not low < high:
            self.add_error("bound_high", gettext("The upper bound must be above the lower one."))
        elif difference is not None and not low < difference < high:
            problem = gettext("It must lie between the bounds: arms that differ by more are not equivalent.")
            self.add_error("difference", problem)

    def _hold_arms_equal(self, people: tuple[int, ...], arms: int, between: bool) -> None:
        if not between:
            return
        if arms == 2 and any(n % 2 for n in people):
            self.add_error("people", gettext("Take even numbers: half of the people are in each arm."))
        elif any(n % arms for n in people):
            self.add_error("people", gettext("Take multiples of %s: as many people are in each arm.") % arms)
        elif any(n < 2 * arms for n in people):
            self.add_error("people", gettext("Take %s people or more: two in each arm.") % (2 * arms))

    def _hold_within_limits(self, sizes: int, people: int, simulations: int) -> None:
        many = {"sizes": sizes, "studies": sizes * simulations, "people": people}
        limits = {"sizes": MOST_SIZES, "studies": MOST_STUDIES, "people": MOST_PEOPLE_SIMULATED}
        if many["sizes"] > MOST_SIZES:
            self.add_error("people", gettext("There are at most %(sizes)s sizes, people by articles.") % limits)
        if many["studies"] > MOST_STUDIES:
            problem = gettext("At most %(studies)s studies are simulated, over all sizes.") % limits
            self.add_error("simulations", problem)
        if simulations and people > MOST_PEOPLE_SIMULATED:
            problem = gettext("Studies of at most %(people)s people are simulated; beyond, the formula is sure.")
            self.add_error("people", problem % limits)

    def _hold_small_within_limits(
        self, people: tuple[int, ...], articles: tuple[int, ...], given: dict[str, Any]
    ) -> None:
        """Small studies are simulated of themselves, whatever is asked for the others, and so are those of the fewest
        people."""
        simulations, small = given.get("simulations") or 0, given.get("small_simulations") or 0
        sizes = [(n, number) for n in people for number in articles]
        studies = studies_of(sizes, len(articles), simulations, small)
        if studies > MOST_STUDIES and not {"people", "simulations"} & set(self.errors):
            problem = gettext(
                "Up to %(asked)s studies would be simulated, with those for the fewest people; at most %(studies)s are."
            )
            field = "simulations" if simulations > small else "small_simulations"
            self.add_error(field, problem % {"asked": studies, "studies": MOST_STUDIES})

    @property
    def question(self) -> dict[str, Any]:
        """The fields of ``power_answer.PowerQuestion``, as JSON holds them."""
        given = self.cleaned_data
        lists = {name: list(given[name]) for name in ("people", "articles")}
        bounds = ("bound_low", "bound_high") if given["goal"] == "equivalence" else ()
        return {name: given[name] for name in (*_ASKED, *bounds)} | lists

    @property
    def spreads(self) -> dict[str, float]:
        """The fields of ``power.Components``; those left empty are 0."""
        return {name: self.cleaned_data[field] or 0.0 for field, name in (_SPREADS | _MORE_SPREADS).items()}

    @property
    def source_mode(self) -> str:
        """The mode whose ratings give the spreads, '' where they are named."""
        source = str(self.cleaned_data["source"])
        return "" if source == "named" else source


def _of_study(draft: FrozenStudy | None) -> dict[str, Any]:
    """What the plan and the design say already."""
    if draft is None:
        return {"alpha": 0.05}
    design, plan = draft.definition.design, draft.definition.plan
    arms = max(1, len(draft.arms)) if design.kind != "between" else 1
    found: dict[str, Any] = {
        "alpha": plan.alpha,
        "design": "between" if design.kind == "between" else "within",
        "ratings": max(1, design.per_person // arms),
    }
    if 2 < len(draft.arms) <= MOST_ARMS:
        found["arms"] = len(draft.arms)
        if design.kind == "between":
            found["people"] = ", ".join(str(len(draft.arms) * -(-n // len(draft.arms))) for n in _PEOPLE)
    found |= _bounds_of(plan)
    counts = {sum(article.arm == arm.key for article in draft.articles) for arm in draft.arms} - {0, 1}
    if counts:
        found["articles"] = ", ".join(map(str, sorted({*counts, 2 * max(counts)})))
    return found


def _bounds_of(plan: Plan) -> dict[str, float]:
    """The plan's bounds of equivalence, where it has some that can be read."""
    try:
        bounds = parse_plan(plan.model_dump()).bounds
    except PlanError:
        return {}
    return {} if bounds is None else {"bound_low": bounds[0], "bound_high": bounds[1]}
