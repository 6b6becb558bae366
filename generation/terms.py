"""Closed models: their terms, and who accepted them, as with the field's staged releases and sharing agreements.

A model with ``terms`` can be asked for texts only by a researcher who accepted exactly these terms; the acceptance is
a row that is never deleted. Changed terms ask everybody again.
"""

import hashlib

from django.db.models import QuerySet

from generation.models import LanguageModel, TermsAcceptance
from surveys.models import Researcher


def must_accept(model: LanguageModel, researcher: Researcher) -> bool:
    """Whether this researcher has yet to accept the model's terms as they stand."""
    return bool(model.terms) and not accepted_by(model).filter(researcher=researcher).exists()


def accept(model: LanguageModel, researcher: Researcher, *, read: str) -> bool:
    """Log that the terms with the hash ``read`` were accepted; False where they have changed since."""
    if read != terms_sha256(model):
        return False
    TermsAcceptance.objects.get_or_create(language_model=model, researcher=researcher, terms_sha256=read)
    return True


def accepted_by(model: LanguageModel) -> QuerySet[TermsAcceptance]:
    """Who accepted the terms as they stand now, the first first."""
    now = TermsAcceptance.objects.filter(language_model=model, terms_sha256=terms_sha256(model))
    return now.select_related("researcher").order_by("at", "pk")


def terms_sha256(model: LanguageModel) -> str:
    """The hash that an acceptance is of."""
    return hashlib.sha256(model.terms.encode()).hexdigest()
