"""Models whose own code may run: off, unless somebody who looks after the installation allows it for one model.

Python code that comes with a model runs as the worker does, and can do all that the worker can; a pickle can hold such
code. Each change is a row with its reason, and each text's lineage says that it was so.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from generation.models import LanguageModel, TrustChange
from surveys.models import Researcher


class TrustError(Exception):
    """A change that cannot be made, in a sentence."""


def concerns(model: LanguageModel) -> bool:
    """Whether the model has files of its own here that could hold code."""
    return model.source in {LanguageModel.Source.FOLDER, LanguageModel.Source.HUB} and not model.file


def set_trust(model: LanguageModel, *, trusts_code: bool, reason: str, by: Researcher | None) -> TrustChange:
    """Allow the model's own code and pickled weights, or no longer; ``by`` is None on the command line.

    Raises ``TrustError`` without a reason, where nothing changes, and for a model that has no files here.
    """
    if not reason.strip():
        raise TrustError(_("Write why: the reason is kept with the model."))
    if not concerns(model):
        raise TrustError(_("No file of this model here could hold code."))
    with transaction.atomic():
        changed = LanguageModel.objects.filter(pk=model.pk, trusts_code=not trusts_code)
        if not changed.update(trusts_code=trusts_code):
            raise TrustError(_("That is so already. Load the page again to see who changed it."))
        return TrustChange.objects.create(language_model=model, trusts_code=trusts_code, reason=reason.strip(), by=by)
