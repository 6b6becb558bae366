"""The forms that add a model and state its terms."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from generation.engine.served import KEY_PREFIX, Server
from generation.models import LanguageModel

_DESCRIBED = ("licence", "note", "terms", "terms_url")


class _ModelForm(forms.Form):
    """What every added model has."""

    key = forms.SlugField(
        label=_("Short name"),
        max_length=60,
        help_text=_("Letters, digits and hyphens, such as gpt2-xl. It never changes."),
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    licence = forms.CharField(label=_("Licence"), max_length=100, required=False)
    note = forms.CharField(
        label=_("What users should know"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=5000
    )
    terms = forms.CharField(
        label=_("Terms of use"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=50_000,
        help_text=_("With terms the model is closed: each researcher accepts them before asking it for texts."),
    )
    terms_url = forms.URLField(label=_("Address of the licence or terms"), required=False, assume_scheme="https")

    def clean_key(self) -> str:
        """A short name that no other model has."""
        key: str = self.cleaned_data["key"]
        if LanguageModel.objects.filter(key=key).exists():
            raise ValidationError(_("Another model is called so. Choose another short name."))
        return key

    def described(self) -> dict[str, Any]:
        """Short name, name, licence, note and terms."""
        return {name: self.cleaned_data[name] for name in ("key", "name", *_DESCRIBED)}


class HubForm(_ModelForm):
    """A model of the hub."""

    repository = forms.CharField(
        label=_("Repository"), max_length=200, help_text=_("As the hub calls it: openai-community/gpt2-xl")
    )
    revision = forms.CharField(
        label=_("Commit"), max_length=40, help_text=_("All 40 digits: a branch can move, and the texts with it.")
    )
    file = forms.CharField(
        label=_("GGUF file"),
        max_length=200,
        required=False,
        help_text=_("Only for a model that comes as GGUF: model.Q4_K_M.gguf. It is converted once, to 32-bit numbers."),
    )
    field_order = ("repository", "revision", "file", "key")


class ServerForm(_ModelForm):
    """A model that a server elsewhere serves."""

    address = forms.CharField(
        label=_("Address"), max_length=500, help_text=_("Up to and with /v1: http://gpu.example.org:8000/v1")
    )
    model = forms.CharField(label=_("Model's name at the server"), max_length=100)
    dialect = forms.ChoiceField(
        label=_("Kind of server"),
        choices=LanguageModel.Dialect.choices,
        help_text=_("It decides which settings of sampling can be asked for."),
    )
    context_length = forms.IntegerField(label=_("Context, in tokens"), min_value=1, max_value=10_000_000, initial=4096)
    key_variable = forms.CharField(
        label=_("Environment variable with the server's key"),
        max_length=80,
        required=False,
        help_text=_("Begins with %(prefix)s. The key itself is never stored.") % {"prefix": KEY_PREFIX},
    )
    field_order = ("address", "model", "dialect", "context_length", "key_variable", "key")

    def clean(self) -> dict[str, Any]:
        """The server's own rules, at their fields."""
        values = super().clean() or {}
        if not self.errors:
            for field, problem in self.server().problems().items():
                self.add_error(field, f"{problem[:1].upper()}{problem[1:]}.")
        return values

    def server(self) -> Server:
        """Where the model is served."""
        names = ("address", "model", "dialect", "key_variable", "context_length")
        return Server(**{name: self.cleaned_data[name] for name in names})


class TermsForm(forms.ModelForm):  # type: ignore[type-arg]  # Django knows no such subscript
    """What a model may be used for, and whether that has to be accepted first."""

    terms_url = forms.URLField(label=_("Address of the licence or terms"), required=False, assume_scheme="https")

    class Meta:
        model = LanguageModel
        fields = ("licence", "note", "terms", "terms_url")
        labels = {
            "licence": _("Licence"),
            "note": _("What users should know"),
            "terms": _("Terms of use"),
        }
        help_texts = {
            "terms": _("With terms the model is closed: each researcher accepts them before asking it for texts.")
        }
        widgets = {"note": forms.Textarea(attrs={"rows": 3}), "terms": forms.Textarea(attrs={"rows": 5})}


class TrustForm(forms.Form):
    """Why a model's own code may run, or no longer."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write why: the reason is kept with the model.")},
    )
    # What it is now, as the page showed it.
    trusts_code = forms.BooleanField(required=False, widget=forms.HiddenInput)
