"""Packed layers compute what the layers they replace computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from generation.engine.drafter import Drafter
from generation.engine.packing import INT8, PackedLinear, QuantisedLinear, can_pack, pack_linear_layers
from tests.generation.engine.conftest import identity_of


class _Quantised(nn.Linear):
    """A layer that computes something of its own."""


def _with_bias(layer: Any) -> Any:
    """Return the layer with a bias that is not zero, as it is made."""
    nn.init.normal_(layer.bias)
    return layer


@torch.inference_mode()
@pytest.mark.parametrize("rows", [1, 2, 7, 64, 100])
def test_linear_and_gpt2_layers_compute_the_same_packed(rows: int) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(48, 96), nn.GELU(), _with_bias(Conv1D(64, 96)), nn.Linear(64, 10, bias=False))
    inputs = torch.randn(rows, 1, 48)
    expected = model(inputs)
    assert pack_linear_layers(model) == 3
    torch.testing.assert_close(model(inputs), expected, rtol=1e-4, atol=1e-5)


def test_a_subclass_of_a_linear_layer_is_left_alone() -> None:
    model = nn.Sequential(_Quantised(4, 4))
    assert pack_linear_layers(model) == 0
    assert type(model[0]) is _Quantised


def test_only_float32_on_a_cpu_is_packed() -> None:
    assert can_pack(torch.device("cpu"), torch.float32)
    assert not can_pack(torch.device("cpu"), torch.bfloat16)
    assert not can_pack(torch.device("cuda"), torch.float32)


@torch.inference_mode()
def test_8_bit_layers_compute_nearly_the_same_and_give_the_logits_in_full() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(48, 96), nn.GELU(), _with_bias(Conv1D(64, 96)), nn.Linear(64, 10, bias=False))
    inputs = torch.randn(64, 48)
    expected = model(inputs)
    assert pack_linear_layers(model, quantised=True) == 3
    assert {type(layer) for layer in model if type(layer) is not nn.GELU} == {QuantisedLinear}
    error = (model(inputs) - expected).norm() / expected.norm()
    assert 0 < float(error) < 0.03


@torch.inference_mode()
def test_a_row_with_far_larger_values_costs_the_other_rows_nothing_in_8_bits() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(48, 96))
    inputs = torch.randn(8, 48)
    inputs[0] *= 1000
    expected = model(inputs)
    assert pack_linear_layers(model, quantised=True) == 1
    errors = (model(inputs) - expected).norm(dim=-1) / expected.norm(dim=-1)
    assert float(errors.max()) < 0.03


def test_the_lineage_says_that_products_were_computed_in_8_bits(tiny_folder: Path) -> None:
    drafter = Drafter.load(tiny_folder, identity_of("rounded"), device="cpu", threads=1, quantised=True)
    assert drafter.versions.dtype == f"float32, {INT8}"
    kinds = {type(layer) for layer in drafter.model.modules() if isinstance(layer, PackedLinear | QuantisedLinear)}
    assert kinds == {PackedLinear, QuantisedLinear}
    assert isinstance(drafter.model.lm_head, PackedLinear)
