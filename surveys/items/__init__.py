"""What one question is, in which order its options stand, when it is shown, and what a submitted value means. Pure."""

from surveys.items.model import CHOICES, DEFAULT_MAX_LENGTH, SEVERAL, TEXTS, Item, Kind, Option, Order
from surveys.items.reading import AGREED, PREFER_NOT_TO_SAY, Problem, ProblemKey, Reading, State
from surveys.items.rules import Condition, is_shown
from surveys.items.texts import Bound, Code, Key, Text, is_language_tag

__all__ = [
    "AGREED",
    "CHOICES",
    "DEFAULT_MAX_LENGTH",
    "PREFER_NOT_TO_SAY",
    "SEVERAL",
    "TEXTS",
    "Bound",
    "Code",
    "Condition",
    "Item",
    "Key",
    "Kind",
    "Option",
    "Order",
    "Problem",
    "ProblemKey",
    "Reading",
    "State",
    "Text",
    "is_language_tag",
    "is_shown",
]
