"""The forward pass of one step, one new token a row, for the Llama and GPT-2 families: the model's own layers, called
directly.

It computes what transformers' own pass computes, with the same weights. What it leaves out is what a step has no use
for (masks for several tokens, cache objects, hooks, dropout), some thousand calls a step, during which a second core
has nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.nn.functional import gelu, rms_norm, silu
from transformers import GPT2LMHeadModel, LlamaForCausalLM, PreTrainedModel

from generation.engine.slots import SlotCache

Step = Callable[[torch.Tensor, torch.Tensor, SlotCache], torch.Tensor]
"""Takes each row's latest token and its position, (rows,) both, and the slots after `begin_step`; returns logits.

They are in float32, whatever type the model computes in.
"""

_TYPES = (torch.float32, torch.bfloat16, torch.float16)


def step_of(model: PreTrainedModel) -> Step | None:
    """Return the pass for a model of a family that is known here to the layer, else None."""
    if model.dtype not in _TYPES:
        return None
    # Subclasses may compute something else between the layers.
    if type(model) is LlamaForCausalLM and model.config.hidden_act == "silu":
        return LlamaStep(model)
    if type(model) is GPT2LMHeadModel and not model.config.add_cross_attention:
        return GPT2Step(model)
    return None


class LlamaStep:
    """Norm before each half of a layer, rotary positions, grouped-query attention, gated feed-forward."""

    def __init__(self, model: Any) -> None:
        """Take a LlamaForCausalLM, packed or not."""
        self._model = model

    def __call__(self, token_ids: torch.Tensor, positions: torch.Tensor, slots: SlotCache) -> torch.Tensor:
        """Return the logits (rows, vocabulary)."""
        inner = self._model.model
        hidden = inner.embed_tokens(token_ids)
        turn = _Turn(*inner.rotary_emb(hidden, positions))
        scaled = turn.scaled(inner.layers[0].self_attn.scaling)
        for number, layer in enumerate(inner.layers):
            attention, mlp = layer.self_attn, layer.mlp
            normed = _rms(hidden, layer.input_layernorm)
            query = scaled(attention.q_proj(normed).view(len(normed), -1, attention.head_dim))
            key = turn(attention.k_proj(normed).view(len(normed), -1, attention.head_dim))
            value = attention.v_proj(normed).view(len(normed), -1, attention.head_dim)
            hidden.add_(attention.o_proj(slots.attend(number, query, key, value)))
            normed = _rms(hidden, layer.post_attention_layernorm)
            gate = silu(mlp.gate_proj(normed))
            hidden.add_(mlp.down_proj(gate.mul_(mlp.up_proj(normed))))
        logits: torch.Tensor = self._model.lm_head(_rms(hidden, inner.norm))
        return logits.float()


class GPT2Step:
    """Norm before each half of a layer, learned positions, attention with as many keys as queries."""

    def __init__(self, model: Any) -> None:
        """Take a GPT2LMHeadModel, packed or not."""
        self._model = model
        # The same function as transformers' own, which takes eight passes over what is as wide as four hidden states.
        self._act = partial(gelu, approximate="tanh") if model.config.activation_function == "gelu_new" else None

    def __call__(self, token_ids: torch.Tensor, positions: torch.Tensor, slots: SlotCache) -> torch.Tensor:
        """Return the logits (rows, vocabulary)."""
        inner = self._model.transformer
        hidden = inner.wte(token_ids).add_(inner.wpe(positions))
        for number, layer in enumerate(inner.h):
            attention, mlp = layer.attn, layer.mlp
            heads = attention.c_attn(layer.ln_1(hidden)).view(len(hidden), 3, attention.num_heads, attention.head_dim)
            query, key, value = heads.unbind(1)
            attended = slots.attend(number, query * attention.scaling, key, value)
            hidden.add_(attention.c_proj(attended))
            hidden.add_(mlp.c_proj((self._act or mlp.act)(mlp.c_fc(layer.ln_2(hidden)))))
        logits: torch.Tensor = self._model.lm_head(inner.ln_f(hidden))
        return logits.float()


class _Turn:
    """Rotary positions (Su et al. 2021): the two halves of each head are turned against each other."""

    def __init__(self, cosines: torch.Tensor, sines: torch.Tensor) -> None:
        """Take both as transformers' module gives them, (rows, width)."""
        self._half = cosines.shape[-1] // 2
        self._cosines = cosines[:, None]
        self._sines = torch.cat((-sines[:, : self._half], sines[:, self._half :]), dim=-1)[:, None]

    def scaled(self, factor: float) -> _Turn:
        """Return the turn that also multiplies by `factor`."""
        made = _Turn.__new__(_Turn)
        made._half, made._cosines, made._sines = self._half, self._cosines * factor, self._sines * factor
        return made

    def __call__(self, heads: torch.Tensor) -> torch.Tensor:
        """Return `heads` (rows, heads, width), turned."""
        swapped = heads.roll(self._half, dims=-1)
        return (heads * self._cosines).addcmul_(swapped, self._sines)


def _rms(hidden: torch.Tensor, norm: Any) -> torch.Tensor:
    """Return what the model's own norm returns, in fewer passes: hidden / root of its mean square, times the weight.

    Of half the bits, the mean is taken in float32, as the model's own norm takes it: squares overflow float16.
    """
    if hidden.dtype != torch.float32:
        return rms_norm(hidden, hidden.shape[-1:], norm.weight, norm.variance_epsilon)
    length = torch.linalg.vector_norm(hidden, dim=-1, keepdim=True)
    root = length.square_().div_(hidden.shape[-1]).add_(norm.variance_epsilon).rsqrt_()
    normed: torch.Tensor = (hidden * root).mul_(norm.weight)
    return normed
