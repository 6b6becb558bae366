"""Real GGUF files of tiny random models, written with the gguf package as llama.cpp's converter writes them."""

import json
from pathlib import Path

import gguf
import torch
from transformers import LlamaForCausalLM


def write_gguf(folder: Path, path: Path, *, architecture: str = "llama", tokenizer: bool = True) -> Path:
    """The Llama model of a Hugging Face folder as a GGUF file in 16 bits; ``architecture`` is what the file claims."""
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
    config = model.config
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10_000.0)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_vocab_size(config.vocab_size)
    if tokenizer:
        _add_tokenizer(writer, folder, config.vocab_size)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    for name, tensor in model.state_dict().items():
        found = names.get_name(name, try_suffixes=(".weight",))
        if found is None or name == "lm_head.weight":
            continue
        values = tensor
        for part, count in heads.items():
            if part in name:
                # llama.cpp turns the halves of a head into pairs.
                split = values.reshape(count, 2, values.shape[0] // count // 2, *values.shape[1:])
                values = split.swapaxes(1, 2).reshape(values.shape)
        kind = torch.float32 if values.dim() == 1 else torch.float16
        writer.add_tensor(found, values.to(kind).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_tokenizer(writer: gguf.GGUFWriter, folder: Path, size: int) -> None:
    stored = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    by_id = {number: token for token, number in stored["model"]["vocab"].items()}
    tokens = [by_id.get(number, f"[unused{number}]") for number in range(size)]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in stored["model"]["merges"]]
    special = [token["content"] for token in stored["added_tokens"]]
    kinds = [gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
