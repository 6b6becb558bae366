"""The key/value cache of a batch: the prompt held once for all rows, one slot a row for what it wrote.

`shared_prompt_attention` is the attention that reads it, registered with transformers under ATTENTION. Each row's
query meets the prompt's keys in one matrix product for all rows together, and its own slot in a batched one; the
softmax runs over both at once, so the result is the attention over prompt and draft joined (the split is that of
Juravsky et al. 2024, "Hydragen").
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.cache_utils import Cache, CacheLayerMixin

ATTENTION = "studyweb_shared_prompt"

_SPAN = 32  # slots are read in whole blocks, so that a longer neighbour seldom changes the shapes


class SlotLayer(CacheLayerMixin):  # type: ignore[misc]  # transformers ships no types
    """One layer's keys and values: `prompt_*` (1, heads, prompt, width), `keys`/`values` (rows, heads, length, width).

    Until the cache is open, `update` takes what it is given for the prompt; after that, for one new token a row.
    """

    def __init__(self, cache: SlotCache) -> None:
        super().__init__()
        self.cache = cache
        self.keys: torch.Tensor | None = None
        self.values: torch.Tensor | None = None

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Keep the prompt's keys and values."""
        self.prompt_keys, self.prompt_values = key_states.contiguous(), value_states.contiguous()
        self.is_initialized = True

    def open(self, rows: int, length: int) -> None:
        """Allocate the slots; zeros, because a masked slot is still multiplied, and must be finite."""
        _, heads, _, width = self.prompt_keys.shape
        self.keys = self.prompt_keys.new_zeros((rows, heads, length, width))
        self.values = self.prompt_values.new_zeros((rows, heads, length, self.prompt_values.shape[-1]))

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Store new keys and values; return those of the prompt, or of all open rows' slots as far as in use."""
        if self.keys is None or self.values is None:
            self.lazy_initialization(key_states, value_states)
            return key_states, value_states
        rows, span = self.cache.row_numbers, self.cache.span
        self.keys[rows, :, self.cache.written] = key_states[:, :, 0]
        self.values[rows, :, self.cache.written] = value_states[:, :, 0]
        return self.keys[: len(rows), :, :span], self.values[: len(rows), :, :span]

    def move(self, source: int, target: int, length: int) -> None:
        """Copy one row's slot, `length` tokens of it, over another's."""
        if self.keys is not None and self.values is not None:
            self.keys[target, :, :length] = self.keys[source, :, :length]
            self.values[target, :, :length] = self.values[source, :, :length]

    def get_seq_length(self) -> int:
        """Return the prompt's length, in tokens; the loop gives each row's position itself."""
        return int(self.prompt_keys.shape[-2]) if self.is_initialized else 0

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Return length and offset for a causal mask over the prompt."""
        return self.get_seq_length() + query_length, 0

    def get_max_length(self) -> int:
        """Return how many tokens a slot holds after the prompt; -1 before the slots are open."""
        return -1 if self.keys is None else int(self.keys.shape[-2])


class SlotCache(Cache):  # type: ignore[misc]  # transformers ships no types
    """The cache of all layers. Life: prefill once, `open`, then for each step `begin_step` and one forward pass."""

    def __init__(self, layers: int) -> None:
        self.slot_layers = [SlotLayer(self) for _ in range(layers)]
        super().__init__(layers=self.slot_layers)
        self.row_numbers = torch.empty(0, dtype=torch.long)
        self.written = torch.empty(0, dtype=torch.long)
        self.mask = torch.empty(0)
        self.span = 0
        self.length = 0

    @property
    def is_open(self) -> bool:
        """Whether the slots are allocated; until then a forward pass fills the prompt."""
        return self.length > 0

    def row_bytes(self, length: int) -> int:
        """Return how many bytes one row's slot of `length` tokens takes, over all layers."""
        tensors = [t for layer in self.slot_layers for t in (layer.prompt_keys, layer.prompt_values)]
        return sum(t.shape[1] * t.shape[3] * t.element_size() for t in tensors) * length

    def open(self, rows: int, length: int) -> None:
        """Allocate `rows` slots of `length` tokens each, once; raises PyTorch's error where memory is short."""
        for layer in self.slot_layers:
            layer.open(rows, length)
        self.length = length

    def close(self) -> None:
        """Free the slots; the prompt stays."""
        for layer in self.slot_layers:
            layer.keys = layer.values = None
        self.length = 0

    def begin_step(self, written: torch.Tensor, *, whole: bool = False) -> None:
        """Say how many tokens each of the first rows has in its slot; the next pass adds one to each.

        `written` is a vector of whole numbers on the model's device. `whole` reads slots to their end, whatever is
        written, so that all steps have one shape.
        """
        prompt = self.slot_layers[0].prompt_keys
        longest = int(written.max()) + 1
        self.span = self.length if whole else min(-(-longest // _SPAN) * _SPAN, self.length)
        self.written = written
        self.row_numbers = torch.arange(len(written), device=written.device)
        places = torch.arange(self.span, device=written.device)
        hidden = places[None, :] > written[:, None]
        # float32 whatever the model's type: the softmax runs in float32
        self.mask = torch.zeros(hidden.shape, dtype=torch.float32, device=prompt.device)
        self.mask.masked_fill_(hidden, float("-inf"))

    def move(self, source: int, target: int, length: int) -> None:
        """Copy row `source`, `length` tokens of it, over row `target` in every layer."""
        for layer in self.slot_layers:
            layer.move(source, target, length)


def shared_prompt_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Return the attention of `query` (rows, heads, new tokens, width), as (rows, new tokens, heads, width).

    `slots` in `kwargs` is the SlotCache of the pass; without one, or before it is open, this is causal attention over
    `key` and `value`.
    """
    slots: SlotCache | None = kwargs.get("slots")
    layer = None if slots is None or not slots.is_open else slots.slot_layers[module.layer_idx]
    if slots is None or layer is None:
        output = scaled_dot_product_attention(query, key, value, is_causal=True, scale=scaling, enable_gqa=True)
        return output.transpose(1, 2), None
    return _decode(query, key, value, layer, slots.mask, scaling or query.shape[-1] ** -0.5), None


def _decode(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layer: SlotLayer,
    mask: torch.Tensor,
    scaling: float,
) -> torch.Tensor:
    rows, heads, _, width = query.shape
    groups = key.shape[1]  # heads that share keys and values stand together: grouped-query attention
    shared = heads // groups
    prompt = layer.prompt_keys.shape[2]
    grouped = (query * scaling).view(rows, groups, shared, width)
    # (groups, rows * shared, width): one product a group against keys that all rows share
    by_group = grouped.transpose(0, 1).reshape(groups, rows * shared, width)
    scores = query.new_empty((rows, groups, shared, prompt + key.shape[2]), dtype=torch.float32)
    over_prompt = torch.matmul(by_group, layer.prompt_keys[0].transpose(1, 2))
    scores[..., :prompt] = over_prompt.view(groups, rows, shared, prompt).transpose(0, 1)
    torch.add(torch.matmul(grouped, key.transpose(2, 3)), mask[:, None, None, :], out=scores[..., prompt:])
    weights = torch.softmax(scores, dim=-1).to(value.dtype)
    of_prompt = weights[..., :prompt].transpose(0, 1).reshape(groups, rows * shared, prompt)
    from_prompt = torch.matmul(of_prompt, layer.prompt_values[0]).view(groups, rows, shared, -1).transpose(0, 1)
    output = torch.matmul(weights[..., prompt:], value) + from_prompt
    return output.reshape(rows, 1, heads, -1)


AttentionInterface.register(ATTENTION, shared_prompt_attention)
