"""Linear layers packed once into oneDNN's blocked layout: 1.3 to 2 times as fast on a CPU at small batches.

It is the layout that PyTorch's own freezing uses; only float32 on a CPU gains, elsewhere a model stays as it is.
Layers of one input are packed as one (`Part`): their product reads it once, and its threads meet once.
`QuantisedLinear` goes further: 8-bit weights, and inputs rounded to 8 bits at each call (dynamic quantisation), each
row by its own largest value alone: the first token of a text has values a thousand times those of the others, and
nobody's words may depend on whose texts are written beside theirs.
"""

from __future__ import annotations

import ctypes
import warnings
from typing import Any, Self

import torch
from torch import nn
from transformers import LlamaForCausalLM, PreTrainedModel
from transformers.pytorch_utils import Conv1D

INT8 = "linear layers int8 (weights by channel, inputs by row, each in 127 steps)"
"""How the lineage marks 8-bit products."""

# With half the range of 8 bits: without VNNI, sums of two full products overflow 16 bits.
_STEPS = 63  # on either side of zero
_ROUNDS_AS_TOLD = ("x86", "fbgemm")

_ROWS_HINT = 64  # the batch that the layout is chosen for; others use the same layout
_BLOCKS = (64, 48, 32, 24, 16, 8)  # how many outputs stand side by side in oneDNN's layouts


class PackedLinear(nn.Module):
    """What `nn.Linear` computes, x @ weight.T + bias, from a packed copy of the weight."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        """Pack `weight` (out, in) in float32; the original can be dropped afterwards."""
        super().__init__()
        self.inputs = int(weight.shape[1])
        self.packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), _ROWS_HINT)
        self.bias = None if bias is None else bias.detach()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the layer's output; inputs (..., in), output (..., out)."""
        output: torch.Tensor = torch.ops.mkldnn._linear_pointwise(inputs, self.packed, self.bias, "none", [], "")
        return output


class PackedEmbedding(nn.Module):
    """What `nn.Embedding` looks up, read out of the packed weight that gives the logits: held once for both."""

    def __init__(self, packed: torch.Tensor, values: torch.Tensor, starts: torch.Tensor, steps: torch.Tensor) -> None:
        """Take the packed weight, its numbers, where each word begins in them, and how far on its numbers lie."""
        super().__init__()
        self._packed = packed  # who owns the memory of the numbers
        self._values, self._starts, self._steps = values, starts, steps

    @classmethod
    def of(cls, head: PackedLinear, weight: torch.Tensor) -> Self | None:
        """Return the look-up of `weight` (words, width) in the head packed from it; None where its layout is unknown.

        oneDNN does not tell its layout, so a guess counts only where every number of `weight` is found in its place.
        """
        words, width = weight.shape
        address, size = torch.ops.mkldnn.data_ptr(head.packed), torch.ops.mkldnn._nbytes(head.packed)
        values = torch.frombuffer((ctypes.c_float * (size // 4)).from_address(address), dtype=torch.float32)
        for block in _BLOCKS:
            depth, rest = divmod(len(values), -(-words // block) * block)
            if rest or depth < width:
                continue
            blocks = values.view(-1, depth, block)[:, :width].transpose(1, 2)
            if all(
                torch.equal(held[: len(part)], part)
                for held, part in zip(blocks, torch.split(weight, block), strict=True)
            ):
                word = torch.arange(words)
                starts = word // block * (block * depth) + word % block
                return cls(head.packed, values, starts, torch.arange(width) * block)
        return None

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the words' vectors (..., width) of `ids` (...)."""
        found: torch.Tensor = self._values[self._starts[ids][..., None] + self._steps]
        return found


class QuantisedLinear(nn.Module):
    """What `nn.Linear` computes, nearly: weights rounded to 8 bits, by output channel, inputs by row."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None) -> None:
        """Round and pack `weight` (out, in), symmetrically; the original can be dropped afterwards."""
        super().__init__()
        self.inputs = int(weight.shape[1])
        whole = weight.detach().contiguous()
        scales = (whole.abs().amax(dim=1).double() / 127).clamp(min=1e-12)
        zeros = torch.zeros(len(whole), dtype=torch.long)
        with warnings.catch_warnings():
            # A later PyTorch drops these tensors; ours is pinned exactly, and has no other way to these products.
            warnings.filterwarnings("ignore", message=".*quantized tensor creation functions", category=UserWarning)
            rounded = torch.quantize_per_channel(whole, scales, zeros, 0, torch.qint8)
        self.packed = torch.ops.quantized.linear_prepack(rounded, None)
        self.bias = None if bias is None else bias.detach()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the layer's output; inputs (..., in), output (..., out)."""
        largest = inputs.abs().amax(dim=-1, keepdim=True).clamp_(min=1e-20)
        output = self._product(inputs / largest)
        output.mul_(largest)
        return output if self.bias is None else output.add_(self.bias)

    def _product(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the product with inputs from -1 to 1, rounded by that range and not by the one that all rows span."""
        output: torch.Tensor
        if torch.backends.quantized.engine in _ROUNDS_AS_TOLD:
            rounding = (1 / _STEPS, _STEPS + 1)
            output = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(inputs, *rounding, self.packed)
            return output
        # Elsewhere (ARM) PyTorch takes the range of what it is given: one row more spans all of it.
        whole = inputs.new_zeros(1, inputs.shape[-1])
        whole[0, :2] = inputs.new_tensor((-1.0, 1.0))
        rows = torch.cat((inputs.reshape(-1, inputs.shape[-1]), whole))
        output = torch.ops.quantized.linear_dynamic(rows, self.packed, reduce_range=True)
        return output[:-1].reshape(*inputs.shape[:-1], -1)


class Part(nn.Module):
    """One of several layers that a model calls in turn with the same inputs: some columns of what they give together.

    The first one called computes for all; what it found is kept until the last one has taken its columns.
    """

    def __init__(self, whole: PackedLinear | QuantisedLinear, kept: list[torch.Tensor], columns: slice) -> None:
        """Take the layer of all parts, a list that all parts share, and which columns are this one's."""
        super().__init__()
        self.whole = whole
        self._kept, self._columns = kept, columns

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return this layer's output, a view; inputs (..., in), output (..., out)."""
        if self._columns.start == 0 or not self._kept or self._kept[0] is not inputs:
            self._kept[:] = inputs, self.whole(inputs)
        found = self._kept[1]
        if self._columns.stop == found.shape[-1]:
            self._kept.clear()
        return found[..., self._columns]


def can_pack(device: torch.device, dtype: torch.dtype) -> bool:
    """Return whether packing helps: float32 on a CPU, in a build of PyTorch that carries oneDNN."""
    return device.type == "cpu" and dtype == torch.float32 and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]  # untyped in PyTorch


@torch.no_grad()
def pack_linear_layers(model: nn.Module, *, quantised: bool = False) -> int:
    """Replace each linear layer of a model (nn.Linear, GPT-2's Conv1D) by a packed one; return how many.

    The unpacked weights are freed; an embedding that shares its weight with the layer that gives the logits looks words
    up in the packed one. `quantised` rounds all layers to 8 bits but that one, whose errors no later layer would even
    out.
    """
    replaced = _pack_together(model, QuantisedLinear if quantised else PackedLinear)
    head = _head(model)
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            # Subclasses (quantised or parallel layers) compute something else and are left alone.
            if type(layer) is nn.Linear:
                kind = QuantisedLinear if quantised and layer is not head else PackedLinear
                setattr(parent, name, kind(layer.weight, layer.bias))
            elif type(layer) is Conv1D:
                transposed: Any = layer  # transformers ships no types
                kind = QuantisedLinear if quantised else PackedLinear
                setattr(parent, name, kind(transposed.weight.T, transposed.bias))
            else:
                continue
            replaced += 1
    if isinstance(model, PreTrainedModel):
        _share_with_head(model)
    return replaced


def _pack_together(model: nn.Module, kind: type[PackedLinear] | type[QuantisedLinear]) -> int:
    """Pack the layers of a Llama model that share their inputs as one; return how many. A subclass may call others."""
    if type(model) is not LlamaForCausalLM:
        return 0
    packed = 0
    inner: Any = model.model  # transformers ships no types
    for layer in inner.layers:
        for parent, names in ((layer.self_attn, ("q_proj", "k_proj", "v_proj")), (layer.mlp, ("gate_proj", "up_proj"))):
            layers = [getattr(parent, name) for name in names]
            biases = [one.bias for one in layers if one.bias is not None]
            whole = kind(torch.cat([one.weight for one in layers]), torch.cat(biases) if biases else None)
            kept: list[torch.Tensor] = []
            start = 0
            for name, one in zip(names, layers, strict=True):
                setattr(parent, name, Part(whole, kept, slice(start, start + one.out_features)))
                start += one.out_features
            packed += len(names)
    return packed


def _head(model: nn.Module) -> nn.Module | None:
    head: nn.Module | None = model.get_output_embeddings() if isinstance(model, PreTrainedModel) else None
    return head


def _share_with_head(model: PreTrainedModel) -> None:
    """Let the words be looked up in the packed head where both have one weight."""
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    # A subclass, or one that rescales its vectors, gives out something else than its rows.
    if type(embedding) is not nn.Embedding or embedding.max_norm is not None or type(head) is not PackedLinear:
        return
    if model.config.get_text_config().tie_word_embeddings and (shared := PackedEmbedding.of(head, embedding.weight)):
        model.set_input_embeddings(shared)
