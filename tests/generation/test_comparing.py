"""Pairwise mode: which pair comes next, what is stored, the ranking, and taking the best."""

import re
import threading
from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from generation import comparing, curation, editing
from generation.assignments import assign
from generation.models import Batch, Comparison
from generation.rules import CurationError, set_rules
from surveys import audit
from surveys.models import Article
from tests.generation.factories import CONTINUATION, address, curator, synthetic_arm, text_of, written

pytestmark = pytest.mark.django_db


@given(st.integers(2, 7), st.integers(1, 3))
def test_everybody_sees_every_pair_once_and_all_texts_meet_equally_often_on_the_way(texts: int, people: int) -> None:
    items = list(range(10, 10 + texts))
    asked = Counter[tuple[int, int]]()
    seen: dict[str, set[tuple[int, int]]] = {str(person): set() for person in range(people)}
    for _round in range(texts * (texts - 1) // 2):
        for salt, own in seen.items():
            shown = comparing.chosen_pair(items, asked, own, salt=salt)
            assert shown is not None
            pair = (min(shown), max(shown))
            asked[pair] += 1
            own.add(pair)
            met = Counter(item for (a, b), n in asked.items() for item in (a, b) for _ in range(n))
            if asked.total() >= texts:
                assert len(met) == texts, "somebody is still left out"
    assert all(own == set(combinations(items, 2)) for own in seen.values())
    assert comparing.chosen_pair(items, asked, seen["0"], salt="0") is None


def test_over_many_pairs_either_side_is_as_likely() -> None:
    lefts = [
        (shown := comparing.chosen_pair([1, 2], {}, set(), salt=str(salt))) is not None and shown[0] == 1
        for salt in range(2000)
    ]
    # A binomial count at 99.9%.
    assert abs(sum(lefts) - 1000) < 75


def compared(batch: Batch, *results: tuple[int, int, int | None], by: object = None) -> None:
    """Comparisons by index: two texts, and which of them won."""
    for left, right, winner in results:
        comparing.compare_pair(
            batch.study,
            batch.prompt,
            by=by or batch.created_by,  # type: ignore[arg-type]
            left=text_of(batch, left).code,
            right=text_of(batch, right).code,
            winner="" if winner is None else text_of(batch, winner).code,
        )


def shown(batch: Batch) -> str:
    """What the ranking's page sends with 'accept the best'."""
    found = comparing.compared(batch.study, batch.prompt)
    return comparing.fingerprint(found, comparing.ranking_of(found))


def order(batch: Batch) -> list[int]:
    found = comparing.compared(batch.study, batch.prompt)
    return [found.texts[strength.item].index for strength in comparing.ranking_of(found).strengths]


def test_the_ranking_follows_who_won() -> None:
    batch = written()
    compared(batch, (0, 1, 1), (2, 1, 1), (0, 2, 2))
    compared(batch, (0, 1, 0), (1, 2, None), by=curator(batch.study))
    assert order(batch) == [1, 2, 0]
    pairs = Comparison.objects.values_list("first__index", "second__index", "winner__index").order_by("pk")
    assert list(pairs) == [(0, 1, 1), (1, 2, 1), (0, 2, 2), (0, 1, 0), (1, 2, None)]


def test_a_comparison_says_nothing_of_a_text_that_was_edited_since(client: Client) -> None:
    batch = written()
    compared(batch, (0, 1, 1), (2, 1, 1), (0, 2, 2))
    curation.edit(text_of(batch, 1), by=batch.created_by, text="The invented bridge was closed for good.", revision=0)
    found = comparing.compared(batch.study, batch.prompt)
    assert (len(found.standing), found.outdated) == (1, 2)
    client.force_login(batch.created_by)
    page = client.get(address(batch.study, "ranking", batch.prompt.number)).content.decode()
    assert "2 comparisons are left out" in page
    compared(batch, (0, 1, 0))
    assert len(comparing.compared(batch.study, batch.prompt).by(batch.created_by)) == 2
    again = Comparison.objects.get(first=text_of(batch, 0), second=text_of(batch, 1), taken_back_at=None)
    assert again.winner == text_of(batch, 0)
    editing.take_back_edit(text_of(batch, 1).edits.get(), by=batch.created_by)
    assert len(comparing.compared(batch.study, batch.prompt).standing) == 2


def test_a_choice_between_texts_of_which_one_was_edited_meanwhile_is_not_stored(client: Client) -> None:
    batch = written()
    client.force_login(batch.created_by)
    url = address(batch.study, "pair", batch.prompt.number)
    page = client.get(url)
    pair = page.context["pair"]
    sent = {"left": pair.left.code, "right": pair.right.code, "choice": "left", "shown": page.context["shown"]}
    assert f'name="shown" value="{sent["shown"]}"' in page.content.decode()
    curation.edit(pair.left, by=batch.created_by, text="The invented bridge was closed for good.")
    assert "edited meanwhile" in client.post(url, sent, follow=True).content.decode()
    assert not Comparison.objects.exists()
    pair = (page := client.get(url)).context["pair"]
    sent = {"left": pair.left.code, "right": pair.right.code, "choice": "left", "shown": page.context["shown"]}
    client.post(url, sent)
    assert Comparison.objects.count() == 1


def test_a_pair_counts_once_a_person_and_can_be_taken_back() -> None:
    batch = written()
    compared(batch, (0, 1, 1), (0, 1, 0))
    assert Comparison.objects.get().winner == text_of(batch, 1)
    assert comparing.take_back(batch.study, batch.prompt, by=curator(batch.study)) is None
    assert comparing.take_back(batch.study, batch.prompt, by=batch.created_by) is not None
    compared(batch, (1, 0, 0))
    standing = Comparison.objects.get(taken_back_at=None)
    assert (standing.winner, standing.first_left) == (text_of(batch, 0), False)
    assert Comparison.objects.count() == 2


def test_texts_of_other_prompts_and_rejected_ones_cannot_win() -> None:
    batch = written()
    other = written(study=batch.study, text="Another opening of an invented article.")
    curation.reject(text_of(batch, 2), by=batch.created_by, reason="r")
    codes = [text_of(batch, 0).code, text_of(batch, 1).code]
    for left, right, winner in (
        (codes[0], codes[0], codes[0]),
        (codes[0], text_of(other).code, codes[0]),
        (codes[0], text_of(batch, 2).code, codes[0]),
        (codes[0], codes[1], text_of(other).code),
        (codes[0], "", ""),
    ):
        with pytest.raises(CurationError):
            comparing.compare_pair(
                batch.study, batch.prompt, by=batch.created_by, left=left, right=right, winner=winner
            )
    assert not Comparison.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_pair_sent_twice_at_the_same_moment_is_stored_once() -> None:
    batch = written()
    barrier, problems = threading.Barrier(3), list[Exception]()

    def send() -> None:
        try:
            barrier.wait()
            compared(batch, (0, 1, 1))
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert Comparison.objects.count() == 1


def test_the_best_are_accepted_by_a_rule_that_says_how_they_were_chosen() -> None:
    batch = written()
    arm = synthetic_arm(batch.study, model_slot="built-in", curation="curated")
    compared(batch, (0, 1, 1), (2, 1, 1), (0, 2, 2))
    articles = comparing.accept_best(batch.study, batch.prompt, by=batch.created_by, k=2, shown=shown(batch), arm=None)
    assert [article.arm for article in articles] == [arm, arm]
    assert order(batch)[0] == 1
    assert text_of(batch, 0).decision == "pending"
    rule = text_of(batch, 1).reviews.get().rule
    assert (
        rule == "the best 2 of 3 texts by 3 pairwise comparisons (Bradley-Terry, each credited with 0.5 won and lost)"
    )
    assert audit.verify(batch.study) == []


def test_the_best_are_not_taken_where_that_is_not_known() -> None:
    batch = written([CONTINUATION] * 4)
    study, prompt, by = batch.study, batch.prompt, batch.created_by
    compared(batch, (0, 1, 1), (2, 3, 3))
    before, now = "0" * 64, shown(batch)
    for k, seen, problem in (
        (1, before, "changed since"),
        (0, now, "1 to 4"),
        (5, now, "1 to 4"),
        (1, now, "never met"),
    ):
        with pytest.raises(CurationError, match=problem):
            comparing.accept_best(study, prompt, by=by, k=k, shown=seen, arm=None)
    compared(batch, (1, 3, 3))
    assign(study, [text_of(batch, 3)], by=by, curators=[by], each=1, seed=1)
    with pytest.raises(CurationError, match="they decide"):
        comparing.accept_best(study, prompt, by=by, k=1, shown=shown(batch), arm=None)
    assert not Article.objects.exists()


def test_the_pages_lead_from_pair_to_pair_to_the_ranking(client: Client) -> None:
    batch = written()
    study = batch.study
    client.force_login(batch.created_by)
    url = address(study, "pair", batch.prompt.number)
    for done in range(3):
        page = client.get(url)
        assert f"You compared {done} of 3 pairs" in page.content.decode()
        pair = page.context["pair"]
        answer = {"left": pair.left.code, "right": pair.right.code, "choice": "left", "seconds": "4.5"}
        assert client.post(url, answer).status_code == 302
    assert client.get(url, follow=True).redirect_chain[-1][0] == address(study, "ranking", batch.prompt.number)
    assert set(Comparison.objects.values_list("seconds", flat=True)) == {4.5}
    client.post(url, {"undo": "1"})
    assert Comparison.objects.filter(taken_back_at=None).count() == 2
    ranking = client.get(address(study, "ranking", batch.prompt.number)).content.decode()
    assert "2 comparisons, by the Bradley-Terry model" in ranking
    refused = client.post(address(study, "accept-best", batch.prompt.number), {"k": "9", "shown": shown(batch)})
    assert 'name="k" value="9"' in refused.content.decode()
    assert refused.status_code == 400
    assert "Take 1 to 3 texts" in refused.content.decode()
    client.post(address(study, "accept-best", batch.prompt.number), {"k": "1", "shown": shown(batch)})
    assert Article.objects.count() == 1


def test_the_best_sent_twice_are_taken_once_and_the_second_page_can_be_sent_on_purpose(client: Client) -> None:
    batch = written()
    synthetic_arm(batch.study, model_slot="built-in", curation="curated")
    compared(batch, (0, 1, 1), (2, 1, 1), (0, 2, 2))
    client.force_login(batch.created_by)
    url = address(batch.study, "accept-best", batch.prompt.number)
    sent = {"k": "1", "shown": shown(batch)}
    assert client.post(url, sent).status_code == 302
    again = client.post(url, sent)
    assert again.status_code == 400
    assert "changed since this page was shown" in again.content.decode()
    assert Article.objects.count() == 1
    sent["shown"] = again.context["best_form"]["shown"].value()
    assert client.post(url, sent).status_code == 302
    rule = text_of(batch, 2).reviews.get().rule
    assert rule.startswith("the best 1 undecided (place 2) of 3 texts by 3 pairwise comparisons")


def test_an_edit_makes_it_another_ranking_than_the_one_that_was_shown() -> None:
    batch = written()
    compared(batch, (0, 1, 1), (2, 1, 1), (0, 2, 2))
    before = shown(batch)
    curation.edit(text_of(batch, 1), by=batch.created_by, text="The invented bridge was closed for good.", revision=0)
    with pytest.raises(CurationError, match="changed since"):
        comparing.accept_best(batch.study, batch.prompt, by=batch.created_by, k=1, shown=before, arm=None)


def test_a_choice_that_no_page_offers_is_told_and_stored_nowhere(client: Client) -> None:
    batch = written()
    client.force_login(batch.created_by)
    url = address(batch.study, "pair", batch.prompt.number)
    for answer in ({}, {"left": "x", "right": "y", "choice": "left"}, {"choice": "\0"}):
        assert "cannot be chosen any more" in client.post(url, answer, follow=True).content.decode()
    assert not Comparison.objects.exists()
    assert client.get(address(batch.study, "pair", 99)).status_code == 404


def test_pairs_are_shown_blind_also_where_curation_is_open(client: Client) -> None:
    batch = written()
    set_rules(batch.study, by=batch.created_by, is_blind=False, most_edited=None)
    client.force_login(batch.created_by)
    page = client.get(address(batch.study, "pair", batch.prompt.number)).content.decode()
    assert batch.language_model.name not in page
    assert "of batch" not in page


def test_the_list_counts_the_comparisons_that_each_ranking_rests_on(
    client: Client, django_assert_num_queries: Any
) -> None:
    batch = written()
    study = batch.study
    other = written([" One bridge was closed.", " Another bridge was closed.", ""], study, text="A second opening.")
    compared(batch, (0, 1, 1), (2, 1, 1), (0, 2, 2))
    compared(other, (0, 1, 1))
    client.force_login(batch.created_by)

    def told() -> list[str]:
        page = client.get(address(study, "pairs")).content.decode()
        return re.findall(r"\d+ texts?, \d+ comparisons?", page)

    assert told() == ["3 texts, 3 comparisons", "2 texts, 1 comparison"]
    curation.edit(text_of(batch, 1), by=batch.created_by, text="The invented bridge was closed for good.")
    assert told() == ["3 texts, 1 comparison", "2 texts, 1 comparison"]
    curation.reject(text_of(other, 0), by=batch.created_by, reason="too short")
    assert told() == ["3 texts, 1 comparison"]
    with django_assert_num_queries(4):
        assert comparing.sizes(study) == {batch.prompt.pk: (3, 1), other.prompt.pk: (1, 0)}
    assert len(comparing.compared(study, batch.prompt).standing) == 1


def test_nothing_to_compare_says_so(client: Client) -> None:
    batch = written([CONTINUATION])
    client.force_login(batch.created_by)
    assert "Nothing to compare yet" in client.get(address(batch.study, "pairs")).content.decode()


def test_of_more_texts_than_can_be_compared_the_pages_and_the_rule_say_so(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "MOST", 2)
    batch = written([f" The bridge number {n} was closed for good." for n in range(5)])
    study, by = batch.study, batch.created_by
    client.force_login(by)
    for name in ("pair", "ranking"):
        page = client.get(address(study, name, 1)).content.decode()
        assert "3 more texts of this prompt are not compared" in page
    left, right = (text.code for text in comparing.pool(study, batch.prompt))
    comparing.compare_pair(study, batch.prompt, by=by, left=left, right=right, winner=left)
    comparing.accept_best(study, batch.prompt, by=by, k=1, shown=shown(batch), arm=synthetic_arm(study))
    accepted = batch.candidates.get(decision="accepted")
    assert accepted.code == left
    assert "of 2 texts (3 more were not compared)" in accepted.reviews.get().rule
