"""One prompt with slots and a table: a batch a row, asked for together or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from generation import registry
from generation.batches import RequestError, request_batch
from generation.engine import BuiltinModelError, ModelFolderError, PromptError
from generation.engine import Prompt as EnginePrompt
from generation.engine.filling import Table, TableError, check_slots, filled, read_table, slots
from generation.models import Batch, LanguageModel
from surveys.models import Researcher, Story, Study

MOST_SHOWN = 5
"""How many rows of a table a preview shows."""


@dataclass(frozen=True)
class Preview:
    """What a model would be given for one row: the text behind template and slots, and its length in tokens.

    ``tokens`` is None where no model could be asked; ``problem`` says why, or what is wrong with the prompt.
    """

    cells: Mapping[str, str]
    story: str
    headline: str
    given: str
    tokens: int | None
    problem: str = ""


def request_rows(
    study: Study, *, by: Researcher, table: str, story: Story | str, text: str, headline: str = "", **asked: Any
) -> list[Batch]:
    """The queued batches: one a row of ``table`` (CSV, the first line names the slots), in its order; one without it.

    Slots in the prompt, the headline and a new story's name are filled. All rows draw the same random numbers, so that
    they differ by their cells alone. Raises ``RequestError``, which names the row, and ``DraftOnly``; nothing is queued
    then.
    """
    rows = _rows(table, text, headline, story)
    made: list[Batch] = []
    with transaction.atomic():
        for number, cells in enumerate(rows, start=1):
            try:
                batch = request_batch(
                    study,
                    by=by,
                    story=filled(story, cells) if isinstance(story, str) else story,
                    text=filled(text, cells),
                    headline=filled(headline, cells),
                    template=text if cells else "",
                    slots=cells,
                    **asked,
                )
            except RequestError as error:
                if not cells:
                    raise
                raise RequestError({field: _of_row(number, said) for field, said in error.problems.items()}) from error
            made.append(batch)
            asked["seed"] = batch.seed
    return made


def previews(
    *, language_model: str, kind: str, text: str, table: str = "", story: Story | str = "", headline: str = ""
) -> tuple[list[Preview], int]:
    """What the model would be given, for the first rows of ``table`` or for the prompt alone, and how many there are.

    Raises ``RequestError`` where the table does not fit the prompt.
    """
    rows = _rows(table, text, headline, story)
    model = LanguageModel.objects.filter(key=language_model).first()
    shown = [_preview(model, kind, text, cells, story, headline) for cells in rows[:MOST_SHOWN]]
    return shown, len(rows)


def _preview(
    model: LanguageModel | None, kind: str, text: str, cells: dict[str, str], story: Story | str, headline: str
) -> Preview:
    prompt = EnginePrompt(filled(text, cells), kind)
    given, tokens, problem = prompt.text, None, ""
    try:
        prompt.validated()
        if model is not None and (counting := registry.prompt_tokens(model)) is not None:
            given, tokens = counting.rendered(prompt), counting.count(prompt)
    except (PromptError, BuiltinModelError, ModelFolderError) as error:
        problem = str(error)
    named = filled(story, cells) if isinstance(story, str) else str(story)
    return Preview(cells, named, filled(headline, cells), given, tokens, problem)


def _rows(table: str, text: str, headline: str, story: Story | str) -> list[dict[str, str]]:
    """The table's rows, each as {slot: cell}; one without cells where neither table nor slots are.

    Raises ``RequestError`` at the field ``table``.
    """
    texts = (text, headline, story if isinstance(story, str) else "")
    if not table.strip():
        if empty := slots(*texts):
            message = _("Nothing fills the slot %(slot)s. Paste a table with such a column, or take the braces away.")
            raise RequestError({"table": message % {"slot": f"{{{empty[0]}}}"}})
        return [{}]
    try:
        found: Table = read_table(table)
        check_slots(found, *texts)
    except TableError as error:
        raise RequestError({"table": str(error)}) from error
    return found.records()


def _of_row(number: int, problem: str) -> str:
    return _("Row %(n)s of the table: %(problem)s") % {"n": number, "problem": problem}
