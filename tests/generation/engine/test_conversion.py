"""Converting the built-in model: whole or not at all, by one process at a time, without a network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import gguf
import pytest

from generation.engine import builtin_model, conversion
from generation.engine.builtin import BuiltinModel
from tests.generation.engine.conftest import write_model
from tests.generation.gguf_files import write_gguf

pytestmark = pytest.mark.model

_CONVERT = """
import socket, sys
from pathlib import Path
def refuse(*args, **kwargs):
    raise RuntimeError("the network was asked for")
socket.socket.connect = refuse
from generation.engine import builtin_model
print(builtin_model(Path(sys.argv[1])).identity.digest())
"""


def test_two_processes_at_once_convert_once_offline_after_one_was_killed(builtin: BuiltinModel, tmp_path: Path) -> None:
    # What a conversion that was killed in the middle leaves behind.
    leftover = tmp_path / f".{builtin.folder.name}-killed"
    leftover.mkdir()
    (leftover / "model.safetensors").write_bytes(b"half")
    command = [sys.executable, "-c", _CONVERT, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [process.communicate(timeout=240) for process in running]
    assert [process.returncode for process in running] == [0, 0], ended
    assert {output.strip() for output, _ in ended} == {builtin.identity.digest()}
    # Who came second waited and converted nothing: only one of the two reports tensors being read.
    assert sum("de-quantizing" in errors for _, errors in ended) == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [builtin.folder.name]
    assert builtin_model(tmp_path).identity == builtin.identity


def test_the_header_of_a_gguf_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    reader = gguf.GGUFReader

    def counted(path: str) -> Any:
        read.append(path)
        return reader(path)

    monkeypatch.setattr(gguf, "GGUFReader", counted)
    source = write_gguf(write_model(tmp_path / "tiny", "llama"), tmp_path / "tiny.gguf")
    assert conversion.write_gguf(source, tmp_path) == "F16"
    assert len(read) == 1
    assert (tmp_path / "model.safetensors").exists()
    assert gguf.GGUFReader is counted, "whoever reads another file reads it anew"
