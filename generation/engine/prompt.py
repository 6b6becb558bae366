"""A prompt: the text that a model is given, and whether it is continued, followed, or the fields of an article."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Self

CONTINUATION = "continuation"
INSTRUCTION = "instruction"
FIELDS = "fields"
KINDS = (CONTINUATION, INSTRUCTION, FIELDS)


class PromptError(ValueError):
    """A prompt cannot be used as it stands; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is given.

    `kind` is 'continuation' (an article's opening, which the model goes on from), 'instruction' (a request, which
    goes through the model's chat template) or 'fields' (outlet, date, authors and headline, a line each, which the
    article's body follows; see `fields`).
    """

    text: str
    kind: str = CONTINUATION

    def validated(self) -> Self:
        """Return this prompt; raises PromptError where no model could be given it."""
        if self.kind not in KINDS:
            raise PromptError(f"The prompt's kind must be one of {', '.join(KINDS)}, not {self.kind!r}.")
        if not any(_visible(character) for character in self.text):
            raise PromptError("The prompt is empty. Write or paste the opening of an article, or an instruction.")
        if "\x00" in self.text:
            position = self.text.index("\x00")
            raise PromptError(f"The prompt holds a NUL byte at character {position + 1}. Paste it as plain text.")
        if position := next((i + 1 for i, c in enumerate(self.text) if unicodedata.category(c) == "Cs"), 0):
            raise PromptError(
                f"The prompt holds half of a surrogate pair at character {position}. Paste it as plain text."
            )
        return self

    def check_length(self, prompt_tokens: int, max_tokens: int, context_length: int) -> None:
        """Raise PromptError where prompt and draft together exceed the model's context (in tokens)."""
        if prompt_tokens + max_tokens <= context_length:
            return
        room = context_length - max_tokens
        advice = f"Shorten the prompt to at most {room} tokens" if room > 0 else "Shorten the prompt"
        raise PromptError(
            f"The prompt has {prompt_tokens} tokens; with {max_tokens} tokens to write, that is more than "
            f"the {context_length} that the model can hold. {advice}, or ask for shorter texts."
        )


def _visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZ"
