"""The fields of the analysis plan, which stand on the page of the design: the main test, and what stands beside it."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.definition import Plan
from surveys.workbench.forms.drafted import LONGEST, lines

PLAIN = (
    "outcome",
    "reference",
    "alpha",
    "credible_cut",
    "equivalence_bound",
    "equivalence_low",
    "equivalence_high",
    "main_contrast",
    "neutral_answers",
)
PROSE = ("question", "notes")
LINES = ("exclusions", "alternative_exclusions", "covariates")
_SIGNED = r"^-?\d{1,6}(\.\d{1,6})?$"
_SCORE = re.compile(r"([a-z][a-z0-9-]{0,39})\s*[:=]\s*(-?\d{1,9}(\.\d{1,6})?)")


class PlanFields(forms.Form):
    """The whole plan; ``DesignForm`` holds these fields beside its own."""

    question = forms.CharField(
        label=_("Question"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What the study asks, in a sentence or two. The report opens with it."),
    )
    outcome = forms.CharField(label=_("Main outcome"), max_length=60, help_text=_("The scale that the study is about."))
    reference = forms.ChoiceField(
        label=_("Reference arm"), required=False, help_text=_("The arm that all others are compared with.")
    )
    alpha = forms.RegexField(
        r"^0\.\d{1,6}$", label=_("Significance level"), error_messages={"invalid": _("Write it as 0.05.")}
    )
    credible_cut = forms.RegexField(
        r"^\d{1,6}(\.\d{1,6})?$",
        label=_("Credible from"),
        required=False,
        help_text=_("The value of the outcome from which a rating counts as credible. Empty: no shares are reported."),
        error_messages={"invalid": _("Write a number such as 6 or 6.5, or leave it empty.")},
    )
    equivalence_bound = forms.RegexField(
        r"^\d{1,6}(\.\d{1,6})?$",
        label=_("Equivalence bound"),
        required=False,
        help_text=_("The largest difference on the outcome that you would still call none. Empty: no such test."),
        error_messages={"invalid": _("Write a number such as 0.5, or leave it empty.")},
    )
    exclusions = forms.CharField(
        label=_("Exclusion rules"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line, such as attention-failed:2 or faster-than:5. Results come with and without them."),
    )
    notes = forms.CharField(
        label=_("Notes to the plan"), required=False, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 6})
    )
    main_contrast = forms.ChoiceField(
        label=_("Main contrast"),
        required=False,
        help_text=_("The arm whose difference from the reference the specification curve shows. None: the first one."),
    )
    equivalence_low = forms.RegexField(
        _SIGNED,
        label=_("Lower equivalence bound"),
        required=False,
        help_text=_("Where the bounds differ on the two sides of 0: then leave the equivalence bound empty."),
        error_messages={"invalid": _("Write a number such as -0.5, or leave it empty.")},
    )
    equivalence_high = forms.RegexField(
        _SIGNED,
        label=_("Upper equivalence bound"),
        required=False,
        error_messages={"invalid": _("Write a number such as 1, or leave it empty.")},
    )
    covariates = forms.CharField(
        label=_("Covariates"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "One a line: questions asked before the articles, by their key, the score of a scale asked there (such as "
            "media-trust_score), or disclaimer, source_label, stratum. The report tests whether the arms differ more "
            "for some than for others."
        ),
    )
    trend_scores = forms.CharField(
        label=_("Scores of a trend"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One arm a line with its place, such as small: 355. Empty: the places that the arms have."),
    )
    alternative_exclusions = forms.CharField(
        label=_("Alternative exclusion rules"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Rules that the main analysis does not apply, and the specification curve tries; one a line."),
    )
    specification_models = forms.MultipleChoiceField(
        label=_("Models of the specification curve"),
        required=False,
        choices=[
            ("mixed", _("Crossed mixed model")),
            ("means", _("People's means")),
            ("clustered", _("Least squares, clustered by people and articles")),
        ],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all of them."),
    )
    neutral_answers = forms.ChoiceField(
        label=_("Answers that cannot tell human from machine"),
        required=False,
        choices=[
            ("", _("are left out")),
            ("as-human", _("count as 'human'")),
            ("halved", _("count half as 'human' and half as 'machine'")),
        ],
    )

    def clean_trend_scores(self) -> dict[str, str]:
        """{arm: score} of lines such as 'small: 355'."""
        scores: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["trend_scores"].splitlines())):
            found = _SCORE.fullmatch(line)
            if found is None:
                raise forms.ValidationError(
                    _("%(line)s: write an arm's key, a colon and a number.") % {"line": repr(line)}
                )
            if found[1] in scores:
                raise forms.ValidationError(_("%(arm)s has two scores.") % {"arm": found[1]})
            scores[found[1]] = found[2]
        return scores


def shown(plan: Plan) -> dict[str, Any]:
    """The plan's values as the fields above show them."""
    found: dict[str, Any] = {name: getattr(plan, name) for name in (*PLAIN, *PROSE)}
    found |= {name: "\n".join(getattr(plan, name)) for name in LINES}
    found["trend_scores"] = "\n".join(f"{arm}: {score}" for arm, score in plan.trend_scores.items())
    found["specification_models"] = list(plan.specification_models)
    if found["neutral_answers"] == "left-out":
        found["neutral_answers"] = ""
    return found


def written(given: dict[str, Any]) -> dict[str, Any]:
    """The plan's fields as the valid form gives them."""
    plan = {name: given[name] for name in (*PLAIN, "trend_scores", "specification_models")}
    plan |= {name: lines(given[name]) for name in PROSE}
    plan |= {name: [line.strip() for line in given[name].splitlines() if line.strip()] for name in LINES}
    return plan
