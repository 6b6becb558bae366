"""The leak scan: marks of a machine, and marks that one side alone has."""

import math
import random
import time

import pytest

from generation.parity.leaks import BY_CHANCE, scan
from generation.parity.measures import Shown
from tests.generation.parity.texts import REAL, WRITTEN, pair, shown

PROMPT = "The council of the invented town of Northgate voted on Tuesday to close its old bridge at once."


def kinds(texts: list[Shown]) -> list[str]:
    return [leak.kind for leak in scan(texts)]


def test_two_texts_of_one_form_leak_nothing() -> None:
    assert scan(pair()) == []


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (WRITTEN + " As an AI language model, I cannot verify this.", "self-naming"),
        (WRITTEN + " <|im_end|> Done.", "special-tokens"),
        (WRITTEN + " The mayor of the", "cut-ending"),
        (WRITTEN + "\n\n**Note**: more later.", "markup"),
        ("By Anna Berg\n\n" + WRITTEN, "byline"),
        ("By Anna Berg and Tom Hill\n\n" + WRITTEN, "byline"),
        ("NORTHGATE, Oct. 3 — " + WRITTEN, "dateline"),
        ("NORTHGATE (Reuters) - " + WRITTEN, "dateline"),
        (WRITTEN + "\n\nReporting by Anna Berg.", "credit"),
        (WRITTEN + "\n\nWrite to anna.berg@news.example.org.", "credit"),
        (WRITTEN.replace('"', "”"), "quote-marks"),
    ],
)
def test_a_mark_of_the_machine_or_of_one_side_is_found(written: str, kind: str) -> None:
    assert kind in kinds(pair(written=written))


def test_bylines_and_datelines_on_both_sides_tell_nothing() -> None:
    top = "By Anna Berg\n\nNORTHGATE, Oct. 3 — "
    assert scan(pair(top + REAL, top + WRITTEN)) == []


def test_a_mark_of_the_real_side_is_counted_on_both() -> None:
    texts = [shown("By Anna Berg\n\n" + REAL, "real", key="a"), shown(REAL, "real", key="b"), shown(WRITTEN)]
    leak = scan(texts)[0]
    assert (leak.kind, leak.keys, leak.real, leak.synthetic) == ("byline", ("a",), "1/2", "0/1")
    assert leak.evidence == "By Anna Berg"


def bylines(real: tuple[int, int], written: tuple[int, int]) -> list[Shown]:
    """So many texts with a byline of so many on each side."""
    sides = ((REAL, "real", real), (WRITTEN, "synthetic", written))
    return [
        shown("By Anna Berg\n\n" + text if n < marked else text, side, key=f"{side}-{n}")
        for text, side, (marked, of) in sides
        for n in range(of)
    ]


@pytest.mark.parametrize(
    ("real", "written", "leaks"),
    [
        ((30, 40), (1, 40), True),
        ((1, 40), (12, 40), True),
        ((2, 2), (1, 2), False),
        ((10, 10), (5, 10), True),
        ((5, 5), (3, 5), False),
        ((20, 40), (18, 40), False),
        ((4, 10), (1, 10), False),
        ((10, 10), (10, 10), False),
    ],
)
def test_a_mark_on_both_sides_tells_them_apart_where_one_has_it_far_more_often(
    real: tuple[int, int], written: tuple[int, int], leaks: bool
) -> None:
    found = scan(bylines(real, written))
    assert [leak.kind for leak in found] == ["byline"] * leaks
    if found:
        side = "real" if real[0] / real[1] > written[0] / written[1] else "synthetic"
        assert (found[0].real, found[0].synthetic) == ("/".join(map(str, real)), "/".join(map(str, written)))
        assert all(key.startswith(side) for key in found[0].keys)


def of_arms(real: tuple[int, int], **arms: tuple[int, int]) -> list[Shown]:
    """So many texts with a headline of so many: real ones, and those of each arm."""
    return [
        shown(
            REAL if arm == "real" else WRITTEN,
            "real" if arm == "real" else "synthetic",
            key=f"{arm}-{n}",
            arm=arm,
            headline="A bridge is closed" if n < marked else "",
        )
        for arm, (marked, of) in {"real": real, **arms}.items()
        for n in range(of)
    ]


def test_arms_of_which_one_has_a_mark_and_another_has_not_do_not_cancel_out() -> None:
    together = scan(of_arms((7, 14), a=(14, 14), b=(0, 14)))
    assert [(leak.kind, leak.arm, leak.real, leak.synthetic) for leak in together] == [
        ("headline", "a", "7/14", "14/14"),
        ("headline", "b", "7/14", "0/14"),
    ]
    assert [leak.keys for leak in together] == [
        tuple(f"a-{n}" for n in range(14)),
        tuple(f"real-{n}" for n in range(7)),
    ]
    for alone in ({"a": (14, 14)}, {"b": (0, 14)}):
        assert [leak.kind for leak in scan(of_arms((7, 14), **alone))] == ["headline"]


def test_an_arm_of_four_texts_that_never_has_what_all_others_have_is_found() -> None:
    assert [(leak.arm, leak.synthetic) for leak in scan(of_arms((4, 4), a=(4, 4), b=(0, 4)))] == [("b", "0/4")]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(("real", "arms", "each"), [(12, 6, 2), (20, 8, 3), (10, 4, 3), (8, 4, 8), (20, 1, 20)])
def test_of_studies_whose_sides_differ_in_nothing_few_marks_on_both_sides_are_leaks(
    real: int, arms: int, each: int, share: float
) -> None:
    """Several marks at once, each carried by about this share of the texts of either side."""
    draw = random.Random(20190)
    studies, blocked = 100, 0
    for _study in range(studies):
        sides = [("real", "real", real), *(("synthetic", f"a{arm}", each) for arm in range(arms))]
        texts = [
            shown(
                ("By Anna Berg\n\n" if draw.random() < share else "")
                + "The bridge is shut."
                + ("\n\nReporting by Tom Hill" if draw.random() < share else "")
                + ("\n\nIt is **late**." if draw.random() < share else "."),
                side,
                key=f"{arm}-{n}",
                arm=arm,
                headline="A bridge is closed" if draw.random() < share else "",
            )
            for side, arm, of in sides
            for n in range(of)
        ]
        # What one side alone carries is a leak however few texts do.
        blocked += any(
            leak.real and (leak.arm or not (leak.real.startswith("0/") or leak.synthetic.startswith("0/")))
            for leak in scan(texts)
        )
    # More come once in a thousand runs.
    assert blocked <= BY_CHANCE * studies + 3.1 * math.sqrt(BY_CHANCE * (1 - BY_CHANCE) * studies)


@pytest.mark.parametrize(
    ("real", "arms", "found"),
    [
        ((40, 40), {"a": (0, 40), "b": (0, 40)}, [""]),
        ((20, 40), {"a": (5, 40), "b": (20, 40), "c": (35, 40)}, ["a", "c"]),
        # For one arm alone its p value, 0.020, would do.
        ((20, 40), {"a": (9, 40)}, [""]),
        ((20, 40), {"a": (9, 40), "b": (20, 40), "c": (20, 40)}, []),
        ((1, 10), {"a": (1, 10), "b": (0, 10)}, []),
        ((4, 10), {"a": (5, 10), "b": (3, 10)}, []),
    ],
)
def test_an_arm_is_named_where_its_share_alone_lies_far_from_that_of_the_real_texts(
    real: tuple[int, int], arms: dict[str, tuple[int, int]], found: list[str]
) -> None:
    assert [leak.arm for leak in scan(of_arms(real, **arms))] == found


def test_a_language_of_one_side_alone_is_found_and_so_is_one_of_a_single_arm() -> None:
    # Too short to tell by their letters what they are in: the page names it.
    texts = [shown("Ja.", "real", key=f"real-{n}", language=tag) for n, tag in enumerate(["en"] * 9 + ["de"] * 9)]
    written = {"a": ["en"] * 18, "b": ["de"] * 18, "c": ["en", "de"] * 9}
    of_arm = {
        arm: [shown("Ja.", key=f"{arm}-{n}", arm=arm, language=tag) for n, tag in enumerate(tags)]
        for arm, tags in written.items()
    }
    assert scan([*texts, *of_arm["c"]]) == []
    assert scan([*texts[:9], *of_arm["a"]]) == []
    found = scan([*texts[:9], *of_arm["b"]])
    assert [(leak.kind, leak.evidence, leak.real, leak.synthetic) for leak in found] == [
        ("language", "de", "0/9", "18/18"),
        ("language", "en", "9/9", "0/18"),
    ]
    together = scan([*texts, *of_arm["a"], *of_arm["b"], *of_arm["c"]])
    assert [(leak.kind, leak.arm, leak.evidence) for leak in together] == [
        ("language", arm, tag) for tag in ("de", "en") for arm in ("a", "b")
    ]


def test_texts_that_are_in_another_language_than_they_are_said_to_be_are_found() -> None:
    german = 'Der Rat der Stadt hat am Dienstag beschlossen, die "alte" Brücke sofort zu sperren. ' * 3
    found = scan(pair(written=german.strip()))
    assert [(leak.kind, leak.evidence, leak.real, leak.synthetic) for leak in found] == [
        ("other-language", "de", "0/1", "1/1")
    ]
    assert kinds(pair(german.strip(), german.strip())) == []


def test_headlines_on_one_side_only_are_found() -> None:
    assert kinds(pair(headline="")) == ["headline"]


def test_the_prompt_said_again_is_found_and_the_opening_itself_is_not() -> None:
    assert kinds(pair(written=f"{PROMPT} {WRITTEN}", prompt=PROMPT)) == []
    assert "prompt-echo" in kinds(pair(written=f"{PROMPT} {WRITTEN} {PROMPT}", prompt=PROMPT))
    edited = PROMPT.replace("Tuesday", "a Tuesday")
    assert kinds(pair(written=f"{edited} {WRITTEN}", prompt=PROMPT, opening=len(edited))) == []
    assert "prompt-echo" in kinds(pair(written=f"{edited} {WRITTEN}", prompt=PROMPT))


def test_words_that_merely_begin_like_a_byline_are_none() -> None:
    assert scan(pair(written="By Tuesday evening the bridge was closed.\n\n" + WRITTEN)) == []


def test_one_side_alone_has_nothing_to_be_told_from() -> None:
    assert scan([shown("By Anna Berg\n\n" + WRITTEN)]) == []
    assert scan([]) == []


@pytest.mark.parametrize("run", ["a.", "A", "a@a.", "Aa "])
def test_a_long_run_without_a_space_or_a_sentence_is_looked_through_at_once(run: str) -> None:
    started = time.process_time()
    scan(pair(written=run * 20_000))
    # Under a second; where each place is tried to the end of the run, half a minute.
    assert time.process_time() - started < 10
