"""The base of every form about a draft's definition: which parts it holds, as they were when the page was made."""

from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

from surveys.definition import Definition

LONGEST = 50_000


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


def lines(text: str) -> str:
    """Browsers send CR LF; the study's text has LF, so that one text has one hash."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
