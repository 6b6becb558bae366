"""What tests of generation share: the built-in model, converted once on this machine."""

import pytest
from django.conf import settings

from generation.engine.builtin import builtin_model


@pytest.fixture(scope="session", autouse=True)
def _converted_model() -> None:
    """Prompts are counted in the model's own tokens, so its files must be there before a batch is asked for."""
    builtin_model(settings.CACHE_DIR)
