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
    """Reads the folder (safetensors, tokenizer.json, config.json) or GGUF, and refuses what is not a whole model."""

    help = (
        "Make a Hugging Face causal language model known: one in a local folder, or one of the hub at a pinned commit, "
        "which is downloaded. Run it on the generation worker's machine."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """KEY, where the model comes from, and how it is called."""
        parser.add_argument("key", help="a short name such as gpt2-xl; arms name it as their model")
        source = "where config.json, tokenizer.json and the safetensors lie, or a GGUF file; not together with --hub"
        parser.add_argument("folder", type=Path, nargs="?", help=source)
        parser.add_argument("--hub", default="", metavar="REPOSITORY", help="such as openai-community/gpt2-xl")
        parser.add_argument("--revision", default="", metavar="COMMIT", help="with --hub: all 40 digits of the commit")
        parser.add_argument("--file", default="", help="a GGUF file of the folder or of the repository")
        trust = "let the model's own code run, and read pickled weights, in a folder; say why: it is logged"
        parser.add_argument("--trust", default="", metavar="REASON", help=trust)
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
    hub, revision, reason = options["hub"], options["revision"], options["trust"].strip()
    called = {name: options[name] for name in ("name", "licence", "file")}
    if (folder is None) == (not hub):
        raise CommandError("Name a folder, or a repository with --hub: exactly one of them.")
    if folder is None:
        if reason:
            raise CommandError("--trust belongs to a folder: a model of the hub is trusted on its page.")
        return registry.add_from_hub(key, hub, revision, **called)
    if revision:
        raise CommandError("--revision belongs to --hub: a folder is known by the hashes of its files.")
    return registry.add_folder(key, folder, **called, trusted_because=reason)
