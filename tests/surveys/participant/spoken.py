"""A study with everything that a page of it can hold, and the same study in Arabic, which is written from the right."""

from collections.abc import Callable
from itertools import chain, cycle, islice
from typing import Any
from zlib import crc32

from surveys import lifecycle
from surveys.models import Study
from tests import factories
from tests.surveys.participant.kinds import HIGHLIGHT, KINDS, OPTIONAL
from tests.surveys.participant.person import AFTER, LOOKING_BACK, RATING, block, item

INCOME = item(
    "income",
    "number",
    required=False,
    minimum="0",
    maximum="100000",
    help={"en": "A whole number is enough."},
    wording={"en": "How much did you pay for news in the last year?"},
)
EVERY = block("every-kind", "before", *chain(*KINDS.values()), INCOME, *OPTIONAL)
FACTORS = [
    {
        "key": "disclaimer",
        "levels": [{"key": "none", "weight": 1}, {"key": "shown", "weight": 1000}],
        "texts": {"shown": {"en": "This text may have been written by a computer program."}},
    },
    {
        "key": "source-label",
        "within": True,
        "levels": [{"key": "false"}, {"key": "missing"}],
        "texts": {
            "real": {"en": "A person wrote this."},
            "synthetic": {"en": "A computer program wrote this."},
            "missing": {"en": "Its source is not told."},
        },
    },
]
PARAGRAPHS = (
    "The town of Inventon voted on Tuesday to build a second bridge across the river, after a debate that had lasted "
    "for eleven years. The council passed the plan by 14 votes to 9.",
    "Nobody here had believed that it would ever come to this, said the mayor. Work begins in spring, and the first "
    "cars are to cross by 2031.",
    "Opponents pointed at the price. They want to bring the decision before a court.",
)
# Invented sentences of newspapers' words, of which as many are taken as a text in English has.
_SENTENCE = (
    "صوّت مجلس المدينة يوم الثلاثاء على بناء جسر ثانٍ فوق النهر بعد نقاش دام أحد عشر عامًا وقال رئيس البلدية إن العمل "
    "سيبدأ في الربيع وإن أولى السيارات ستعبره سنة 2031 بينما أشار المعارضون إلى الثمن وهم يريدون رفع القرار إلى المحكمة"
)
_WORDS = _SENTENCE.split()
_SAID = {
    "Strongly disagree": "لا أوافق بشدة",
    "Disagree": "لا أوافق",
    "Neither": "محايد",
    "Agree": "أوافق",
    "Strongly agree": "أوافق بشدة",
    "very cold": "بارد جدًا",
    "very warm": "دافئ جدًا",
    "Answer yes": "نعم",
    "Answer no": "لا",
}


def everything(language: str = "en", **changes: Any) -> Study:
    """A live study with each kind of question, marks and a grid beside articles, labels, and a debriefing of it all.

    In other languages than Arabic its words stay English: only those of the interface are that language's.
    """
    grid = [each | {"key": f"read-{each['key']}"} for each in KINDS["grid"]]
    slider = [each | {"key": f"read-{each['key']}"} for each in KINDS["slider"]]
    base = factories.definition()
    definition = base | {
        "blocks": [EVERY, block("marks", "reading", HIGHLIGHT, *grid, *slider), RATING, LOOKING_BACK, AFTER],
        "design": base["design"] | {"factors": FACTORS, "block_by": "one"},
        **changes,
    }
    said = arabic if language == "ar" else str
    definition = _translated(definition, language, said) | {"languages": [language]}
    study = factories.ready_study(**{key: value for key, value in definition.items() if key != "plan"})
    for number, article in enumerate(study.articles.all(), start=1):
        article.language = language
        article.text = said("\n\n".join(PARAGRAPHS).replace("eleven", f"{number}{number}"))
        article.headline = f"{said('Inventon builds its second bridge across the river')} {number}"
        article.untrue = said(article.untrue)
        article.save()
    study.arms.get(key="real").articles.update(
        source="The Invented Post", author="A. Writer", published_on="2026-01-02", url=f"https://example.org/{'x' * 80}"
    )
    assert study.created_by is not None
    lifecycle.freeze(study, study.created_by)
    lifecycle.launch(study, study.created_by)
    return study


def _translated(value: Any, language: str, said: Callable[[str], str]) -> Any:
    """A definition whose English texts are said under another tag."""
    if isinstance(value, dict):
        if value.keys() == {"en"}:
            return {language: said(value["en"])}
        return {key: _translated(each, language, said) for key, each in value.items()}
    return [_translated(each, language, said) for each in value] if isinstance(value, list) else value


def arabic(text: str) -> str:
    """Arabic words of about the same length; the same for the same text, and paragraphs stay paragraphs."""
    if not text or text in _SAID:
        return _SAID.get(text, "")
    start = crc32(text.encode()) % len(_WORDS)
    parts = text.split("\n\n")
    words = [" ".join(islice(cycle(_WORDS), start, start + len(part.split()))) for part in parts]
    return "\n\n".join(each + part[-1] * (part[-1] in ".?") for each, part in zip(words, parts, strict=True))
