"""Texts of a study in templates: the wording of one language out of {tag: text}."""

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def in_language(text: Mapping[str, str] | None, language: str) -> str:
    """The text in this language, or in the first that it has, or ''."""
    if not text:
        return ""
    return text.get(language) or next(iter(text.values()))
