"""The scales that a study scores beside the index: which columns they make of ratings and people, and the scores."""

from collections.abc import Iterable, Iterator, Mapping

from analysis.schema import INDEX_COLUMN, INDEX_INSTRUMENT, item_column_name
from analysis.schema_columns import Column
from surveys.definition import Block, Definition, When
from surveys.instruments.model import Scoring
from surveys.instruments.scoring import score

RULES = {"sum": "Sum of", "mean": "Mean of", "passed": "How many were passed of"}
ENDING = "_score"


def scales(definition: Definition) -> tuple[Block, ...]:
    """The blocks asked about articles whose answers come to one number, apart from the index, which has its own column.

    A scale of a single item is left out: its score is the item's own column.
    """
    asked = (*definition.at("reading"), *definition.at("looking-back"))
    return tuple(
        block
        for block in asked
        if block.scoring is not None and len(block.scoring.items) > 1 and block.instrument != INDEX_INSTRUMENT
    )


def scale_column_name(block_key: str) -> str:
    """The column of a block's score; no item can be called so, since their keys have no underscore."""
    return f"{block_key}{ENDING}"


def outcome_scale(definition: Definition, outcome: str) -> tuple[float, float] | None:
    """The lowest and highest value that a column of the ratings can have, None where the study does not bound it."""
    asked = (*definition.at("reading"), *definition.at("looking-back"))
    for block in asked:
        is_index = block.instrument == INDEX_INSTRUMENT
        if block.scoring is not None and outcome == (INDEX_COLUMN if is_index else scale_column_name(block.key)):
            return float(block.scoring.minimum), float(block.scoring.maximum)
    item = next((item for block in asked for item in block.items if item_column_name(item.key) == outcome), None)
    if item is None:
        return None
    values = [option.value for option in item.options if option.value is not None]
    if values:
        return float(min(values)), float(max(values))
    return None if item.minimum is None or item.maximum is None else (float(item.minimum), float(item.maximum))


def scales_of_people(definition: Definition, whens: Iterable[When]) -> tuple[Block, ...]:
    """The blocks asked about the person, before or after the articles, whose answers come to one number."""
    return tuple(block for when in whens for block in definition.at(when) if block.scoring is not None)


def scale_columns(scored: Iterable[Block]) -> Iterator[Column]:
    """A column a scale, with its range and with how it comes about in words."""
    for block in scored:
        scoring = block.scoring
        assert scoring is not None  # noqa: S101  # scales() leaves others out
        yield Column(
            scale_column_name(block.key),
            "number",
            _description(block, scoring),
            unit=f"points, {scoring.minimum} to {scoring.maximum}",
            minimum=float(scoring.minimum),
            maximum=float(scoring.maximum),
        )


def scores(scored: Iterable[Block], answers: Iterable[Mapping[str, str]]) -> dict[str, list[float | None]]:
    """{column: the score by each row of answers, None where an item has no answer} of each scale.

    ``answers`` are {item: option's code}, of a rating or of a person.
    """
    given = list(answers)
    found: dict[str, list[float | None]] = {}
    for block in scored:
        by_row = (score(block, each) for each in given)
        found[scale_column_name(block.key)] = [None if each is None else each.value for each in by_row]
    return found


def label(column: Column) -> str:
    """What a figure calls a column: of a scale how it comes about, of any other column what describes it."""
    is_scale = column.name == scale_column_name(column.name.removesuffix(ENDING))
    return column.description.partition(". ")[0] if is_scale else column.description


def _description(block: Block, scoring: Scoring) -> str:
    offset = f", {'plus' if scoring.offset > 0 else 'less'} {abs(scoring.offset)}" if scoring.offset else ""
    turned = f" ({', '.join(scoring.reversed)} reversed)" if scoring.reversed else ""
    source = f", as in {block.instrument}" if block.instrument else ""
    how = f"{RULES[scoring.rule]} {', '.join(scoring.items)}{turned}{offset}{source}"
    return f"{how}. {scoring.direction.rstrip('.')}. Empty if one of them is missing."
