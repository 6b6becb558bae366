"""The form of a study's panel settings."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.recruitment import (
    ENDINGS,
    ENDINGS_WITHOUT_PANEL,
    MAX_ADDRESS,
    MAX_RESUME_HOURS,
    OTHER,
    PANEL_NAMES,
    PROLIFIC_PATHS,
    Recruitment,
    return_address,
)

NAME = r"^[A-Za-z0-9_.-]*$"
ANY_OTHER = _("Any other ending")
NAME_ERROR = _("Letters, digits, point, hyphen and underscore only.")


class RecruitmentForm(forms.Form):
    """Where participants come from, and what the panel is told at each ending."""

    panel = forms.ChoiceField(
        label=_("Panel"),
        choices=[
            ("plain", _("None: a plain link")),
            ("keys", _("None: everybody types an access key, in a classroom or laboratory")),
            *PANEL_NAMES.items(),
        ],
        widget=forms.RadioSelect,
    )
    participant = forms.RegexField(
        NAME,
        label=_("Parameter of the person"),
        required=False,
        max_length=60,
        help_text=_("Only if your project renamed it: Prolific’s is PROLIFIC_PID, Connect’s participantId."),
        error_messages={"invalid": NAME_ERROR},
    )
    submission = forms.RegexField(
        NAME,
        label=_("Parameter of the submission"),
        required=False,
        max_length=60,
        help_text=_("Prolific’s is SESSION_ID, Connect’s assignmentId."),
        error_messages={"invalid": NAME_ERROR},
    )
    study_parameter = forms.RegexField(
        NAME,
        label=_("Parameter of the panel’s study"),
        required=False,
        max_length=60,
        help_text=_("Prolific’s is STUDY_ID, Connect’s projectId."),
        error_messages={"invalid": NAME_ERROR},
    )
    panel_study = forms.CharField(
        label=_("Prolific: study"),
        required=False,
        max_length=100,
        help_text=_(
            "The id of the study there, as it stands in the address of its page. Who comes from another study there is "
            "let in, and flagged on the page about quality and on the payment list."
        ),
    )
    project = forms.CharField(
        label=_("Connect: project"),
        required=False,
        max_length=100,
        help_text=_("Who comes from another project there is let in, and flagged."),
    )
    host = forms.RegexField(
        r"^([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*)?$",
        label=_("SONA: host"),
        required=False,
        max_length=200,
        help_text=_("Such as example.sona-systems.com, without https://."),
        error_messages={"invalid": _("A host name only, such as example.sona-systems.com.")},
    )
    experiment_id = forms.CharField(label=_("SONA: experiment"), required=False, max_length=40)
    credit_token = forms.CharField(label=_("SONA: credit token"), required=False, max_length=100)

    only_with_id = forms.BooleanField(
        label=_("Only with a panel’s id"),
        required=False,
        help_text=_(
            "Where people come from a panel, nobody begins by the bare link. Else whoever lost their place and opens "
            "it takes part twice, the second time without a way back to the panel."
        ),
    )
    shared_computer = forms.BooleanField(
        label=_("Shared computers"),
        required=False,
        help_text=_(
            "One person follows another: at the end a button clears the computer for the next, who opens their panel’s "
            "link there or types a key."
        ),
    )

    resume_hours = forms.IntegerField(
        label=_("Hours after which nobody can go on"),
        required=False,
        min_value=1,
        max_value=MAX_RESUME_HOURS,
        help_text=_(
            "Such as 72 for 3 days, counted from when somebody was last heard of; empty for no limit. Whoever comes "
            "back later is told so and debriefed. All their answers are kept."
        ),
    )

    keep_out = forms.MultipleChoiceField(
        label=_("Keep out who took part in"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("They are known by the panel’s id."),
    )
    keep_out_readers = forms.BooleanField(
        label=_("Keep out who has read one of these stories in another study"),
        required=False,
        help_text=_(
            "Also who is about to read one there. Who goes away without reading it can open this study’s link again "
            "later."
        ),
    )
    bonus = forms.RegexField(
        r"^\d{1,4}(\.\d{1,2})?$",
        label=_("Bonus of everybody who completes"),
        required=False,
        help_text=_("An amount such as 0.50, for the payment list; empty for none."),
        error_messages={"invalid": _("Write an amount such as 0.50.")},
    )

    own_fields = ("only_with_id", "shared_computer", "resume_hours", "keep_out", "keep_out_readers", "bonus")
    panel_fields = ("panel_study", "project", "host", "experiment_id", "credit_token")

    def __init__(self, settings: Recruitment, earlier: dict[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A study that was chosen by somebody else in the team stays chosen.
        others = {key: _("a study in which you have no role (%(key)s)") % {"key": key} for key in settings.keep_out}
        self.fields["keep_out"].choices = [*(others | earlier).items()]  # type: ignore[attr-defined]  # it chooses
        self.fields["panel"].initial = settings.panel
        self.fields["participant"].initial = settings.parameters.participant
        self.fields["submission"].initial = settings.parameters.submission
        self.fields["study_parameter"].initial = settings.parameters.study
        for name in (*self.own_fields, *self.panel_fields):
            self.fields[name].initial = getattr(settings, name)
        for ending, label in {**{each.value: each.label for each in ENDINGS}, OTHER: ANY_OTHER}.items():
            self.fields[f"code-{ending}"] = forms.CharField(
                label=label,
                required=False,
                max_length=40,
                initial=settings.codes.get(ending, ""),
                help_text=_("At Prolific: %(path)s") % {"path": PROLIFIC_PATHS[ending]}
                if ending in PROLIFIC_PATHS
                else "",
            )
        for ending, label in {**{each.value: each.label for each in ENDINGS_WITHOUT_PANEL}, OTHER: ANY_OTHER}.items():
            self.fields[f"return-{ending}"] = _AddressField(label=label, initial=settings.returns.get(ending, ""))

    def codes(self) -> Iterator[forms.BoundField]:
        """The fields of the completion codes, for the template."""
        return (self[name] for name in self.fields if name.startswith("code-"))

    def returns(self) -> Iterator[forms.BoundField]:
        """The fields of the addresses to which people are led where there is no panel, for the template."""
        return (self[name] for name in self.fields if name.startswith("return-"))

    def values(self) -> dict[str, Any]:
        """The valid form's values, as ``Recruitment`` reads them."""
        given = self.cleaned_data
        return {
            "panel": given["panel"],
            "parameters": {
                "participant": given["participant"],
                "submission": given["submission"],
                "study": given["study_parameter"],
            },
            "codes": self._by_ending("code-"),
            "returns": self._by_ending("return-"),
            **{name: given[name] for name in self.own_fields},
            **{name: given[name] for name in self.panel_fields},
        }

    def _by_ending(self, prefix: str) -> dict[str, str]:
        given = self.cleaned_data.items()
        return {name.removeprefix(prefix): value for name, value in given if name.startswith(prefix) and value}


class _AddressField(forms.CharField):
    """An address of a study's own that people are led to, or nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            max_length=MAX_ADDRESS,
            widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
            **kwargs,
        )

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        try:
            return return_address(text) if text else ""
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
