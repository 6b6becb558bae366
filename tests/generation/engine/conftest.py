"""Models for the engine's tests: tiny random ones of two families, and the built-in model, converted once a machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, PreTrainedModel

from generation.engine import ModelIdentity, builtin_model
from generation.engine.builtin import BuiltinModel
from generation.engine.drafter import Drafter

END = "<|endoftext|>"
VOCABULARY = 320
CORPUS = [
    "The council voted on Tuesday to close the bridge, and the mayor said repairs would begin in March.",
    "Residents said they had not been asked. The harbour office declined to comment on the closure.",
]


def identity_of(name: str) -> ModelIdentity:
    """Return an identity for a model that exists for a test only."""
    return ModelIdentity(name, "model.safetensors", "test", "0" * 64, "0" * 64, "float32", "none", 256, 1)


def write_tokenizer(folder: Path) -> None:
    """Write a byte-level tokenizer trained on two sentences, its ending token first in the vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))


def write_model(folder: Path, family: str, *, scale: float = 0.3, **settings: int) -> Path:
    """Write a small random model of a family ('llama' or 'gpt2'), with tokenizer; `scale` spreads its weights."""
    folder.mkdir(parents=True)
    write_tokenizer(folder)
    torch.manual_seed(20190)
    model: PreTrainedModel
    if family == "llama":
        shape = {"hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 3, **settings}
        config = LlamaConfig(
            vocab_size=VOCABULARY,
            num_attention_heads=6,
            num_key_value_heads=2,
            max_position_embeddings=256,
            initializer_range=scale,
            bos_token_id=0,
            eos_token_id=0,
            pad_token_id=0,
            tie_word_embeddings=True,
            **shape,
        )
        model = LlamaForCausalLM(config)
    else:
        shape = {"n_embd": 48, "n_layer": 3, "n_head": 4, "n_positions": 256, **settings}
        model = GPT2LMHeadModel(
            GPT2Config(
                vocab_size=VOCABULARY, initializer_range=scale, bos_token_id=0, eos_token_id=0, pad_token_id=0, **shape
            )
        )
    model.save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """One thread for each test, whatever the one before it loaded: on a busy machine two threads wait for each other
    far longer than they compute."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session", params=["llama", "gpt2"])
def tiny_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random model of either family, as a folder."""
    return write_model(tmp_path_factory.mktemp("tiny") / request.param, request.param)


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> Drafter:
    """A drafter of a tiny random model, of either family."""
    return Drafter.load(tiny_folder, identity_of(tiny_folder.name), device="cpu", threads=1)


@pytest.fixture(scope="session")
def builtin() -> BuiltinModel:
    """The built-in model, converted once a machine."""
    cache = os.environ.get("STUDYWEB_CACHE_DIR")
    return builtin_model(Path(cache) if cache else Path.home() / ".cache" / "studyweb")


@pytest.fixture(scope="session")
def smol(builtin: BuiltinModel) -> Drafter:
    """A drafter of the built-in model."""
    return Drafter.load(builtin.folder, builtin.identity, device="cpu", threads=1)
