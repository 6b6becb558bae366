"""A step computes the logits of the model's own pass, and models of other families are stepped by that."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, Qwen2Config
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from generation.engine import Prompt, Sampling, candidate_seed
from generation.engine.batch import Batch
from generation.engine.drafter import Drafter
from generation.engine.sharing import deviation
from generation.engine.slots import ATTENTION
from generation.engine.stepping import _rms, step_of
from tests.generation.engine.conftest import identity_of, write_tokenizer

PROMPT = Prompt("The council voted on Tuesday to close the bridge, and")
SMALL_LLAMA = {
    "vocab_size": 320,
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.3,
}
SMALL_GPT2 = {"vocab_size": 320, "n_embd": 48, "n_layer": 3, "n_head": 4, "n_positions": 256, "initializer_range": 0.3}
VARIANTS = {
    "llama": LlamaConfig(**SMALL_LLAMA),
    "llama with biases and wide heads": LlamaConfig(**SMALL_LLAMA, attention_bias=True, mlp_bias=True, head_dim=20),
    "llama with stretched positions": LlamaConfig(
        **SMALL_LLAMA,
        rope_parameters={
            "rope_type": "llama3",
            "rope_theta": 500.0,
            "factor": 4.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        },
    ),
    "gpt2": GPT2Config(**SMALL_GPT2),
    "gpt2 scaled by layer": GPT2Config(**SMALL_GPT2, scale_attn_by_inverse_layer_idx=True, n_inner=50),
}


def model_of(name: str) -> LlamaForCausalLM | GPT2LMHeadModel:
    """Return a random model of a variant; biases and norms are random too, which start as zeros and ones."""
    torch.manual_seed(4)
    config = VARIANTS[name]
    kind = LlamaForCausalLM if isinstance(config, LlamaConfig) else GPT2LMHeadModel
    model = kind._from_config(config, attn_implementation=ATTENTION).eval()
    for parameter in model.parameters():
        parameter.uniform_(-0.3, 0.3)
    return model


def batch_of(model: LlamaForCausalLM | GPT2LMHeadModel, rows: int) -> Batch:
    """Return a batch of so many rows, several tokens long, each of its own length."""
    sampling = Sampling(max_tokens=60, min_tokens=60)
    batch = Batch(model, list(range(3, 30)), sampling, [0])
    batch.open(rows)
    waiting = deque((index, candidate_seed(1, index)) for index in range(rows))
    for room in range(2, rows + 1):
        batch.admit(waiting, room)
        batch.step()
    return batch


@torch.inference_mode()
@pytest.mark.parametrize("name", VARIANTS)
def test_a_step_gives_the_logits_of_the_models_own_pass(name: str) -> None:
    model = model_of(name)
    step, rows = step_of(model), (batch := batch_of(model, 7)).rows
    assert step is not None
    assert len({len(row.token_ids) for row in rows}) == 6
    # The latest tokens once more: they take the same places.
    batch.slots.begin_step(torch.tensor([len(row.token_ids) - 2 for row in rows]))
    latest = torch.tensor([row.token_ids[-2] for row in rows])
    found = step(latest, torch.tensor([27 + len(row.token_ids) - 2 for row in rows]), batch.slots)
    for row, logits in zip(rows, found, strict=True):
        expected = model(input_ids=torch.tensor([[*range(3, 30), *row.token_ids[:-1]]]), use_cache=False).logits[0, -1]
        torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)


@torch.inference_mode()
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", VARIANTS)
def test_with_half_the_bits_a_step_is_as_near_to_the_exact_logits_as_the_models_own_pass(
    name: str, dtype: torch.dtype
) -> None:
    half = model_of(name).to(dtype)
    step, rows = step_of(half), (batch := batch_of(half, 7)).rows
    assert step is not None
    written = [len(row.token_ids) - 2 for row in rows]
    batch.slots.begin_step(torch.tensor(written))
    found = step(
        torch.tensor([row.token_ids[-2] for row in rows]), torch.tensor([27 + held for held in written]), batch.slots
    )
    assert found.dtype == torch.float32
    texts = [torch.tensor([[*range(3, 30), *row.token_ids[:-1]]]) for row in rows]
    half.set_attn_implementation("eager")
    own = torch.stack([half(input_ids=text, use_cache=False).logits[0, -1].float() for text in texts])
    whole = half.float()  # the same rounded weights
    exact = torch.stack([whole(input_ids=text, use_cache=False).logits[0, -1] for text in texts])
    assert 0 < deviation(found, exact) <= 1.5 * deviation(own, exact)


def test_squares_that_float16_cannot_hold_are_added_in_float32() -> None:
    norm = LlamaRMSNorm(48, 1e-5).half()
    hidden = torch.full((2, 48), 3000.0, dtype=torch.float16)
    assert torch.equal(_rms(hidden, norm), torch.ones_like(hidden))


def test_other_families_and_other_types_are_not_stepped_so() -> None:
    double = LlamaForCausalLM(VARIANTS["llama"]).double()
    gelu = LlamaForCausalLM(LlamaConfig(**SMALL_LLAMA, hidden_act="gelu"))
    crossed = GPT2LMHeadModel(GPT2Config(**SMALL_GPT2, add_cross_attention=True))
    assert [step_of(model) for model in (double, gelu, crossed)] == [None, None, None]

    class Changed(LlamaForCausalLM):  # type: ignore[misc]  # transformers ships no types
        """A family of its own, whose layers may compute something else."""

    assert step_of(Changed(VARIANTS["llama"])) is None


def test_another_family_gives_the_words_of_generate_by_its_own_pass(tmp_path: Path) -> None:
    folder = tmp_path / "qwen"
    folder.mkdir()
    write_tokenizer(folder)
    torch.manual_seed(8)
    settings = {**SMALL_LLAMA, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    AutoModelForCausalLM.from_config(Qwen2Config(**settings)).save_pretrained(folder)
    drafter = Drafter.load(folder, identity_of("qwen"), device="cpu", threads=1)
    assert step_of(drafter.model) is None
    reference = AutoModelForCausalLM.from_pretrained(folder)
    ids = torch.tensor([drafter.tokens.encode(PROMPT)])
    written = reference.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=False)
    drafts = list(drafter.draft(PROMPT, Sampling(temperature=0, max_tokens=40), [(0, 0), (1, 1)]))
    assert [list(draft.token_ids) for draft in drafts] == [written[0, ids.shape[1] :].tolist()] * 2
