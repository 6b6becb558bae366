"""Packed layers compute what the layers they replace computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM
from transformers.pytorch_utils import Conv1D

from generation.engine.drafter import Drafter
from generation.engine.packing import (
    INT8,
    PackedEmbedding,
    PackedLinear,
    QuantisedLinear,
    can_pack,
    pack_linear_layers,
)
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
@pytest.mark.parametrize("engine", ["x86", "onednn"])
def test_what_a_row_gives_in_8_bits_depends_on_no_other_row(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows whose largest value is above zero would alone span a smaller range than with others below it."""
    monkeypatch.setattr(torch.backends.quantized, "engine", engine)
    torch.manual_seed(0)
    layer = QuantisedLinear(torch.randn(96, 48), torch.randn(96))
    inputs = torch.randn(64, 48)
    together = layer(inputs)
    for count in (1, 2, 7, 31):
        for start in (0, 33):
            rows = inputs[start : start + count]
            assert torch.equal(layer(rows), together[start : start + count])
    assert torch.equal(layer(inputs[:6].reshape(2, 3, 48)), together[:6].reshape(2, 3, 96))


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


@torch.inference_mode()
@pytest.mark.parametrize(("words", "width"), [(320, 48), (50, 7), (1001, 100)])
def test_words_are_looked_up_in_the_packed_head_to_the_last_bit(words: int, width: int) -> None:
    torch.manual_seed(0)
    weight = torch.randn(words, width)
    shared = PackedEmbedding.of(PackedLinear(weight, None), weight)
    assert shared is not None
    assert torch.equal(shared(torch.arange(words)), weight)
    ids = torch.randint(words, (3, 5))
    assert torch.equal(shared(ids), weight[ids])


def test_a_packed_weight_that_is_not_the_embedding_is_not_taken_for_it() -> None:
    weight = torch.ones(320, 48)
    other = weight.clone()
    other[319, 47] = 2
    assert PackedEmbedding.of(PackedLinear(weight, None), other) is None


def test_a_model_whose_head_and_embedding_are_one_weight_holds_it_once(tiny_folder: Path) -> None:
    plain = AutoModelForCausalLM.from_pretrained(tiny_folder)
    model = Drafter.load(tiny_folder, identity_of("shared"), device="cpu", threads=1).model
    assert type(model.get_input_embeddings()) is PackedEmbedding
    ids = torch.arange(plain.config.vocab_size)
    assert torch.equal(model.get_input_embeddings()(ids), plain.get_input_embeddings()(ids))
    largest = max(parameter.numel() for parameter in model.parameters())
    assert largest < plain.get_input_embeddings().weight.numel()


def test_an_embedding_of_its_own_is_kept_as_it_is() -> None:
    config = LlamaConfig(
        vocab_size=320,
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=1,
        num_attention_heads=6,
        num_key_value_heads=2,
        tie_word_embeddings=False,
    )
    model = LlamaForCausalLM(config)
    pack_linear_layers(model)
    assert type(model.get_input_embeddings()) is nn.Embedding
    assert type(model.get_output_embeddings()) is PackedLinear


def test_the_lineage_says_that_products_were_computed_in_8_bits(tiny_folder: Path) -> None:
    drafter = Drafter.load(tiny_folder, identity_of("rounded"), device="cpu", threads=1, quantised=True)
    assert drafter.versions.dtype == f"float32, {INT8}"
    kinds = {type(layer) for layer in drafter.model.modules() if isinstance(layer, PackedLinear | QuantisedLinear)}
    assert kinds == {PackedLinear, QuantisedLinear}
    assert isinstance(drafter.model.lm_head, PackedLinear)


@torch.inference_mode()
@pytest.mark.parametrize("biased", [False, True])
def test_layers_of_one_input_are_one_product_and_give_each_its_own_columns(biased: bool) -> None:
    torch.manual_seed(0)
    model = _llama(attention_bias=biased, mlp_bias=biased)
    ids = torch.tensor([[3, 1, 4, 1, 5], [9, 2, 6, 5, 3]])
    expected = model(input_ids=ids).logits
    assert pack_linear_layers(model) == 15
    products = [layer for layer in model.modules() if isinstance(layer, PackedLinear)]
    assert len(products) == 9  # two layers of four, and the head
    torch.testing.assert_close(model(input_ids=ids).logits, expected, rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_a_part_that_is_asked_out_of_turn_answers_for_its_own_input() -> None:
    torch.manual_seed(0)
    model = _llama()
    attention = model.model.layers[0].self_attn
    weight = attention.k_proj.weight.clone()
    pack_linear_layers(model)
    first, other = torch.randn(3, 32), torch.randn(3, 32)
    attention.q_proj(first)
    torch.testing.assert_close(attention.k_proj(other), other @ weight.T)
    torch.testing.assert_close(attention.k_proj(other), other @ weight.T)


def _llama(**settings: bool) -> LlamaForCausalLM:
    """Return a small model with fewer keys than queries, and biases that are not zero."""
    config = LlamaConfig(
        vocab_size=50, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, **settings,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    for name, values in model.named_parameters():
        if name.endswith("bias"):
            nn.init.normal_(values)
    return model
