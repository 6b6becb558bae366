"""The loop over tiny random models of two families: same words as `generate`, whatever the batch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tokenizers
import torch
from transformers import AutoModelForCausalLM

from generation.engine import ModelFolderError, Prompt, PromptError, Sampling, SamplingError, candidate_seed
from generation.engine.draft import Draft
from generation.engine.drafter import Drafter
from generation.engine.identity import processor_name
from tests.generation.engine.conftest import identity_of, write_model

PROMPT = Prompt("The council voted on Tuesday to close the bridge, and")
JOBS = [(index, candidate_seed(11, index)) for index in range(13)]


def drafts(drafter: Drafter, sampling: Sampling, jobs: list[tuple[int, int]], rows: int | None) -> dict[int, Draft]:
    return {draft.index: draft for draft in drafter.draft(PROMPT, sampling, jobs, rows=rows)}


def test_greedy_gives_the_words_of_generate(tiny: Drafter, tiny_folder: Path) -> None:
    reference = AutoModelForCausalLM.from_pretrained(tiny_folder)
    ids = torch.tensor([tiny.tokens.encode(PROMPT)])
    written = reference.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=False)
    draft = next(tiny.draft(PROMPT, Sampling(temperature=0, max_tokens=40), [(0, 0)]))
    assert list(draft.token_ids) == written[0, ids.shape[1] :].tolist()


def test_logprobs_and_ranks_are_those_of_one_pass_over_the_whole_text(tiny: Drafter, tiny_folder: Path) -> None:
    reference = AutoModelForCausalLM.from_pretrained(tiny_folder)
    prompt_ids = tiny.tokens.encode(PROMPT)
    for draft in tiny.draft(PROMPT, Sampling(max_tokens=50), JOBS[:4]):
        with torch.no_grad():
            logits = reference(torch.tensor([[*prompt_ids, *draft.token_ids]])).logits[0, len(prompt_ids) - 1 : -1]
        said = torch.tensor(draft.token_ids)[:, None]
        assert torch.log_softmax(logits, -1).gather(1, said)[:, 0].tolist() == pytest.approx(draft.logprobs, abs=1e-3)
        ranks = (logits > logits.gather(1, said)).sum(-1) + 1
        assert ranks.tolist() == list(draft.ranks)


@pytest.mark.parametrize("sampling", [Sampling(max_tokens=60), Sampling(0.9, 50, 0.95, 0.01, 1.2, 60, 5)], ids=str)
def test_batch_size_order_and_neighbours_do_not_choose_words(tiny: Drafter, sampling: Sampling) -> None:
    together = drafts(tiny, sampling, JOBS, rows=13)
    assert len({draft.text for draft in together.values()}) == 13
    for rows, jobs in ((1, JOBS[:3]), (2, JOBS), (5, JOBS[::-1]), (None, JOBS[4:9])):
        for index, draft in drafts(tiny, sampling, jobs, rows).items():
            assert draft.token_ids == together[index].token_ids


def test_each_job_gives_one_draft_with_its_own_seed(tiny: Drafter) -> None:
    found = list(tiny.draft(PROMPT, Sampling(max_tokens=30), JOBS, rows=4))
    assert sorted((draft.index, draft.seed) for draft in found) == JOBS
    assert all(len(d.token_ids) == len(d.logprobs) == len(d.ranks) <= 30 for d in found)
    assert all(draft.seconds > 0 and draft.rows == 4 for draft in found)


def test_a_draft_ends_at_the_ending_token_or_at_its_limit(tiny: Drafter) -> None:
    jobs = [(index, candidate_seed(3, index)) for index in range(60)]
    found = drafts(tiny, Sampling(temperature=1.5, max_tokens=80), jobs, rows=16).values()
    ended = [draft for draft in found if draft.finish_reason == "stop"]
    full = [draft for draft in found if draft.finish_reason == "length"]
    assert ended
    assert full
    assert all(d.token_ids[-1] == 0 and 0 not in d.token_ids[:-1] and "<|endoftext|>" not in d.text for d in ended)
    assert all(len(draft.token_ids) == 80 and 0 not in draft.token_ids for draft in full)


def test_drafts_come_when_they_are_done_not_at_the_end(tiny: Drafter) -> None:
    jobs = [(index, candidate_seed(3, index)) for index in range(60)]
    sampling = Sampling(temperature=1.5, max_tokens=80)
    lengths = [len(draft.token_ids) for draft in tiny.draft(PROMPT, sampling, jobs, rows=60)]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1]


def test_no_draft_ends_before_the_minimum_length(tiny: Drafter) -> None:
    jobs = [(index, candidate_seed(3, index)) for index in range(60)]
    sampling = Sampling(temperature=1.5, max_tokens=80, min_tokens=25)
    assert min(len(draft.token_ids) for draft in tiny.draft(PROMPT, sampling, jobs, rows=30)) > 25


def test_an_interruption_stops_between_steps_and_keeps_what_is_done(tiny: Drafter) -> None:
    done: list[Draft] = []
    for draft in tiny.draft(PROMPT, Sampling(max_tokens=40), JOBS, rows=2, interrupted=lambda: len(done) >= 3):
        done.append(draft)
    assert 3 <= len(done) < len(JOBS)
    assert list(tiny.draft(PROMPT, Sampling(), JOBS, interrupted=lambda: True)) == []


def test_with_enough_done_no_further_text_is_begun_and_those_under_way_are_finished(tiny: Drafter) -> None:
    sampling = Sampling(max_tokens=40, min_tokens=40)
    found = list(tiny.draft(PROMPT, sampling, JOBS, rows=3, enough=lambda: True))
    assert [(draft.index, draft.seed) for draft in found] == JOBS[:3]
    asked: list[None] = []

    def not_yet() -> bool:
        asked.append(None)
        return False

    everything = tiny.draft(PROMPT, sampling, JOBS[:5], rows=2, enough=not_yet)
    assert sorted(draft.index for draft in everything) == [0, 1, 2, 3, 4]
    assert len(asked) == 2, "it is asked while texts wait, when others are done"


def test_what_an_interruption_dropped_is_written_the_same_later(tiny: Drafter) -> None:
    sampling = Sampling(max_tokens=40)
    whole = drafts(tiny, sampling, JOBS, rows=13)
    rest = drafts(tiny, sampling, JOBS[9:], rows=3)
    assert {i: d.text for i, d in rest.items()} == {i: whole[i].text for i in rest}


def test_no_jobs_give_no_drafts(tiny: Drafter) -> None:
    assert list(tiny.draft(PROMPT, Sampling(), [])) == []


def test_bad_input_is_refused_before_anything_is_written(tiny: Drafter) -> None:
    with pytest.raises(PromptError, match="empty"):
        tiny.draft(Prompt(" "), Sampling(), JOBS)
    with pytest.raises(PromptError, match="256"):
        tiny.draft(Prompt("word " * 300), Sampling(), JOBS)
    with pytest.raises(PromptError, match="chat template"):
        tiny.draft(Prompt("Write.", "instruction"), Sampling(), JOBS)
    with pytest.raises(SamplingError, match="temperature"):
        tiny.draft(PROMPT, Sampling(temperature=-1), JOBS)


def test_the_longest_draft_that_fits_the_context_is_written(tiny: Drafter) -> None:
    room = tiny.tokens.context_length - tiny.tokens.count(PROMPT)
    draft = next(tiny.draft(PROMPT, Sampling(max_tokens=room, min_tokens=room), JOBS[:1]))
    assert len(draft.token_ids) == room


def test_versions_name_what_ran(tiny: Drafter) -> None:
    versions = tiny.versions.to_dict()
    assert versions["torch"] == torch.__version__
    assert versions["tokenizers"] == tokenizers.__version__
    assert (versions["dtype"], versions["threads"]) == ("float32", 1)
    assert versions["device"] == f"cpu {processor_name()}"


@pytest.mark.parametrize(("kind", "told"), [("sliding", "sliding window"), ("chunked", "chunks of the text")])
def test_a_model_that_looks_back_over_a_part_of_the_text_is_refused(
    tiny_folder: Path, tmp_path: Path, kind: str, told: str
) -> None:
    folder = tmp_path / kind
    shutil.copytree(tiny_folder, folder)
    config = json.loads((folder / "config.json").read_text())
    layers = config.get("num_hidden_layers") or config["n_layer"]
    (folder / "config.json").write_text(json.dumps({**config, "layer_types": [f"{kind}_attention"] * layers}))
    with pytest.raises(ModelFolderError, match=told):
        Drafter.load(folder, identity_of(kind), device="cpu")


def test_a_folder_without_weights_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    shutil.copytree(tiny_folder, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    with pytest.raises(ModelFolderError, match="cannot be loaded"):
        Drafter.load(folder, identity_of("empty"), device="cpu")


_SHORT_OF_MEMORY = """
import resource, sys
from pathlib import Path
from generation.engine import Prompt, Sampling, candidate_seed
from generation.engine.drafter import Drafter, OutOfMemoryError
from tests.generation.engine.conftest import identity_of

drafter = Drafter.load(Path(sys.argv[1]), identity_of("wide"), device="cpu", threads=1)
prompt, jobs = Prompt("The council"), [(i, candidate_seed(1, i)) for i in range(400)]
next(drafter.draft(prompt, Sampling(max_tokens=3), jobs[:2]))
used = next(int(l.split()[1]) * 1024 for l in open("/proc/self/status") if l.startswith("VmSize"))
for spare in (2 * 10**9, 5 * 10**7):
    resource.setrlimit(resource.RLIMIT_AS, (used + spare, resource.RLIM_INFINITY))
    try:
        draft = next(drafter.draft(prompt, Sampling(max_tokens=8000), jobs, rows=400))
        print(draft.rows, draft.index)
    except OutOfMemoryError as error:
        print(error)
"""


@pytest.fixture(scope="module")
def short_of_memory(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What a process reports that asks for 400 rows of 131 MB with 2 GB to spare, and then with 50 MB."""
    folder = write_model(
        tmp_path_factory.mktemp("wide") / "gpt2", "gpt2", scale=0.02, n_embd=256, n_layer=8, n_positions=8192
    )
    command = [sys.executable, "-c", _SHORT_OF_MEMORY, str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def test_out_of_memory_halves_the_rows_and_goes_on(short_of_memory: list[str]) -> None:
    rows, index = map(int, short_of_memory[0].split())
    assert rows in {12, 6}
    assert index < rows


def test_memory_for_not_even_one_row_is_said_with_the_remedy(short_of_memory: list[str]) -> None:
    assert "Ask for shorter texts" in short_of_memory[1]
