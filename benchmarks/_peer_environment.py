"""Where a peer is installed: a virtual environment of its own in the cache folder, made on the first use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


class NotInstalled(Exception):  # noqa: N818 -- it names what happened
    """A peer could not be installed or built; the message says why."""


def peer_environment(peer: str, *beside: str, takes: str = "") -> Path:
    """The folder of the environment that has ``peer``, such as 'otree==6.0.15', and the packages ``beside`` it.

    ``takes`` says how long the first time lasts where that is long. Raises ``NotInstalled``.
    """
    cache = os.environ.get("STUDYWEB_CACHE_DIR")
    folder = (Path(cache) if cache else Path.home() / ".cache" / "studyweb") / peer.replace("==", "-")
    done = folder / "installed"
    if done.exists():
        return folder
    print(f"Installing {peer} into {folder} (once{takes and f', {takes}'}) ...", file=sys.stderr, flush=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        for command in ([sys.executable, "-m", "venv", "--clear", str(folder)], [*pip, peer, *beside]):
            subprocess.run(command, capture_output=True, text=True, check=True)
    except subprocess.CalledProcessError as error:
        raise NotInstalled(f"{' '.join(error.cmd)} failed: {error.stderr.strip()[-2000:]}") from error
    except OSError as error:
        raise NotInstalled(str(error)) from error
    done.touch()
    return folder
