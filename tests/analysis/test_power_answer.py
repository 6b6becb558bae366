"""An answer's progress counts every study that there can be, those for the fewest people among them."""

from analysis.power import Components
from analysis.power_answer import PowerQuestion, power_answer

PARTS = Components(person=0.5, article=0.1, noise=0.8)


def told(question: PowerQuestion) -> list[tuple[int, int]]:
    """What ``progress`` was called with."""
    calls: list[tuple[int, int]] = []
    power_answer(question, PARTS, progress=lambda done, total: calls.append((done, total)))
    return calls


def test_progress_never_goes_back_and_never_beyond_its_total() -> None:
    calls = told(PowerQuestion(1.2, people=(12, 200), articles=(4, 5), ratings=2, small_simulations=2))
    done, totals = zip(*calls, strict=True)
    # One small size for each number of articles, and two sizes each for the fewest people.
    assert set(totals) == {2 * 2 + 2 * 2 * 2}
    assert list(done) == sorted(set(done))
    assert done[:4] == (1, 2, 3, 4)
    assert done[4] == 5
    assert {9, 10} <= set(done)
    assert done[-1] <= totals[0]
