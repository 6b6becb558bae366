"""Tokens are chosen with exactly the probabilities that the specification gives, whatever the method of choice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy import stats

from generation.engine import Sampling, choosing
from generation.engine.choosing import Forbidden, choose
from generation.engine.sampling import LEAST_PENALTY, LEAST_TEMPERATURE
from generation.engine.seeds import uniforms
from tests.generation.engine.tape import WAITS, Tape

_DRAWS = 16_000
_VOCABULARY = 1500  # wider than a block of words and than the head that is sorted first

Probabilities = npt.NDArray[np.float64]


def logits(spread: float, vocabulary: int = _VOCABULARY) -> torch.Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.randn((1, vocabulary), generator=generator) * spread


def draw(row: torch.Tensor, sampling: Sampling, said: torch.Tensor | None = None) -> Probabilities:
    """Return how often each word was drawn, out of _DRAWS with fixed seeds."""
    numbers = torch.from_numpy(uniforms(np.full(_DRAWS, 3), np.arange(_DRAWS)))
    counts = np.zeros(row.shape[1])
    for start in range(0, _DRAWS, 4000):
        part = numbers[start : start + 4000]
        rows = row.expand(len(part), -1)
        old = None if said is None else said.expand(len(part), -1)
        counts += np.bincount(choose(rows, part, sampling, said=old).ids.numpy(), minlength=row.shape[1])
    return counts


def exact(row: torch.Tensor, sampling: Sampling) -> Probabilities:
    """Return the probabilities by definition: sort, cut, renormalise, one limit after the other, in float64."""
    p = torch.softmax(row[0].double() / sampling.temperature, dim=-1).numpy()
    order = np.argsort(-p, kind="stable")
    p = p[order]
    if sampling.top_k:
        p[sampling.top_k :] = 0
        p /= p.sum()
    if sampling.top_p < 1:
        p[np.cumsum(p) - p >= sampling.top_p] = 0
        p /= p.sum()
    p[p < sampling.min_p * p.max()] = 0
    result = np.zeros_like(p)
    result[order] = p / p.sum()
    return result


def chi_squared_p(counts: Probabilities, probabilities: Probabilities) -> float:
    """Return the p value; words expected fewer than 5 times are pooled into one cell."""
    expected = probabilities * counts.sum()
    common = expected >= 5
    observed, predicted = counts[common], expected[common]
    if not common.all() and expected[~common].sum() >= 5:
        observed = np.append(observed, counts[~common].sum())
        predicted = np.append(predicted, expected[~common].sum())
    # What is still too rare to be a cell of its own must all but never be drawn.
    assert abs(counts.sum() - observed.sum()) < 30
    return float(stats.chisquare(observed, predicted * observed.sum() / predicted.sum()).pvalue)


@pytest.mark.parametrize("spread", [0.5, 2.0], ids=["flat", "peaked"])
@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(),
        Sampling(temperature=0.6),
        Sampling(temperature=1.7),
        Sampling(top_k=40),
        Sampling(top_p=0.9),
        Sampling(top_p=0.3, temperature=1.3),
        Sampling(min_p=0.05),
        Sampling(top_k=1200, top_p=0.8),
        Sampling(top_k=100, top_p=0.95, min_p=0.02, temperature=0.8),
    ],
    ids=str,
)
def test_words_come_with_their_exact_probabilities(sampling: Sampling, spread: float) -> None:
    row = logits(spread)
    counts, probabilities = draw(row, sampling), exact(row, sampling)
    assert counts[probabilities == 0].sum() == 0
    assert chi_squared_p(counts, probabilities) > 0.001


@pytest.mark.parametrize("top_p", [0.5, 0.97, 0.99999])
def test_how_many_words_are_sorted_first_chooses_nothing(top_p: float, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nuclei of a few words, of more than are sorted first, and of more than are sorted then.
    rows = torch.cat([logits(spread, 20_000) for spread in (0.1, 1.0, 2.5, 6.0)])
    limited = torch.exp(rows - rows.amax(dim=-1, keepdim=True))
    found = choosing._nucleus(limited, 20_000, top_p)
    assert len({int(n) for n in (limited >= found).sum(dim=-1)}) == 4
    monkeypatch.setattr(choosing, "_HEAD", 20_000)
    assert torch.equal(found, choosing._nucleus(limited, 20_000, top_p))


def test_the_repetition_penalty_divides_positive_and_multiplies_negative_scores() -> None:
    row = torch.tensor([[2.0, -1.0, 0.5, -0.5, 1.0]])
    said = torch.tensor([[0, 1, 1]])
    penalised = torch.tensor([[2.0 / 1.5, -1.5, 0.5, -0.5, 1.0]])
    counts = draw(row, Sampling(repetition_penalty=1.5), said)
    assert chi_squared_p(counts, exact(penalised, Sampling())) > 0.001


def test_greedy_takes_the_most_probable_word() -> None:
    row = logits(2.0)
    chosen = choose(row, torch.tensor([0.99], dtype=torch.float64), Sampling(temperature=0))
    assert chosen.ids.tolist() == [int(row.argmax())]
    assert chosen.ranks.tolist() == [1]


def test_a_forbidden_word_is_never_drawn_and_the_others_keep_their_proportions() -> None:
    row = torch.tensor([[300.0, 1.0, 0.0, 1.5]])
    forbidden = Forbidden(torch.arange(5000), torch.zeros(5000, dtype=torch.long))
    numbers = torch.linspace(0, 0.9999, 5000, dtype=torch.float64)
    ids = choose(row.expand(5000, -1), numbers, Sampling(), forbidden=forbidden).ids
    shares = np.bincount(ids.numpy(), minlength=4) / 5000
    expected = torch.softmax(torch.tensor([-torch.inf, 1.0, 0.0, 1.5]), dim=-1)
    assert shares == pytest.approx(expected.tolist(), abs=1e-3)


@pytest.mark.parametrize("temperature", [0, 1.0])
def test_the_logits_are_afterwards_what_they_were(temperature: float) -> None:
    torch.manual_seed(3)
    logits = torch.randn(4, 600)
    before, numbers = logits.clone(), torch.rand(4, dtype=torch.float64)
    forbidden = Forbidden(torch.tensor([0, 3, 3]), torch.tensor([5, 0, 599]))
    choose(logits, numbers, Sampling(temperature=temperature), forbidden=forbidden)
    assert torch.equal(logits, before)
    everything = Forbidden(torch.zeros(600, dtype=torch.long), torch.arange(600))
    with pytest.raises(ValueError, match="Every word"):
        choose(logits, numbers, Sampling(temperature=temperature), forbidden=everything)
    assert torch.equal(logits, before)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_a_prohibition_changes_no_logprob_and_no_rank_and_no_other_row(temperature: float) -> None:
    rows = logits(2.0).repeat(3, 1)
    best = rows[0].argsort(descending=True)
    forbidden = Forbidden(torch.tensor([1, 1]), best[:2])
    numbers = torch.full((3,), 0.3, dtype=torch.float64)
    chosen = choose(rows, numbers, Sampling(temperature=temperature, top_k=3), forbidden=forbidden)
    assert chosen.ids[0] == chosen.ids[2]
    assert chosen.ids[1] in best[2:5]
    expected = torch.log_softmax(rows.double(), -1).gather(1, chosen.ids[:, None])[:, 0]
    torch.testing.assert_close(chosen.logprobs.double(), expected, atol=1e-5, rtol=0)
    assert int(chosen.ranks[1]) == best.tolist().index(int(chosen.ids[1])) + 1


def test_a_row_without_any_word_is_refused() -> None:
    everything = Forbidden(torch.zeros(4, dtype=torch.long), torch.arange(4))
    with pytest.raises(ValueError, match="Every word"):
        choose(torch.zeros(1, 4), torch.zeros(1, dtype=torch.float64), Sampling(), forbidden=everything)


def test_logprobs_and_ranks_are_those_of_the_model_before_limits() -> None:
    row = logits(2.0)
    chosen = choose(row, torch.tensor([0.4], dtype=torch.float64), Sampling(temperature=0.5, top_k=9))
    token = int(chosen.ids[0])
    assert float(chosen.logprobs[0]) == pytest.approx(float(torch.log_softmax(row[0], -1)[token]), abs=1e-5)
    assert int(chosen.ranks[0]) == row[0].argsort(descending=True).tolist().index(token) + 1


@pytest.mark.parametrize("number", [0.0, 1 - 2.0**-53])
@pytest.mark.parametrize("vocabulary", [1, 7, 256, 257, _VOCABULARY])
def test_the_ends_of_the_unit_interval_never_give_a_word_of_weight_zero(number: float, vocabulary: int) -> None:
    row = logits(3.0, vocabulary)
    row[0, 0] = row[0, -1] = -torch.inf if vocabulary > 2 else 0.0
    token = int(choose(row, torch.tensor([number], dtype=torch.float64), Sampling()).ids[0])
    assert row[0, token] > -torch.inf


@pytest.mark.parametrize(
    "sampling", [Sampling(), Sampling(top_p=0.9, temperature=0.7), Sampling(temperature=0)], ids=str
)
def test_memory_that_is_used_again_changes_nothing(sampling: Sampling) -> None:
    rows = logits(2.0).repeat(3, 1)
    numbers = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
    left_over = torch.full_like(rows, torch.nan)
    before = rows.clone()
    for ours, plain in zip(
        choose(rows, numbers, sampling, scratch=left_over), choose(rows, numbers, sampling), strict=True
    ):
        assert ours.tolist() == plain.tolist()
    assert torch.equal(rows, before)


@pytest.mark.parametrize(
    "least", [Sampling(temperature=LEAST_TEMPERATURE), Sampling(repetition_penalty=LEAST_PENALTY, min_p=1.0)], ids=str
)
def test_the_least_values_that_are_taken_still_choose_a_word(least: Sampling) -> None:
    chosen = choose(logits(20.0), torch.tensor([0.5], dtype=torch.float64), least.validated(), said=torch.tensor([[3]]))
    assert bool(torch.isfinite(chosen.logprobs).all())


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(),
        Sampling(temperature=0),
        Sampling(temperature=0.7, repetition_penalty=1.2),
        Sampling(top_k=40),
        Sampling(top_k=40, top_p=0.9, min_p=0.05),
    ],
    ids=str,
)
def test_a_choice_does_not_make_the_host_wait_for_a_device(sampling: Sampling) -> None:
    rows, numbers = logits(2.0).repeat(3, 1), torch.from_numpy(uniforms(np.full(3, 3), np.arange(3)))
    said = torch.tensor([[1, 2]] * 3)
    forbidden = Forbidden(torch.tensor([0, 2]), torch.tensor([4, 9]))
    with Tape(forbidden=WAITS):
        choose(rows, numbers, sampling, said=said, forbidden=forbidden)
    # Only a nucleus of the whole vocabulary asks whose it is that is wider than what is sorted first.
    with pytest.raises(RuntimeError, match="nonzero"), Tape(forbidden=WAITS):
        choose(rows, numbers, Sampling(top_p=0.9))
