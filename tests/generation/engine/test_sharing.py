"""A family whose layers keep the prompt from their attention is refused when it is loaded, not left to write."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from generation.engine import ModelFolderError, stepping
from generation.engine.loading import loaded
from generation.engine.sharing import check_sharing
from generation.engine.slots import ATTENTION, shared_prompt_attention
from tests.generation.engine.conftest import VOCABULARY

_SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.3,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
}
_GPT: dict[str, Any] = {"n_embd": 48, "n_layer": 2, "n_head": 4, "n_positions": 256}


def tiny_model(family: str, attention: str = ATTENTION, **shape: Any) -> PreTrainedModel:
    torch.manual_seed(20190)
    config = AutoConfig.for_model(family, **{**_SIZES, **shape})
    model: PreTrainedModel = AutoModelForCausalLM.from_config(config, attn_implementation=attention)
    return model


@pytest.mark.parametrize(
    ("family", "shape"),
    [
        ("stablelm", {}),
        ("nemotron", {}),
        ("diffllama", {}),
        ("jetmoe", {"kv_channels": 16, "num_local_experts": 4, "num_experts_per_tok": 2}),
        ("recurrent_gemma", {}),
        ("bloom", {"n_layer": 2, "n_head": 4}),
    ],
)
def test_a_family_that_would_write_as_if_there_were_no_prompt_is_refused(family: str, shape: dict[str, Any]) -> None:
    with pytest.raises(ModelFolderError, match=rf"cannot serve the attention of this family \({family}\)"):
        check_sharing(tiny_model(family, **shape))


@pytest.mark.parametrize("family", ["llama", "gpt2", "mistral", "qwen2", "gpt_neox"])
def test_a_family_that_hands_the_cache_down_is_taken(family: str) -> None:
    model = tiny_model(family, **(_GPT if family == "gpt2" else {}))
    check_sharing(model)
    # It writes with the loop's own attention afterwards.
    assert model.config._attn_implementation == ATTENTION


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("family", ["mistral", "llama", "gpt2"])
def test_rounding_to_half_the_bits_is_not_taken_for_another_attention(family: str, dtype: torch.dtype) -> None:
    check_sharing(tiny_model(family, **(_GPT if family == "gpt2" else {})).to(dtype))


def test_with_half_the_bits_it_is_the_loops_own_step_that_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if another device computed something else in it.
    turned = stepping._Turn.__call__
    monkeypatch.setattr(stepping._Turn, "__call__", lambda self, heads: -turned(self, heads).flip(-1))
    check_sharing(tiny_model("llama"))
    with pytest.raises(ModelFolderError):
        check_sharing(tiny_model("llama").bfloat16())


@pytest.mark.parametrize(("family", "shape"), [("gptj", {**_GPT, "rotary_dim": 8}), ("falcon", {})])
def test_a_family_with_attentions_of_its_own_is_refused_in_words(
    family: str, shape: dict[str, Any], tmp_path: Path
) -> None:
    tiny_model(family, "eager", **shape).save_pretrained(tmp_path)
    with pytest.raises(ModelFolderError, match=rf"attention of this family \({family}\)") as told:
        loaded(tmp_path, torch.device("cpu"), runs_code=False)
    assert ATTENTION not in str(told.value)


def test_an_attention_that_is_told_of_no_prompt_says_so_instead_of_leaving_it_out() -> None:
    query, keys = torch.zeros(2, 4, 1, 8), torch.zeros(2, 4, 16, 8)
    with pytest.raises(RuntimeError, match="its texts would ignore the prompt"):
        shared_prompt_attention(SimpleNamespace(layer_idx=0), query, keys, keys, None)
