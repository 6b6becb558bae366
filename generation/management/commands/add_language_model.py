"""`manage.py add_language_model KEY`: make a local folder, or a commit on the hub, a model that texts are asked of."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_slug

from generation import registry
from generation.engine import ModelFolderError
from generation.hub import HubError
from generation.models import LanguageModel


class Command(BaseCommand):
    """Reads the folder (safetensors, tokenizer.json, config.json), and refuses one that is not a whole model."""

    help = (
        "Make a Hugging Face causal language model known: one in a local folder, or one of the hub at a pinned commit, "
        "which is downloaded. Run it on the generation worker's machine."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """KEY, where the model comes from, and how it is called."""
        parser.add_argument("key", help="a short name such as gpt2-xl; arms name it as their model")
        source = "where config.json, tokenizer.json and the safetensors lie; not together with --hub"
        parser.add_argument("folder", type=Path, nargs="?", help=source)
        parser.add_argument("--hub", default="", metavar="REPOSITORY", help="such as openai-community/gpt2-xl")
        parser.add_argument("--revision", default="", metavar="COMMIT", help="with --hub: all 40 digits of the commit")
        parser.add_argument("--name", default="", help="how researchers see it called (default: folder or repository)")
        parser.add_argument("--licence", default="", help="its licence, kept in the lineage of each text")

    def handle(self, *args: Any, key: str, folder: Path | None, **options: Any) -> None:
        """Add it, and say what was found."""
        try:
            validate_slug(key)
            model = _added(key, folder, options)
        except (ValidationError, ModelFolderError, HubError) as error:
            raise CommandError("; ".join(getattr(error, "messages", [str(error)]))) from error
        self.stdout.write(f"{model.key}: {model.parameters:,} parameters, a context of {model.context_length} tokens.")


def _added(key: str, folder: Path | None, options: dict[str, Any]) -> LanguageModel:
    hub, revision = options["hub"], options["revision"]
    called = {"name": options["name"], "licence": options["licence"]}
    if (folder is None) == (not hub):
        raise CommandError("Name a folder, or a repository with --hub: exactly one of them.")
    if folder is None:
        return registry.add_from_hub(key, hub, revision, **called)
    if revision:
        raise CommandError("--revision belongs to --hub: a folder is known by the hashes of its files.")
    return registry.add_folder(key, folder, **called)
