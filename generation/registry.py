"""Which models there are, and where a process finds their files. Importing this loads no torch."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from generation.engine import PromptTokens, builtin
from generation.engine.builtin import BuiltinModel, builtin_model, converted_builtin
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


def prompt_tokens(model: LanguageModel) -> PromptTokens | None:
    """What counts this model's tokens, or None while its files are not ready on this machine.

    Raises ``BuiltinModelError`` or ``ModelFolderError`` where they are missing or damaged.
    """
    found = converted_builtin(settings.CACHE_DIR)
    return None if found is None else _tokens(found.folder)


def files(model: LanguageModel) -> BuiltinModel:
    """The model's folder and identity, made ready where that was not done before (seconds, imports torch).

    Raises ``BuiltinModelError``.
    """
    return builtin_model(settings.CACHE_DIR)


@lru_cache(maxsize=8)
def _tokens(folder: Path) -> PromptTokens:
    return PromptTokens.of(folder)
