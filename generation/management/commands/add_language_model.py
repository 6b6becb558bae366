"""`manage.py add_language_model KEY FOLDER`: make a model in a local folder known, so that texts can be asked of it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_slug

from generation import registry
from generation.engine import ModelFolderError


class Command(BaseCommand):
    """Reads the folder (safetensors, tokenizer.json, config.json), and refuses one that is not a whole model."""

    help = (
        "Make a Hugging Face causal language model in a local folder known. Run it on the generation worker's machine."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """KEY, FOLDER, and how the model is called."""
        parser.add_argument("key", help="a short name such as gpt2-xl; arms name it as their model")
        parser.add_argument("folder", type=Path, help="where config.json, tokenizer.json and the safetensors lie")
        parser.add_argument("--name", default="", help="how researchers see it called (default: the folder's name)")
        parser.add_argument("--licence", default="", help="its licence, kept in the lineage of each text")

    def handle(self, *args: Any, key: str, folder: Path, name: str, licence: str, **options: Any) -> None:
        """Add it, and say what was found."""
        try:
            validate_slug(key)
            model = registry.add_folder(key, folder, name=name, licence=licence)
        except (ValidationError, ModelFolderError) as error:
            raise CommandError("; ".join(getattr(error, "messages", [str(error)]))) from error
        self.stdout.write(f"{model.key}: {model.parameters:,} parameters, a context of {model.context_length} tokens.")
