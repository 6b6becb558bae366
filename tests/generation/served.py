"""Real servers of the OpenAI-compatible kind, with the built-in model, here: transformers' own and llama.cpp's."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks._generation_llama import LLAMA
from benchmarks._peer_environment import peer_environment
from generation.engine.builtin import builtin_file

NAME = "invented/served"
_COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def serving(folder: Path, work: Path) -> Iterator[str]:
    """The address up to /v1 of transformers' server, which has the model of this folder under ``NAME``."""
    repository = work / "cache" / f"models--{NAME.replace('/', '--')}"
    # The server lists what lies in the hub's cache, in the hub's own layout.
    snapshot = repository / "snapshots" / _COMMIT
    snapshot.mkdir(parents=True)
    for file in folder.iterdir():
        (snapshot / file.name).symlink_to(file)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(_COMMIT)
    command = [str(Path(sys.executable).with_name("transformers")), "serve", NAME, "--device", "cpu"]
    environment = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(work / "cache"), "OMP_NUM_THREADS": "2"}
    with _running(command, environment, work / "server.log") as address:
        yield address


@contextmanager
def llama_serving(work: Path, *, context: int) -> Iterator[str]:
    """The address up to /v1 of llama.cpp's server, which has the built-in model's own file under ``NAME``.

    It is built once a machine, in minutes, and needs a compiler. ``context`` is in tokens.
    """
    peer = LLAMA.replace("==", "[server]==")
    python = str(peer_environment(peer, takes="some ten minutes") / "bin" / "python")
    command = [python, "-m", "llama_cpp.server", "--model", str(builtin_file()), "--model_alias", NAME]
    command += ["--n_ctx", str(context), "--n_threads", "2", "--verbose", "False"]
    with _running(command, {}, work / "llama.log") as address:
        yield address


@contextmanager
def _running(command: Sequence[str], environment: dict[str, str], log: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    listening = [*command, "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            listening, stdout=output, stderr=subprocess.STDOUT, env=os.environ | environment, start_new_session=True
        )
    try:
        _wait(f"http://127.0.0.1:{port}/v1/models", process, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass  # not listening yet
        time.sleep(0.3)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace"))
