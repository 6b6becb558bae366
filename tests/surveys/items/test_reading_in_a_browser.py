"""Numbers as the page's script reads them, held against how the server does."""

from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import find
from playwright.sync_api import Browser

from surveys.items import Item, Reading

pytestmark = pytest.mark.browser


def test_page_and_server_read_the_same_number_in_every_spelling(chromium: Browser) -> None:
    script = Path(find("participant/questions.js") or "").read_text(encoding="utf-8")
    reading = script[script.index("const digit =") : script.index("const stopsOf")]
    parts = (
        ("", "-", "+", "\u2212"),
        ("", "0", "1", "12", "1234", "\u0663"),
        ("", ".", ",", "\u066b", "'", " ", ".1."),
    )
    spellings = ["".join(each) for each in product(*parts, ("", "5", "50", "500", "000", "5000", "\u0665\u0660\u0660"))]
    fields = {"1": Item(key="n", kind="number", wording={"en": "N?"}, whole=False)}
    for step in ("1", "0.001", "0.125"):
        bounds = {"minimum": Decimal(-5), "maximum": Decimal(5), "step": Decimal(step)}
        fields[f"-5 {step}"] = Item(key="n", kind="slider", wording={"en": "N?"}, **bounds)
    with chromium.new_context() as context:
        page = context.new_page()
        for name, field in fields.items():
            evaluated = f"(all) => {{ {reading}; return all.map((one) => String(numberIn(one, '{name}'))); }}"
            for spelling, seen in zip(spellings, page.evaluate(evaluated, spellings), strict=True):
                read = field.read([spelling])
                is_read = isinstance(read, Reading) or read.key in {"too-small", "too-large", "off-step"}
                if spelling.strip():
                    assert is_read == (seen != "NaN"), (name, spelling, read, seen)
                if isinstance(read, Reading) and read.value:
                    assert Decimal(read.value) == Decimal(seen), (name, spelling)
