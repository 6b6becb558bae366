"""PURE: the columns of the tables that tell how good the data are: how each page was taken, and what the checks say."""

from analysis.schema_columns import Column, Level, Table

_PERSON = Column(
    "participant",
    "text",
    "Export id of the person: random, made for this study alone, derived from nothing.",
    required=True,
    nullable=False,
)
_MODE = Column("mode", "text", "Why somebody walked through the study.", nullable=False)

DEVICES = (
    Level("", "not known: the page's script did not run"),
    Level("phone", "a screen whose shorter side has less than 600 pixels"),
    Level("tablet", "a larger screen that is touched"),
    Level("computer", "a larger screen with a mouse or the like"),
)
_BROWSER = "By the browser's own clock; empty where its script did not run."
_COUNTED = "Empty where the script did not run."

PARADATA = Table(
    name="paradata",
    title="Paradata, one page a row",
    row="one person's way through one page",
    key=("participant", "step"),
    columns=(
        _PERSON,
        _MODE,
        Column("step", "text", "Name of the page, as in its address.", required=True, nullable=False),
        Column("article", "text", "Key of the article that the page is about; empty for pages about none."),
        Column(
            "shown_at",
            "time",
            "When the server first sent the article's page; of another page, when the one before was stored.",
        ),
        Column("submitted_at", "time", "When the server stored the page; empty if it never came."),
        Column("views", "integer", f"How often the page was opened, reloads included. {_COUNTED}", minimum=1),
        Column(
            "first_interaction_seconds",
            "number",
            f"Time until the first press of a key, a button or the screen. {_BROWSER}",
            unit="seconds",
            minimum=0,
        ),
        Column(
            "visible_seconds",
            "number",
            f"Time that the page was in the foreground. {_BROWSER}",
            unit="seconds",
            minimum=0,
        ),
        Column(
            "times_away",
            "integer",
            f"How often another tab or program covered the page and the person came back. {_COUNTED}",
            minimum=0,
        ),
        Column("away_seconds", "number", f"Time away, all together. {_BROWSER}", unit="seconds", minimum=0),
        Column("longest_away_seconds", "number", f"The longest time away. {_BROWSER}", unit="seconds", minimum=0),
        Column(
            "scroll_percent",
            "integer",
            f"How far down the page was ever in view. {_COUNTED}",
            unit="percent of its height",
            minimum=0,
            maximum=100,
        ),
        Column("viewport_width", "integer", f"Width of the window. {_COUNTED}", unit="CSS pixels", minimum=0),
        Column("viewport_height", "integer", f"Height of the window. {_COUNTED}", unit="CSS pixels", minimum=0),
        Column("device", "text", "Class of the device.", levels=DEVICES),
        Column(
            "pastes",
            "integer",
            f"How often something was pasted into a text field. What it was is not recorded. {_COUNTED}",
            minimum=0,
        ),
        Column(
            "pasted_characters",
            "integer",
            f"How many characters were pasted. {_COUNTED}",
            unit="characters",
            minimum=0,
        ),
        Column(
            "input_methods",
            "text",
            "What the person used, of mouse, touch, pen and keyboard, separated by blanks; on a phone the keyboard is "
            "the one on its screen. Which keys were pressed is not recorded.",
        ),
    ),
)

STATES = (
    Level("pass", "the check was made, and nothing was found"),
    Level("fail", "the check was made, and flags the person"),
    Level("unavailable", "the check could not be made, which is evidence of nothing"),
)

QUALITY = Table(
    name="quality",
    title="Checks on data quality, one a row",
    row="one check of one person",
    key=("participant", "check"),
    columns=(
        _PERSON,
        _MODE,
        Column("check", "text", "Name of the check, as a plan's rule 'flagged:...' names it.", required=True),
        Column("meaning", "text", "Whom the check flags."),
        Column("state", "text", "What it says of the person. A flag rejects nobody.", levels=STATES, required=True),
        Column("evidence", "text", "What was seen."),
    ),
)
