"""Secrets of an installation that has nobody to set them: made once, kept in a file that only its owner reads."""

import os
import secrets
from pathlib import Path


def kept_secret(path: Path) -> str:
    """The secret in the file at ``path``; made of 256 random bits if there is no file yet.

    Several processes may ask at the same moment: the file is created exclusively, and who comes second reads it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _written(path)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        secret = secrets.token_urlsafe(32)
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    return secret


def _written(path: Path) -> str:
    secret = path.read_text(encoding="ascii").strip()
    if not secret:
        raise ValueError(f"{path} is empty. Delete it to have a new secret made, or restore it from a backup.")
    return secret
