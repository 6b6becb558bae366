"""A model is loaded as its files have it, or not at all: nothing that they lack is made up."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from generation.engine import ModelFolderError
from generation.engine.loading import loaded

CPU = torch.device("cpu")


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A copy of a tiny model of either family, to be broken."""
    return shutil.copytree(tiny_folder, tmp_path / "model")


def reconfigured(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refused(folder: Path) -> str:
    with pytest.raises(ModelFolderError) as told:
        loaded(folder, CPU, runs_code=False)
    assert str(folder) in str(told.value)
    return str(told.value)


def joined(folder: Path, also: dict[str, torch.Tensor]) -> None:
    path = folder / "model.safetensors"
    save_file({**load_file(path), **also}, path, metadata={"format": "pt"})


def test_a_layer_that_the_weights_lack_is_not_made_up(folder: Path) -> None:
    reconfigured(folder, num_hidden_layers=4, n_layer=4, layer_types=["full_attention"] * 4)
    assert "they lack" in refused(folder)


def test_a_layer_that_the_config_does_not_know_is_not_left_out(folder: Path) -> None:
    reconfigured(folder, num_hidden_layers=2, n_layer=2, layer_types=["full_attention"] * 2)
    assert "they hold without a use" in refused(folder)


def test_weights_of_another_shape_are_named(folder: Path) -> None:
    reconfigured(folder, intermediate_size=128, n_inner=128)
    assert "they hold in another shape" in refused(folder)
    assert "mlp." in refused(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"vocab_size": -1},
        {"num_attention_heads": "x", "n_head": "x"},
        {"num_attention_heads": 5, "n_head": 5},
        {"hidden_act": "nonsense", "activation_function": "nonsense"},
        {"model_type": "nonsense"},
    ],
    ids=str,
)
def test_a_config_that_describes_no_model_is_said_to(folder: Path, change: dict[str, Any]) -> None:
    reconfigured(folder, **change)
    assert "cannot be loaded as a causal language model" in refused(folder)


def test_tables_that_older_files_hold_beside_the_weights_do_no_harm(folder: Path) -> None:
    tables = {
        "transformer.h.0.attn.bias": torch.ones(1, 1, 4, 4),
        "transformer.h.0.attn.masked_bias": torch.tensor(-1e4),
        "model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4),
    }
    joined(folder, tables)
    assert loaded(folder, CPU, runs_code=False).num_parameters() > 0


def test_a_model_with_a_value_head_is_not_said_to_be_damaged(folder: Path) -> None:
    joined(folder, {"v_head.summary.weight": torch.ones(1, 8), "v_head.summary.bias": torch.ones(1)})
    told = refused(folder)
    assert "holds more than a language model: v_head.summary.bias, v_head.summary.weight" in told
    assert "again" not in told
