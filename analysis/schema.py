"""PURE: every column of every exported table, described once: export, codebook and validation come from here."""

from analysis.schema_columns import ITEMS_STAND_BEFORE, Column, ColumnType, Level, Table
from analysis.schema_levels import CURATIONS, DISCLAIMERS, MODES, ORIGINS, OUTCOMES, REASONS, SOURCE_LABELS, STATES

# Rises whenever a column is added, renamed or changes its meaning; every export and report names it.
SCHEMA_VERSION = 7

INDEX_COLUMN = ITEMS_STAND_BEFORE
INDEX_INSTRUMENT = "kreps-credibility"
# The index is the sum of these, less 2.
INDEX_ITEMS, INDEX_LESS = ("believable", "accurate", "clear"), 2
SECONDS_COLUMN = "seconds_on_page"


def _person(name: str = "participant") -> Column:
    return Column(
        name,
        "text",
        "Export id of the person: random, made for this study alone, derived from nothing.",
        required=True,
        nullable=False,
    )


_STUDY = Column("study", "text", "Public key of the study.")
_VERSION = Column("version", "text", "SHA-256 of the frozen study version that the person saw, in hexadecimal.")
_MODE = Column("mode", "text", "Why somebody walked through the study.", levels=MODES, nullable=False)
_STRATUM = Column("stratum", "text", "Answer to the blocking question; empty without one, and for who withdrew.")


RATINGS = Table(
    name="ratings",
    title="Ratings, long",
    row="one person's rating of one article",
    key=("participant", "article"),
    columns=(
        _person(),
        _STUDY,
        _VERSION,
        _MODE,
        _STRATUM,
        Column("arm", "text", "Key of the arm that the article belongs to.", required=True, nullable=False),
        Column("origin", "text", "Who wrote the article.", levels=ORIGINS),
        Column("model", "text", "Model that wrote the article; empty for real ones."),
        Column("curation", "text", "How a synthetic article was chosen.", levels=CURATIONS),
        Column("story", "text", "Key of the story: nobody sees two versions of one story."),
        Column("article", "text", "Key of the article.", required=True, nullable=False),
        Column("article_sha256", "text", "SHA-256 of the text that was shown, in hexadecimal."),
        Column("item", "text", "Key of the item, in files with one row an item instead of one row an article."),
        Column("attention", "integer", "Attention and comprehension checks that the person failed.", minimum=0),
        Column(
            "attention_before",
            "integer",
            "Of these, checks that came before the first article. What comes later can be an effect of the articles.",
            minimum=0,
        ),
        Column("position", "integer", "Place of the article in the person's order, from 1.", minimum=1),
        Column(
            "credibility",
            "number",
            "Credibility index: believable + accurate + clear, each 1 to 4, less 2 (Kreps et al. 2022, after OpenAI "
            "2019). Empty if one of the three is missing.",
            unit="points, 1 to 10",
            minimum=1,
            maximum=10,
        ),
        Column(
            "credible",
            "yes-no",
            "Whether the rating reaches the cut that the frozen plan names for its outcome, which is the credibility "
            "index unless the plan says otherwise. Empty where the plan has no cut.",
        ),
        Column("condition", "text", "Levels of the factors that this reading had; empty in studies without factors."),
        Column("disclaimer", "text", "Whether a disclaimer stood beside the article.", levels=DISCLAIMERS),
        Column("source_label", "text", "What was said beside the article of its source.", levels=SOURCE_LABELS),
        Column("shown_at", "time", "When the server first sent the article's page."),
        Column("submitted_at", "time", "When the server stored the rating."),
        Column(
            "seconds_on_page",
            "number",
            "Time from showing the article to storing its rating, by the database's clock.",
            unit="seconds",
            minimum=0,
        ),
        Column(
            "seconds_visible",
            "number",
            "Time that the page was in the foreground, by the browser's own clock.",
            unit="seconds",
            minimum=0,
        ),
    ),
)

ANSWERS = Table(
    name="answers",
    title="Answers, one a row",
    row="one person's answer to one item at one step",
    key=("participant", "step", "item"),
    columns=(
        _person(),
        _MODE,
        Column("step", "text", "Name of the page, as in its address.", required=True, nullable=False),
        Column("item", "text", "Key of the item.", required=True, nullable=False),
        Column("kind", "text", "Kind of the item, as the study's definition calls it."),
        Column("article", "text", "Key of the article that the item is about; empty for questions of the person."),
        Column("state", "text", "What became of the item.", levels=STATES, required=True, nullable=False),
        Column(
            "value",
            "text",
            "Code of the chosen option (several are separated by blanks, ranks from the first), numbers of the marked "
            "sentences, or the number given. Empty unless answered, and for free text.",
        ),
        Column(
            "text",
            "text",
            "Free text as it was typed. People write names and places into free text: read it before you pass it on.",
            identifying=True,
        ),
        Column(
            "option_order",
            "text",
            "Codes in the order in which this person saw them, with blanks between; empty if it is the same for all.",
        ),
        Column("submitted_at", "time", "When the server stored the answer."),
    ),
)

PARTICIPANTS = Table(
    name="participants",
    title="Participants",
    row="one person who arrived",
    key=("participant",),
    columns=(
        _person(),
        _STUDY,
        _VERSION,
        _MODE,
        _STRATUM,
        Column("outcome", "text", "How the person's way ended.", levels=OUTCOMES, required=True),
        Column(
            "sent_after_ending",
            "text",
            "Page that the person sent after their way had ended by the panel's own list, by the study's closing or by "
            "a late coming back, as in its address. Its answers are among the others, unless the debriefing had been "
            "shown by then or the study had closed a while ago. Empty of everybody else.",
        ),
        Column(
            "arm",
            "text",
            "Arm, or row of the counterbalancing where arms vary within a person; empty before the randomisation.",
            required=True,
        ),
        Column("condition", "text", "Levels of the factors that vary between people; empty without factors."),
        Column("disclaimer", "text", "Disclaimer, where it varies between people.", levels=DISCLAIMERS),
        Column("source_label", "text", "Label of the source, where it varies between people.", levels=SOURCE_LABELS),
        Column("language", "text", "Language in which the person took part (BCP 47)."),
        Column("arrived_at", "time", "When the person arrived."),
        Column("consented_at", "time", "When the person consented."),
        Column("randomised_at", "time", "When the arm was assigned."),
        Column("exposed_at", "time", "When the first article was shown."),
        Column("debriefed_at", "time", "When the debriefing was acknowledged."),
        Column("completed_at", "time", "When the end was reached."),
        Column("ended_at", "time", "When the way ended, however it did."),
        Column("withdrawn_at", "time", "When the person withdrew."),
        Column(
            "minutes_taken",
            "integer",
            "From the arrival to the end of the way, pauses included, in whole minutes; empty without an end.",
            unit="minutes",
            minimum=0,
        ),
        Column(
            "attention_checks",
            "integer",
            "Attention and comprehension checks answered, before the articles and after; empty of who withdrew.",
            minimum=0,
        ),
        Column(
            "attention_failed",
            "integer",
            "Attention and comprehension checks failed, before the articles and after; empty of who withdrew.",
            minimum=0,
        ),
        Column(
            "attention_checks_before",
            "integer",
            "Of the checks answered, those that came before the first article; empty of who withdrew.",
            minimum=0,
        ),
        Column(
            "attention_failed_before",
            "integer",
            "Of the checks failed, those that came before the first article, which none can have changed; empty of who "
            "withdrew.",
            minimum=0,
        ),
        Column("flags", "text", "Evidence on data quality: names of flags, separated by blanks. Flags reject nobody."),
        Column(
            "flags_unknown",
            "text",
            "Names of the checks on data quality that could not be made of this person, separated by blanks. Before "
            "the unblinding, checks that look at ratings stand in neither column.",
        ),
        Column("panel_id", "text", "The panel's id of the person. Never in an export by default.", identifying=True),
        Column(
            "panel_study",
            "text",
            "The panel's own id of the study, as the person's links said; several, separated by blanks, of who came "
            "from several. Never in an export by default.",
            identifying=True,
        ),
    ),
)

TABLES = {table.name: table for table in (RATINGS, ANSWERS, PARTICIPANTS)}


def item_column_name(key: str) -> str:
    """The column that holds an item: its key, or 'item_<key>' where the tables have a column of that name."""
    return f"item_{key}" if any(key in table.names for table in TABLES.values()) else key


def reasons_column(item: Column) -> Column:
    """The column beside an item's that says why there is no answer."""
    return Column(
        item.reasons_in,
        "text",
        f"Why {item.name} has no answer; empty where it has one.",
        levels=REASONS,
        nullable=True,
    )


def item_column(
    key: str,
    description: str,
    *,
    type: ColumnType = "integer",
    levels: tuple[Level, ...] = (),
    identifying: bool = False,
) -> Column:
    """The column of a study's own item; its bounds are the lowest and highest level where the levels are numbers."""
    minimum = maximum = None
    if type in {"integer", "number"} and levels:
        codes = [float(level.code) for level in levels]
        minimum, maximum = min(codes), max(codes)
    return Column(
        item_column_name(key),
        type,
        description,
        levels=levels,
        minimum=minimum,
        maximum=maximum,
        identifying=identifying,
        reasons_in=f"{item_column_name(key)}_missing",
    )
