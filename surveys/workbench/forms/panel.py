"""The forms of access keys and of a panel's list of submissions."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from surveys.access_keys import MOST_KEYS
from surveys.panel_status import LARGEST_FILE


class KeysForm(forms.Form):
    """How many access keys are made."""

    count = forms.IntegerField(label=_("How many keys"), min_value=1, max_value=MOST_KEYS, initial=30)


class RevokeForm(forms.Form):
    """Which key of which sheet is to let nobody in any more."""

    batch = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    number = forms.IntegerField(min_value=1, max_value=MOST_KEYS)


class PanelFileForm(forms.Form):
    """The list as the panel's own page exports it."""

    use_required_attribute = False
    file = forms.FileField(
        label=_("List of submissions"),
        help_text=_("The CSV file that your panel exports. You see what it would do before anything is done."),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        allow_empty_file=True,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            most = LARGEST_FILE // 1024 // 1024
            raise forms.ValidationError(
                _("%(name)s is larger than %(most)s MB. Split it.") % {"name": file.name, "most": most}
            )
        return file
