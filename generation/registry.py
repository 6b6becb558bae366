"""Which models there are, and where a process finds their files. Importing this loads no torch."""

from pathlib import Path

from django.conf import settings

from generation.engine import builtin
from generation.engine.builtin import BuiltinModel, builtin_model
from generation.models import LanguageModel

BUILTIN_KEY = "built-in"


def ensure_builtin() -> LanguageModel:
    """The row of the built-in model; made if there is none. Its files need not be there yet."""
    model, _made = LanguageModel.objects.get_or_create(
        key=BUILTIN_KEY,
        defaults={
            "name": "SmolLM2 135M Instruct (built in)",
            "source": LanguageModel.Source.BUILTIN,
            "location": builtin.REPOSITORY,
            "licence": builtin.LICENCE,
            "parameters": 134_515_008,
            "context_length": 8192,
        },
    )
    return model
