"""Where sentences end, in many scripts, and what does not end one."""

from __future__ import annotations

import pytest

from generation.engine import sentences
from generation.engine.sentences import ends_sentence, last_sentence_end, words


@pytest.mark.parametrize(
    "text",
    [
        "He left.",
        "Did he leave?",
        "He left!",
        "He left…",
        "“He left.”",
        "She said “yes”",
        "‘Never again’",
        '"He left."',
        "He left (for good).",
        "(He left.)",
        "«Il est parti.»",
        "« Il est parti »",
        "Il a dit\u00a0: «\u00a0Jamais\u00a0»",
        'We left and never looked back."',
        "It was 'a disgrace'",
        "The workers’ union called it ‘a disgrace’",
        "“But we—”",
        "Έφυγε;",
        "Πού πήγε\u037e",
        "«Έφυγε;»",
        "„Er ging.“",
        "»Er ging.«",
        "彼は去った。",
        "「彼は去った。」",
        "他走了吗？",
        "هل غادر؟",
        "وہ چلا گیا۔",
        "वह चला गया।",
        "Նա գնաց։",
        "Prices rose to $3.5 million in the U.S.",
        "He works for Acme Inc.",
        "He left.\n\n",
    ],
)
def test_a_finished_text_is_kept_to_its_last_character(text: str) -> None:
    assert ends_sentence(text)
    assert last_sentence_end(text) == len(text.rstrip())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("He left. Then the", "He left."),
        ("“He left.” Then", "“He left.”"),
        ("It cost $3.5 million. He met Mr. Smi", "It cost $3.5 million."),
        ("It was over. He met Mr.", "It was over."),
        ("It was over. John F. Kenne", "It was over."),
        ("It was over. The U.S. Senate", "It was over."),
        ("彼は去った。そして彼", "彼は去った。"),
        ("غادر. ثم", "غادر."),
        ("Wait... what? Then he", "Wait... what?"),
        ("He left...then", ""),
        ("no end at all", ""),
        ("Mr.", ""),
        ('He left. She told reporters, "', "He left."),
        ("“He left.” The mayor said: “", "“He left.”"),
        ("He left. “", "He left."),
        ('He left. "', "He left."),
        ('"He left." "', '"He left."'),
        ("He left.\n\n“", "He left."),
        ("Il partit. Elle a dit : «", "Il partit."),
        ("Il partit. « Oui », dit-elle : »", "Il partit."),
        ("Er ging. Sie sagte: »", "Er ging."),
        ("He left. They joined the workers’", "He left."),
        ("He left. They joined the workers'", "He left."),
        ("He left. It was ‘a mess’, said the workers’", "He left."),
        ('He left. He called it ("', "He left."),
        ('He left. "Yes," she said, "and then"he', "He left."),
        ("Έφυγε; Και μετά", "Έφυγε;"),
        ("He left; and then", ""),
        ('"', ""),
        ("", ""),
        ("   ", ""),
    ],
)
def test_an_unfinished_sentence_is_found(text: str, kept: str) -> None:
    assert text[: last_sentence_end(text)] == kept


def test_words_are_counted_in_scripts_with_and_without_spaces() -> None:
    assert words("The mayor’s well-known plan, 2019.") == ["the", "mayor’s", "well-known", "plan", "2019"]
    assert words("市長は言った") == list("市長は言った")
    assert words("") == []


@pytest.mark.parametrize("run", [".", "!”", ".'\"", "…»", "。」"])
def test_a_run_of_marks_is_walked_through_once(run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    closes = sentences._closes

    def looking(character: str) -> bool:
        looked.append(character)
        return closes(character)

    monkeypatch.setattr(sentences, "_closes", looking)
    text = f"He left. {run * 500}and then"
    assert text[: last_sentence_end(text)] in {"He left.", f"He left. {run * 500}"}
    assert len(looked) < 4 * len(text)
