"""Forms for signing in and for people's roles."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from surveys.accounts import SignInRefused, check_password
from surveys.models import Researcher, Role


class SignInForm(forms.Form):
    """E-mail address and password; ``researcher`` is who they belong to, once the form is valid."""

    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    researcher: Researcher

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "email" in given and "password" in given:
            try:
                self.researcher = check_password(self.request, given["email"], given["password"])
            except SignInRefused as refusal:
                raise forms.ValidationError(str(refusal)) from refusal
        return given


class PersonForm(forms.Form):
    """Somebody to be given a role in a study."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.OBSERVER)
