"""What a kind of question is called, for the pages on which questions are written."""

from django import template

from surveys.items import Item
from surveys.workbench.forms.question_pages import NAMES
from surveys.workbench.forms.questions import kind_of

register = template.Library()


@register.filter
def kind_name(item: Item) -> str:
    """The name of the kind in the reader's language; a row of a grid is called by the grid."""
    return str(NAMES[kind_of(item)])
