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
from transformers import AttentionInterface, PreTrainedModel
from transformers.cache_utils import Cache, CacheLayerMixin

ATTENTION = "studyweb_shared_prompt"

_SPAN = 16  # slots are read in whole blocks, so that a longer neighbour seldom changes the shapes
_LEAST_ROWS = 4  # of a product on a CPU


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
        self.write(key_states[:, :, 0], value_states[:, :, 0])
        return self.in_use(self.keys), self.in_use(self.values)

    def write(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Store one new token's keys and values a row, (rows, heads, width), where the step has its places."""
        assert self.keys is not None  # noqa: S101 -- the step has begun, so the slots are open
        assert self.values is not None  # noqa: S101
        for slots, new in ((self.keys, keys), (self.values, values)):
            slots.view(-1, slots.shape[-1]).index_copy_(0, self.cache.places, new.reshape(-1, new.shape[-1]))

    def in_use(self, slots: torch.Tensor) -> torch.Tensor:
        """Return those of the slots that the step reads, as far as it reads them."""
        return slots[: self.cache.rows, :, : self.cache.span]

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
        self.rows = 0
        self.places = torch.empty(0, dtype=torch.long)
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

    def begin_step(self, written: torch.Tensor, *, longest: int | None = None, whole: bool = False) -> None:
        """Say how many tokens each of the first rows has in its slot; the next pass adds one to each.

        `written` is a vector of whole numbers on the model's device; who knows the largest of them gives it as
        `longest`: a device that is asked for it makes the host wait. `whole` reads slots to their end, whatever is
        written, so that all steps have one shape.
        """
        longest = int(written.max()) if longest is None else longest
        self.lay(written, self.length if whole else min(-(-(longest + 1) // _SPAN) * _SPAN, self.length))

    def lay(self, written: torch.Tensor, span: int) -> None:
        """Have the next pass add a token to each of the first rows, as `begin_step`, and read `span` tokens of each.

        Asks the device for nothing, so that it can stand in what is recorded (`graphs`).
        """
        prompt = self.slot_layers[0].prompt_keys
        self.span = span
        self.rows = len(written)
        slots = torch.arange(self.rows * prompt.shape[1], device=written.device).view(self.rows, -1)
        self.places = (slots * self.length).add_(written[:, None]).view(-1)
        hidden = torch.arange(self.span, device=written.device) > written[:, None, None, None]
        self.mask = torch.zeros(hidden.shape, dtype=prompt.dtype, device=prompt.device)
        self.mask.masked_fill_(hidden, float("-inf"))

    def move(self, source: int, target: int, length: int) -> None:
        """Copy row `source`, `length` tokens of it, over row `target` in every layer."""
        for layer in self.slot_layers:
            layer.move(source, target, length)

    def attend(self, number: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        """Store one new token a row in layer `number`; return its attention over prompt and draft.

        The result is (rows, heads * width). `query` (rows, heads, width) is scaled already; `key` and `value` are
        (rows, groups, width).
        """
        layer = self.slot_layers[number]
        layer.write(key, value)
        return _over_prompt_and_draft(query, layer, self.mask)


def cached_pass(
    model: PreTrainedModel, token_ids: torch.Tensor, positions: torch.Tensor, slots: SlotCache
) -> torch.Tensor:
    """Return the logits (rows, vocabulary) after the last of `token_ids` (rows, length), in float32.

    The model's own pass: it fills the prompt before the slots are open, and adds one token a row after `begin_step`.
    """
    output = model(
        input_ids=token_ids,
        position_ids=positions,
        past_key_values=slots,
        use_cache=True,
        logits_to_keep=1,
        slots=slots,
    )
    logits: torch.Tensor = output.logits[:, -1].float()
    return logits


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
    `key` and `value`. Raises RuntimeError where the model's layers keep the cache of an open pass to themselves.
    """
    slots: SlotCache | None = kwargs.get("slots")
    if slots is None and query.shape[2] != key.shape[2]:
        raise RuntimeError(
            f"{type(module).__name__} is not told of the prompt's cache: its texts would ignore the prompt"
        )
    if slots is None or not slots.is_open:
        output = scaled_dot_product_attention(query, key, value, is_causal=True, scale=scaling, enable_gqa=True)
        return output.transpose(1, 2), None
    scaled = query[:, :, 0] * (scaling or query.shape[-1] ** -0.5)
    output = _over_prompt_and_draft(scaled, slots.slot_layers[module.layer_idx], slots.mask)
    return output.view(len(query), 1, query.shape[1], -1), None


def _over_prompt_and_draft(query: torch.Tensor, layer: SlotLayer, mask: torch.Tensor) -> torch.Tensor:
    """Return (rows, heads * width) of queries (rows, heads, width) over the prompt's keys and each row's own."""
    assert layer.keys is not None  # noqa: S101 -- the step has begun, so the slots are open
    assert layer.values is not None  # noqa: S101
    keys, values = layer.in_use(layer.keys), layer.in_use(layer.values)
    rows, heads, width = query.shape
    groups = keys.shape[1]  # heads that share keys and values stand together: grouped-query attention
    shared = heads // groups
    grouped = query.view(rows, groups, shared, width)
    # (groups, rows * shared, width): one product a group against keys that all rows share
    by_group = grouped.transpose(0, 1).reshape(groups, rows * shared, width)
    over_prompt = _by_group(by_group, layer.prompt_keys[0].transpose(1, 2))
    prompt = over_prompt.shape[-1]
    over_draft = torch.matmul(grouped, keys.transpose(2, 3)).add_(mask)
    scores = torch.cat((over_prompt.view(groups, rows, shared, prompt).transpose(0, 1), over_draft), dim=-1)
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(values.dtype)
    of_prompt = weights[..., :prompt].transpose(0, 1).reshape(groups, rows * shared, prompt)
    from_prompt = _by_group(of_prompt, layer.prompt_values[0]).view(groups, rows, shared, -1).transpose(0, 1)
    return torch.matmul(weights[..., prompt:], values).add_(from_prompt).view(rows, -1)


AttentionInterface.register(ATTENTION, shared_prompt_attention)


def _by_group(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return left (groups, rows, n) @ right (groups, n, m), each row to the same bits however many there are.

    On a CPU fewer than four rows are added up in another order, which moved last bits of models whose heads share no
    keys: there the last one is computed again until there are four.
    """
    rows = left.shape[1]
    if rows >= _LEAST_ROWS or left.device.type != "cpu":
        return torch.bmm(left, right)
    filled = torch.cat((left, left[:, -1:].expand(-1, _LEAST_ROWS - rows, -1)), dim=1)
    return torch.bmm(filled, right)[:, :rows]
