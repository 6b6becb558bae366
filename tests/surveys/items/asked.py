"""Questions for tests: invented, of any kind, and valid."""

from typing import Any

from surveys.items.model import CHOICES, Item, Kind


def options(*codes: str, values: bool = True) -> list[dict[str, Any]]:
    return [
        {"code": code, "label": {"en": code}, "value": number if values else None} for number, code in enumerate(codes)
    ]


def item(kind: Kind, **fields: Any) -> Item:
    if kind in CHOICES:
        fields.setdefault("options", options("no", "maybe", "yes"))
    return Item.model_validate({"key": "asked", "kind": kind, "wording": {"en": "What?"}, **fields})
