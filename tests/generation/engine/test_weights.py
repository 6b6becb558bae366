"""A model folder's config is held against the headers of its weights, before a worker is touched."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from generation.engine import ModelFolderError
from generation.engine.weights import check_against_config, tensors


def config_of(folder: Path, **changes: Any) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    return config | changes


def test_a_number_that_the_config_leaves_open_is_not_held_against_the_weights(tiny_folder: Path) -> None:
    config = config_of(tiny_folder) | {"num_hidden_layers": None, "n_layer": None}
    check_against_config(tiny_folder, config, tensors(tiny_folder))


def test_a_whole_model_passes(tiny_folder: Path) -> None:
    check_against_config(tiny_folder, config_of(tiny_folder), tensors(tiny_folder))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"num_hidden_layers": 4, "n_layer": 4}, "promises 4 layers, and the weights lack layer 3"),
        ({"vocab_size": 321}, "promises a vocabulary of 321, and the weights hold one of 320"),
        ({"vocab_size": -1}, "vocab_size must be a whole number from 1, not -1"),
        ({"num_attention_heads": "x"}, "num_attention_heads must be a whole number from 1, not 'x'"),
        ({"num_hidden_layers": True, "n_layer": True}, "must be a whole number from 1, not True"),
    ],
)
def test_what_the_weights_lack_is_named(tiny_folder: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ModelFolderError, match=told):
        check_against_config(tiny_folder, config_of(tiny_folder, **changes), tensors(tiny_folder))


def test_a_model_of_unknown_names_is_left_to_who_loads_it(tiny_folder: Path) -> None:
    held = [tensor._replace(name=f"part{n}") for n, tensor in enumerate(tensors(tiny_folder))]
    check_against_config(tiny_folder, config_of(tiny_folder, num_hidden_layers=9), held)


def test_looking_costs_no_torch() -> None:
    program = "import sys, generation.engine.weights; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
