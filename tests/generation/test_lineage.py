"""How a draft stands behind its opening, and what travels with an accepted text."""

import hashlib
import json
import math

import pytest

from generation.lineage import lineage_of, opened_text, unedited
from tests.generation.factories import OPENING, text_of, written

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("raw", "joined"),
    [
        (" It went on.", f"{OPENING} It went on."),
        ("\n\nIt went on.", f"{OPENING}\n\nIt went on."),
        ("\nIt went on.", f"{OPENING}\n\nIt went on."),
        (", and it went on.", f"{OPENING}, and it went on."),
        ("<s>\n\nIt went on.", f"{OPENING}\n\nIt went on."),
        (f"{OPENING} It went on.", f"{OPENING} It went on."),
        (f"\n\n{OPENING}It went on.", f"{OPENING}\n\nIt went on."),
        ("It went on.", f"{OPENING}It went on."),
    ],
)
def test_a_draft_stands_behind_its_opening_as_the_model_set_it(raw: str, joined: str) -> None:
    assert opened_text(text_of(written([raw]))) == joined


def test_an_opening_that_readers_do_not_get_is_left_out() -> None:
    text = text_of(written([" It went on."], opening_shown=False))
    assert (opened_text(text), unedited(text).raw) == ("It went on.", " It went on.")


def test_an_instruction_is_never_shown_to_readers() -> None:
    text = text_of(written(["The bridge was closed."], kind="instruction", text="Write about a bridge."))
    assert opened_text(text) == "The bridge was closed."


def test_a_draft_of_nothing_is_not_made_an_article_of_the_opening_alone() -> None:
    assert opened_text(text_of(written(["<|im_end|>"]))) == ""


def test_the_lineage_can_be_written_as_json_and_keeps_large_seeds_whole() -> None:
    text = text_of(written(seed=2**62 - 1))
    stored = json.loads(json.dumps(lineage_of(text)))
    assert int(stored["batch"]["seed"]) == 2**62 - 1
    assert int(stored["candidate"]["seed"]) == text.seed
    assert stored["raw"]["token_ids"] == [11, 12, 13]


def test_the_lineage_holds_the_prompt_as_the_model_was_given_it() -> None:
    text = text_of(written(kind="instruction", text="Write about a bridge."))
    assert text.run is not None
    text.run.given_text, text.run.given_tokens = "<user>Write about a bridge.<assistant>", 9
    prompt = lineage_of(text)["prompt"]
    assert prompt["text"] == "Write about a bridge."
    assert prompt["given"] == {
        "text": "<user>Write about a bridge.<assistant>",
        "sha256": hashlib.sha256(b"<user>Write about a bridge.<assistant>").hexdigest(),
        "tokens": 9,
    }


def test_the_lineage_says_how_probable_the_model_found_its_text() -> None:
    text = text_of(written())
    assert lineage_of(text)["score"] == {
        "perplexity": pytest.approx(math.exp(2)),
        "ranks": {"10": 3, "100": 0, "1000": 0, "rest": 0},
    }
    text.mean_logprob, text.ranks = None, []
    assert lineage_of(text)["score"] == {}
