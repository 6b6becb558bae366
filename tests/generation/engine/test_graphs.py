"""Steps that are recorded and replayed give the words of steps that are computed, or are given up in words."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, Qwen2Config

from generation.engine import Prompt, Sampling, candidate_seed
from generation.engine.batch import Batch
from generation.engine.draft import Draft
from generation.engine.drafter import Drafter
from generation.engine.graphs import (
    EAGER,
    GRAPHS,
    GraphedSteps,
    Graphs,
    Recorder,
    Repeater,
    Work,
    can_be_recorded,
    counts,
    graphs_of,
    spans,
)
from generation.engine.stepping import step_of
from tests.generation.engine.tape import TapeRecorder
from tests.generation.engine.test_stepping import SMALL_LLAMA, VARIANTS, model_of

PROMPT = Prompt("The council voted on Tuesday to close the bridge, and the mayor said")
JOBS = [(index, candidate_seed(29, index)) for index in range(20)]
# Texts of all lengths, so that rows leave and others come.
RAGGED = Sampling(temperature=1.2, max_tokens=50, stop=("co", " the", "Q"))


class Kept:
    """The recorders that a drafter's batches asked for."""

    def __init__(self, kind: Callable[[], Recorder]) -> None:
        self.kind = kind
        self.made: list[Recorder] = []

    def __call__(self) -> Recorder:
        self.made.append(self.kind())
        return self.made[-1]


@pytest.fixture
def recorded(tiny: Drafter) -> Iterator[Callable[[Callable[[], Recorder]], Kept]]:
    """Has the tiny drafter record its steps by what the test gives."""

    def by(kind: Callable[[], Recorder]) -> Kept:
        kept = Kept(kind)
        tiny.graphs = Graphs(kept)
        return kept

    yield by
    tiny.graphs = None


Recording = Callable[[Callable[[], Recorder]], Kept]


def drafts(drafter: Drafter, sampling: Sampling, rows: int | None = None, count: int = 20) -> dict[int, Draft]:
    """Return the drafts without what tells of the batch and the clock."""
    found = drafter.draft(PROMPT, sampling, JOBS[:count], rows=rows)
    return {draft.index: replace(draft, seconds=0.0, rows=0) for draft in found}


def same(found: dict[int, Draft], expected: dict[int, Draft]) -> bool:
    """Whether words, ranks and endings are the same, and log-probabilities but for rounding."""
    return all(
        replace(draft, logprobs=()) == replace(expected[index], logprobs=())
        and draft.logprobs == pytest.approx(expected[index].logprobs, abs=1e-4)
        for index, draft in found.items()
    )


@pytest.mark.parametrize("kind", [Repeater, TapeRecorder])
@pytest.mark.parametrize("rows", [1, 5, 20])
def test_texts_are_those_of_computed_steps_while_rows_leave_and_come(
    tiny: Drafter, recorded: Recording, kind: type[Recorder], rows: int
) -> None:
    count = 4 if rows == 1 else 20
    computed = drafts(tiny, RAGGED, rows, count)
    assert len({len(draft.token_ids) for draft in computed.values()}) > count // 8
    recorded(kind)
    assert same(drafts(tiny, RAGGED, rows, count), computed)
    assert tiny.versions.steps == GRAPHS


def test_most_steps_of_a_batch_are_replayed_and_few_shapes_recorded(tiny: Drafter, recorded: Recording) -> None:
    kept = recorded(TapeRecorder)
    drafts(tiny, Sampling(max_tokens=90, min_tokens=90), 16)
    (recorder,) = kept.made
    assert isinstance(recorder, TapeRecorder)
    # 16 texts and then 4, each of 89 steps, over spans of 32, 64 and 89 tokens.
    assert recorder.recorded == 2 * 3
    assert recorder.replayed == 2 * 89 - 2 * 3


@pytest.mark.parametrize("kind", [Repeater, TapeRecorder])
def test_in_the_exact_mode_every_bit_is_that_of_computed_steps(
    tiny: Drafter, recorded: Recording, kind: type[Recorder]
) -> None:
    sampling = Sampling(max_tokens=24, temperature=1.1, top_p=0.97, repetition_penalty=1.1, exact=True)
    computed = drafts(tiny, sampling)
    recorded(kind)
    together = drafts(tiny, sampling)
    assert together == computed
    assert drafts(tiny, sampling, rows=7) == computed
    assert drafts(tiny, sampling, count=3) == {index: computed[index] for index in range(3)}


class Refusing(Repeater):
    """A device that cannot capture."""

    def record(self, work: Work) -> Work:
        """Raise as PyTorch does where a step asks for what a capture forbids."""
        raise torch.AcceleratorError(
            "CUDA error: operation not permitted when stream is capturing\nFor debugging pass A=1"
        )


class Idle(Repeater):
    """Graphs that hold nothing, as of work that ran on another stream."""

    def record(self, work: Work) -> Work:
        """Run the work, and return what does nothing."""
        work()
        return lambda: None


@pytest.mark.parametrize(
    ("kind", "told"), [(Refusing, "AcceleratorError: CUDA error: operation not"), (Idle, "nan deviations away")]
)
@pytest.mark.parametrize("exact", [False, True])
def test_where_recording_fails_the_texts_are_right_and_the_lineage_says_so(
    tiny: Drafter,
    recorded: Recording,
    kind: type[Recorder],
    told: str,
    exact: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sampling = replace(RAGGED, exact=exact)
    computed = drafts(tiny, sampling, 16)
    kept = recorded(kind)
    assert same(drafts(tiny, sampling, 16), computed)
    assert tiny.versions.steps.startswith(f"{EAGER}, after {GRAPHS} were given up: ")
    assert told in tiny.versions.steps
    assert "debugging" not in tiny.versions.steps
    assert len([line for line in caplog.messages if told in line]) == 1
    # Nor is it tried again for every batch.
    assert same(drafts(tiny, sampling, 16), computed)
    assert len(kept.made) == 1


def steps_of(drafter: Drafter, graphs: Graphs, *, exact: bool) -> tuple[Batch, GraphedSteps]:
    """Return a batch with open slots, and steps of two rows over them."""
    batch = Batch(drafter.model, drafter.tokens.encode(PROMPT), Sampling(max_tokens=40, exact=exact), ())
    batch.open(2)
    step = step_of(drafter.model)
    assert step is not None
    prompt = len(drafter.tokens.encode(PROMPT))
    return batch, GraphedSteps(step, batch.slots, graphs, batch._opening, prompt=prompt, rows=2, exact=exact)


class Wrong(Repeater):
    """Graphs whose replays do something else than the work."""

    steps: GraphedSteps
    replay: Callable[[GraphedSteps, Work, torch.Tensor], None]

    def record(self, work: Work) -> Work:
        """Run the work, and return what does `replay` instead, given the logits that were recorded too."""
        work()
        recorded = self.steps._logits.clone()
        return lambda: type(self).replay(self.steps, work, recorded)


def stale(steps: GraphedSteps, _work: Work, recorded: torch.Tensor) -> None:
    """Give the logits of the words that were there when it was recorded."""
    steps._logits.copy_(recorded)


def rounded(steps: GraphedSteps, work: Work, _recorded: torch.Tensor) -> None:
    """Give logits whose last bits differ."""
    work()
    steps._logits.mul_(1 + 2**-21)


@torch.inference_mode()
@pytest.mark.parametrize(
    ("replay", "exact", "until"), [(stale, False, 2), (stale, True, 2), (rounded, False, None), (rounded, True, 1)]
)
def test_a_replay_that_gives_other_logits_is_noticed_before_it_counts(
    tiny: Drafter, replay: Callable[..., None], exact: bool, until: int | None
) -> None:
    recorder = Wrong()
    graphs = Graphs(lambda: recorder)
    _batch, steps = steps_of(tiny, graphs, exact=exact)
    recorder.steps, Wrong.replay = steps, replay
    _other, computed = steps_of(tiny, Graphs(Refusing), exact=exact)
    for written, word in enumerate((5, 6, 7, 8)):
        found = steps([word, word + 20], [written, max(written - 1, 0)])
        expected = computed([word, word + 20], [written, max(written - 1, 0)])
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
        assert bool(graphs.failure) == (until is not None and written >= until)


def short_of_memory(times: int, *, chained: bool = False) -> Callable[[], Recorder]:
    """Return what makes recorders, the first ones of which find no memory."""
    made = iter(range(1000))

    class Short(Repeater):
        """Finds no memory, at once or as the end of a broken capture tells it."""

        def record(self, work: Work) -> Work:
            try:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            except torch.OutOfMemoryError:
                if chained:
                    raise RuntimeError("operation failed due to a previous error during capture")  # noqa: B904
                raise

    return lambda: Short() if next(made) < times else Repeater()


@pytest.mark.parametrize("chained", [False, True])
def test_out_of_memory_while_recording_halves_the_rows_with_the_same_words(
    tiny: Drafter, recorded: Recording, chained: bool
) -> None:
    computed = drafts(tiny, RAGGED, 5)
    recorded(short_of_memory(2, chained=chained))
    found = list(tiny.draft(PROMPT, RAGGED, JOBS, rows=13))
    assert found[-1].rows == 3
    assert same({draft.index: replace(draft, seconds=0.0, rows=0) for draft in found}, computed)
    assert tiny.versions.steps == GRAPHS


@pytest.mark.parametrize("exact", [False, True])
def test_where_there_is_room_for_texts_but_not_for_graphs_they_are_written_without(
    tiny: Drafter, recorded: Recording, exact: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sampling = replace(RAGGED, exact=exact)
    computed = drafts(tiny, sampling, 5, 6)
    recorded(short_of_memory(9))
    found, said = {}, set()
    for each in tiny.draft(PROMPT, sampling, JOBS[:6], rows=2):
        found[each.index] = replace(each, seconds=0.0, rows=0)
        said.add(tiny.versions.steps)
    assert same(found, computed)
    assert sum(f"without {GRAPHS}" in line for line in caplog.messages) == 1
    [steps] = said
    assert steps.startswith(f"{EAGER}, after {GRAPHS} were given up: out of memory with ")
    # There may be room the next time.
    assert tiny.versions.steps == GRAPHS


@torch.inference_mode()
@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_a_step_of_every_kind_is_replayed_from_its_operations_alone(name: str, dtype: torch.dtype) -> None:
    # Unpacked and with half the bits, as on a card.
    model = model_of(name).to(dtype)
    assert can_be_recorded(model)
    graphs = Graphs(TapeRecorder)
    batches = []
    for way in (graphs, None):
        sampling = Sampling(max_tokens=60, min_tokens=60, exact=True)
        batches.append(batch := Batch(model, list(range(3, 30)), sampling, [0], graphs=way))
        batch.open(3)
        batch.admit(deque((index, candidate_seed(1, index)) for index in range(3)), 3)
        for _ in range(20):
            batch.step()
    one, other = ([(row.token_ids, row.logprobs) for row in batch.rows] for batch in batches)
    assert one == other
    assert not graphs.failure


def test_what_recorded_steps_hold_counts_among_what_a_row_takes(tiny: Drafter) -> None:
    ids = tiny.tokens.encode(PROMPT)
    plain, graphed = (Batch(tiny.model, ids, RAGGED, (), graphs=way).row_bytes() for way in (None, Graphs(Repeater)))
    vocabulary, heads = tiny.model.config.vocab_size, tiny.model.config.num_attention_heads
    assert graphed - plain == 4 * (3 * vocabulary + 4 * heads * (len(ids) + 49))


@pytest.mark.parametrize("rows", [2, 3, 30, 64, 100, 256])
def test_counts_of_rows_end_with_all_of_them_and_seldom_compute_half_in_vain(rows: int) -> None:
    found = counts(rows)
    assert found[-1] == rows
    assert list(found) == sorted(set(found))
    assert all(after <= 2 * before for before, after in pairwise(found))
    assert len(found) <= 14


@pytest.mark.parametrize("length", [1, 16, 31, 33, 89, 399, 2047])
def test_spans_end_with_the_whole_slot_and_are_few(length: int) -> None:
    found = spans(length)
    assert found[-1] == length
    assert list(found) == sorted(set(found))
    assert len(found) <= 13


def test_on_a_cpu_steps_are_computed_and_the_lineage_says_so(tiny: Drafter) -> None:
    assert graphs_of(tiny.model) is None
    assert tiny.versions.steps == EAGER


def test_positions_whose_frequencies_depend_on_the_longest_text_are_not_recorded() -> None:
    stretched = {"rope_type": "dynamic", "rope_theta": 500.0, "factor": 2.0}
    model = LlamaForCausalLM(LlamaConfig(**SMALL_LLAMA, rope_parameters=stretched))
    assert step_of(model) is not None
    assert not can_be_recorded(model)
    assert not can_be_recorded(AutoModelForCausalLM.from_config(Qwen2Config(**SMALL_LLAMA)))
