"""PURE: which software makes a report: this project's release and code, Python, and the libraries of the numbers."""

import hashlib
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

# The release, which pyproject.toml names too; an installation need not have that file.
RELEASE = "0.1.0"
_PACKAGES = ("numpy", "scipy", "pandas", "formulaic", "statsmodels", "pyfixest", "altair", "vl-convert-python")
_FOLDER = Path(__file__).parent


def software_versions() -> dict[str, str]:
    """{name: version} of what makes the numbers and the figures, this project first.

    ``studyweb-code`` tells apart what lies between two releases, or what somebody has changed in their own copy.
    """
    own = {"studyweb": RELEASE, "studyweb-code": code_digest()}
    return own | {"python": platform.python_version(), **{package: version(package) for package in _PACKAGES}}


@cache
def code_digest(folder: Path = _FOLDER) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of all Python files below ``folder``, with their names.

    Two copies of the same files have the same, wherever they lie and whoever wrote them there.
    """
    digest = hashlib.sha256()
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.py")}
    for name in sorted(files):
        # As lines of text, since a copy for another system may end them in another way.
        content = files[name].read_text(encoding="utf-8").encode()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]
