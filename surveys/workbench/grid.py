"""The table of stories by arms: which article stands where, and where one is missing."""

from dataclasses import dataclass

from surveys.models import Arm, Article, Origin, Story, Study


@dataclass(frozen=True)
class Placed:
    """An article in the table, without its text."""

    key: str
    headline: str
    words: int


@dataclass(frozen=True)
class Cell:
    """What one arm holds of one story; a cell without articles is a hole."""

    arm: Arm
    articles: tuple[Placed, ...]


@dataclass(frozen=True)
class Row:
    """A story with one cell for each arm, and its articles that no arm holds."""

    story: Story
    cells: tuple[Cell, ...]
    unplaced: tuple[Placed, ...]


@dataclass(frozen=True)
class Grid:
    """The whole table. ``holes`` counts the empty cells; ``taken_down`` are articles out of use.

    Where models are hidden it ``hides_models``: arms of real articles alone, and the machine-written ones beside them.
    """

    arms: tuple[Arm, ...]
    rows: tuple[Row, ...]
    taken_down: tuple[Article, ...]
    holes: int
    hides_models: bool = False


def grid(study: Study, *, hides_models: bool = False) -> Grid:
    """Every story of the study against every arm, in the arms' order and the stories' titles'. Three queries.

    With ``hides_models`` no machine-written article is told to stand in an arm.
    """
    arms = tuple(arm for arm in study.arms.order_by("position", "pk") if arm.origin == Origin.REAL or not hides_models)
    shown = {arm.pk for arm in arms}
    current = study.articles.filter(replaced_by__isnull=True).select_related("story").order_by("key")
    standing: dict[tuple[int, int | None], list[Placed]] = {}
    taken_down = []
    for article in current:
        if article.taken_down_at is not None:
            taken_down.append(article)
        else:
            placed = Placed(article.key, str(article), len(article.text.split()))
            arm = article.arm_id if article.arm_id in shown else None
            standing.setdefault((article.story_id, arm), []).append(placed)
    rows = tuple(
        Row(
            story,
            tuple(Cell(arm, tuple(standing.get((story.pk, arm.pk), ()))) for arm in arms),
            tuple(standing.get((story.pk, None), ())),
        )
        for story in study.stories.order_by("title", "pk")
    )
    holes = sum(not cell.articles for row in rows for cell in row.cells)
    return Grid(arms, rows, tuple(taken_down), holes, hides_models)
