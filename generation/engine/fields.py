"""A prompt of an article's fields, from which the body follows: outlet, date, authors, headline (Zellers et al. 2019).

Written as lines 'name: value'. A model that was trained on such fields (GROVER) gets them between its own tokens;
any other gets them as the head of an article.
"""

from __future__ import annotations

from collections.abc import Mapping

from generation.engine.prompt import PromptError

NAMES = ("outlet", "date", "authors", "headline")
# GROVER's names for them, in the order in which it was trained to read them.
_NATIVE = (("outlet", "domain"), ("date", "date"), ("authors", "authors"), ("headline", "title"))
NATIVE_BODY = "<|beginarticle|>"
NATIVE_END = "<|endarticle|>"


def written(fields: Mapping[str, str]) -> str:
    """Return fields as a prompt's text, a line each, without those that are empty."""
    return "\n".join(f"{name}: {' '.join(fields[name].split())}" for name in NAMES if fields.get(name, "").strip())


def read(text: str) -> dict[str, str]:
    """Return the fields of a prompt's text; raises PromptError naming the line that is none."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        name, value = name.strip().casefold(), value.strip()
        if not colon or name not in NAMES:
            raise PromptError(f"Line {number} of the fields must begin with one of {', '.join(NAMES)} and a colon.")
        if name in found:
            raise PromptError(f"Line {number} gives the {name} a second time. Leave one of them out.")
        if not value:
            raise PromptError(f"Line {number} gives no {name}. Fill it in, or leave the line out.")
        found[name] = value
    if "headline" not in found:
        raise PromptError("The fields have no headline, which the article is to follow. Add a line 'headline: ...'.")
    return found


def as_head(fields: Mapping[str, str]) -> str:
    """Return the fields as a newspaper prints them above an article: headline, authors, outlet and date."""
    place = ", ".join(fields[name] for name in ("outlet", "date") if name in fields)
    lines = [fields["headline"], f"By {fields['authors']}" if "authors" in fields else "", place]
    return "\n".join(line for line in lines if line) + "\n\n"


def as_native(fields: Mapping[str, str]) -> str:
    """Return the fields between GROVER's own tokens, up to the one that begins the body."""
    parts = [f"<|begin{tag}|>{fields[name]}<|end{tag}|>" for name, tag in _NATIVE if name in fields]
    return "".join(parts) + NATIVE_BODY
