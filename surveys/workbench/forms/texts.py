"""Forms for parts of a draft's definition: its wordings and contact, its design and analysis plan."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from surveys.definition import Definition
from surveys.items import is_language_tag
from surveys.languages import own_name, spoken
from surveys.models import Arm
from surveys.workbench.forms import plan
from surveys.workbench.forms.plan import PlanFields

LONGEST = 50_000
# (field, label, help, one line?)
WORDINGS = (
    ("title", _("Title"), _("What participants see on top of every page. It should not give the question away."), True),
    (
        "consent",
        _("Consent"),
        _("What taking part means, what is stored, how to leave and withdraw. An empty line begins a paragraph."),
        False,
    ),
    ("reading_intro", _("Before each article"), _("What to do with the article on this page."), False),
    (
        "debrief",
        _("Debriefing"),
        _("What the study was about. Below it each participant sees which of their articles were machine-written."),
        False,
    ),
    ("thanks", _("Thanks"), _("The last page, beside the completion code."), False),
)
# What surveys.lifecycle.readiness asks for before a study is frozen.
NEEDED = {"title", "consent", "debrief", "name", "email", "ethics_board"}


class NeededLater:
    """A field that may be empty in a draft and is not called optional: the checklist asks for it before freezing."""

    def validate(self, value: str) -> None:
        """Take what is there, and nothing too."""


class NeededText(NeededLater, forms.CharField):
    """A text that the checklist asks for."""


class NeededEmail(NeededLater, forms.EmailField):
    """An address that the checklist asks for."""


class DefinitionForm(forms.Form):
    """A form about some ``parts`` of a definition.

    ``seen`` is the digest of those parts when the page was made: it tells when somebody else saved in between.
    """

    parts: ClassVar[tuple[str, ...]]
    use_required_attribute = False
    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=64)

    def __init__(self, definition: Definition, seen: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definition = definition
        self.fields["seen"].initial = seen

    def changes(self) -> dict[str, Any]:
        """The parts as the valid form gives them, ready for ``drafting.change_definition``."""
        raise NotImplementedError

    def renew(self, seen: str) -> None:
        """Let the next saving of this bound form rest on what is stored now."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["seen"] = seen
        self.data = data


class TextsForm(DefinitionForm):
    """Every text of a study that its researchers write, in each of its languages, and whom participants can ask."""

    parts = ("wording", "contact", "languages", "withdrawal_days")

    def __init__(self, definition: Definition, seen: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(definition, seen, *args, **kwargs)
        for language in definition.languages:
            for name, label, help_text, is_line in WORDINGS:
                self.fields[f"{name}-{language}"] = (NeededText if name in NEEDED else forms.CharField)(
                    label=label if len(definition.languages) == 1 else f"{label} ({language})",
                    help_text=help_text,
                    required=name in NEEDED,
                    max_length=200 if is_line else LONGEST,
                    initial=getattr(definition.wording, name).get(language, ""),
                    widget=forms.TextInput() if is_line else _area(name, language),
                )
        self._add_contact(definition)
        self.fields["languages"] = forms.CharField(
            label=_("Languages"),
            help_text=_("Tags with commas between, the main one first: en, de, pt-BR. Save to write in a new one."),
            max_length=200,
            initial=", ".join(definition.languages),
        )

    def _add_contact(self, definition: Definition) -> None:
        labels = {
            "name": _("Contact person"),
            "email": _("Contact e-mail"),
            "institution": _("Institution"),
            "ethics_board": _("Ethics board"),
            "ethics_reference": _("Approval number"),
            "ethics_contact": _("How to reach the board"),
        }
        for name, label in labels.items():
            kind = NeededEmail if name == "email" else NeededText if name in NEEDED else forms.CharField
            self.fields[name] = kind(
                label=label, required=name in NEEDED, max_length=300, initial=getattr(definition.contact, name)
            )
        self.fields["withdrawal_days"] = forms.IntegerField(
            label=_("Days in which a participant can withdraw"),
            min_value=0,
            max_value=3650,
            initial=definition.withdrawal_days,
        )

    def wordings(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """(language, its fields), for the template."""
        for language in self.definition.languages:
            yield language, [self[f"{name}-{language}"] for name, *_rest in WORDINGS]

    def spoken(self) -> Iterator[tuple[str, str]]:
        """(language by its own name, how the interface's words stand in it), for the template."""
        return ((own_name(tag), spoken(tag)) for tag in self.definition.languages)

    def contact(self) -> Iterator[forms.BoundField]:
        """The fields about whom to ask, for the template."""
        return (self[name] for name in type(self.definition.contact).model_fields)

    def clean_languages(self) -> list[str]:
        given: str = self.cleaned_data["languages"]
        tags = [tag.strip() for tag in given.split(",") if tag.strip()]
        if wrong := [tag for tag in tags if not is_language_tag(tag)]:
            raise forms.ValidationError(
                _("%(tags)s: no language tag such as en, de or pt-BR.") % {"tags": ", ".join(wrong)}
            )
        if not tags or len(tags) != len(set(tags)):
            raise forms.ValidationError(_("Name at least one language, and each once."))
        return tags

    def changes(self) -> dict[str, Any]:
        given = self.cleaned_data
        wording = {}
        for name, *_rest in WORDINGS:
            # Texts in a language that is not shown now are kept: naming the language again brings them back.
            texts = dict(getattr(self.definition.wording, name))
            texts |= {tag: lines(given[f"{name}-{tag}"]) for tag in self.definition.languages}
            wording[name] = {tag: text for tag, text in texts.items() if text}
        return {
            "wording": wording,
            "contact": {name: given[name] for name in type(self.definition.contact).model_fields},
            "languages": given["languages"],
            "withdrawal_days": given["withdrawal_days"],
        }


class DesignForm(PlanFields, DefinitionForm):
    """How articles are given to people, and the analysis that is declared before the data is seen."""

    parts = ("design", "plan", "failed_checks")
    design_fields = ("kind", "per_person", "order", "allocation", "block_by")
    plan_fields = ("outcome", "reference", "alpha", "credible_cut", "equivalence_bound", "notes")

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
        help_text=_("The index value from which an article counts as found credible."),
        error_messages={"invalid": _("Write a number such as 6 or 6.5.")},
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

    def __init__(self, definition: Definition, seen: str, arms: list[Arm], *args: Any, **kwargs: Any) -> None:
        super().__init__(definition, seen, *args, **kwargs)
        for part, names in ((definition.design, self.design_fields), (definition.plan, self.plan_fields)):
            for name in names:
                self.fields[name].initial = getattr(part, name)
        self.fields["failed_checks"].initial = definition.failed_checks
        quotas = {quota.stratum: quota.most for quota in definition.design.quotas}
        for stratum in definition.strata():
            self.fields[f"quota-{stratum}"] = forms.IntegerField(
                label=stratum, required=False, min_value=1, initial=quotas.get(stratum)
            )
        for name, value in plan.shown(definition.plan).items():
            self.fields[name].initial = value
        for name in ("reference", "main_contrast"):
            self._choose(name, [(arm.key, arm.label) for arm in arms], getattr(definition.plan, name))
        before = [item for block in definition.at("before") for item in block.items if item.options]
        asked = [(item.key, definition.text(item.wording, definition.languages[0])) for item in before]
        self._choose("block_by", asked, definition.design.block_by)

    def _choose(self, field: str, choices: list[tuple[str, str]], current: str) -> None:
        """Offer these, nothing, and what is set now even where it names something that is gone."""
        if current and current not in dict(choices):
            choices = [*choices, (current, _("%(key)s (not there any more)") % {"key": current})]
        self.fields[field].choices = [("", _("none")), *choices]  # type: ignore[attr-defined]  # a ChoiceField

    def changes(self) -> dict[str, Any]:
        given = self.cleaned_data
        planned = {name: given[name] for name in self.plan_fields} | plan.written(given)
        planned |= {name: lines(planned[name]) for name in ("notes", "question")}
        design = {name: given[name] for name in self.design_fields}
        # The quotas on this page are those of the question that was chosen before: another one begins without.
        kept = given["block_by"] == self.definition.design.block_by
        quotas = [
            {"stratum": name.removeprefix("quota-"), "most": most}
            for name, most in given.items()
            if kept and name.startswith("quota-") and most
        ]
        whole = self.definition.design.model_dump(mode="json") | design | {"quotas": quotas}
        return {"design": whole, "plan": planned, "failed_checks": given["failed_checks"]}

    def quotas(self) -> list[forms.BoundField]:
        """The fields of the quotas, for the template."""
        return [self[name] for name in self.fields if name.startswith("quota-")]


def _area(name: str, language: str) -> forms.Textarea:
    """A large area for the texts that are long."""
    long = name in {"consent", "debrief"}
    return forms.Textarea(attrs={"lang": language, **({"class": "long"} if long else {"rows": 4})})


def lines(text: str) -> str:
    """Browsers send CR LF; the study's text has LF, so that one text has one hash."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
