"""The form of how articles are given to people, on which devices, and what is declared before the data is seen."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.definition import Definition
from surveys.devices import NARROWEST, WIDEST
from surveys.items import SEVERAL
from surveys.models import Arm
from surveys.workbench.forms import plan
from surveys.workbench.forms.drafted import DefinitionForm
from surveys.workbench.forms.plan import PlanFields


class DesignForm(PlanFields, DefinitionForm):
    """How articles are given to people, and the analysis that is declared before the data is seen."""

    parts = ("design", "plan", "failed_checks", "devices")
    design_fields = ("kind", "per_person", "order", "allocation", "block_by")

    kind = forms.ChoiceField(
        label=_("Arms a person"),
        choices=[
            ("between", _("One: each person reads articles of one arm (between subjects)")),
            ("within", _("All: each person reads articles of every arm (within subjects)")),
            ("mixed", _("One group of arms, and all arms of that group (mixed); each arm names its group")),
        ],
        widget=forms.RadioSelect,
    )
    per_person = forms.IntegerField(
        label=_("Articles a person"), min_value=1, max_value=100, help_text=_("Each of another story.")
    )
    order = forms.ChoiceField(
        label=_("Order of the articles"),
        choices=[
            ("balanced", _("Balanced: each article at the position where it stood least often")),
            ("latin", _("Latin square: rows of a Williams design")),
            ("random", _("Random for each person")),
        ],
    )
    allocation = forms.ChoiceField(
        label=_("Allocation to arms"),
        choices=[
            ("least-filled", _("Least filled first: the arm that is furthest behind its share")),
            ("complete", _("Permuted blocks, the smallest there are")),
            ("blocked", _("Permuted blocks of varying length, whose end nobody can foresee")),
            ("simple", _("A draw for each person")),
        ],
    )
    block_by = forms.ChoiceField(
        label=_("Balance within groups of"),
        required=False,
        help_text=_("A question that is asked before the articles; arms are balanced within each of its answers."),
    )
    failed_checks = forms.IntegerField(
        label=_("Failed attention checks that end a part"),
        min_value=0,
        max_value=50,
        help_text=_("0: checks end nobody, and the analysis reports them. Panels ask for two or more."),
    )
    least_device = forms.ChoiceField(
        label=_("Can be taken on"),
        choices=[
            ("phone", _("any device")),
            ("tablet", _("tablets and computers")),
            ("computer", _("computers only")),
        ],
        help_text=_("Whoever comes with a smaller one is asked to change it before they consent."),
    )
    least_width = forms.IntegerField(
        label=_("Narrowest window"),
        required=False,
        min_value=NARROWEST,
        max_value=WIDEST,
        help_text=_("In pixels; empty for any. Phones have about 390, and a browser without JavaScript tells none."),
    )

    def __init__(self, definition: Definition, seen: str, arms: list[Arm], *args: Any, **kwargs: Any) -> None:
        super().__init__(definition, seen, *args, **kwargs)
        for name in self.design_fields:
            self.fields[name].initial = getattr(definition.design, name)
        self.fields["failed_checks"].initial = definition.failed_checks
        self.fields["least_device"].initial = definition.devices.least
        self.fields["least_width"].initial = definition.devices.width or None
        quotas = {quota.stratum: quota.most for quota in definition.design.quotas}
        before = [item for block in definition.at("before") for item in block.items]
        groups = [item for item in before if item.options and item.kind not in SEVERAL]
        is_several = definition.design.block_by not in {item.key for item in groups}
        for stratum in () if is_several else definition.strata():
            self.fields[f"quota-{stratum}"] = forms.IntegerField(
                label=stratum, required=False, min_value=1, initial=quotas.get(stratum)
            )
        for name, value in plan.shown(definition.plan).items():
            self.fields[name].initial = value
        for name in ("reference", "main_contrast"):
            self._choose(name, [(arm.key, arm.label) for arm in arms], getattr(definition.plan, name))
        asked = [(item.key, definition.text(item.wording, definition.languages[0])) for item in groups]
        self._choose("block_by", asked, definition.design.block_by)

    def _choose(self, field: str, choices: list[tuple[str, str]], current: str) -> None:
        """Offer these, nothing, and what is set now even where it names something that is gone."""
        if current and current not in dict(choices):
            choices = [*choices, (current, _("%(key)s (not there any more)") % {"key": current})]
        self.fields[field].choices = [("", _("none")), *choices]  # type: ignore[attr-defined]  # a ChoiceField

    def changes(self) -> dict[str, Any]:
        given = self.cleaned_data
        design = {name: given[name] for name in self.design_fields}
        # The quotas on this page are those of the question that was chosen before: another one begins without.
        kept = given["block_by"] == self.definition.design.block_by
        quotas = [
            {"stratum": name.removeprefix("quota-"), "most": most}
            for name, most in given.items()
            if kept and name.startswith("quota-") and most
        ]
        whole = self.definition.design.model_dump(mode="json") | design | {"quotas": quotas}
        return {
            "design": whole,
            "plan": plan.written(given),
            "failed_checks": given["failed_checks"],
            "devices": {"least": given["least_device"], "width": given["least_width"] or 0},
        }

    def quotas(self) -> list[forms.BoundField]:
        """The fields of the quotas, for the template."""
        return [self[name] for name in self.fields if name.startswith("quota-")]
