"""PURE: the columns of the tables about how a study's machine texts were made and chosen, and what models find of
them."""

from analysis.schema_columns import Column, Level, Table
from analysis.schema_levels import ORIGINS

_BATCH = Column("batch", "integer", "Number of the batch in the study.", minimum=1, required=True, nullable=False)
_CANDIDATE = Column(
    "candidate", "integer", "Number of the text in its batch.", minimum=0, required=True, nullable=False
)
_AT = Column("at", "time", "When, in UTC.")
_SECONDS = Column(
    "seconds", "number", "How long the browser showed the text before; empty where nothing was measured.", unit="s"
)
_CURATOR = Column(
    "curator", "text", "Who, by a number in the order in which they first decided, judged or compared.", required=True
)
_CURATOR_NAME = Column("curator_name", "text", "Who, by name.", identifying=True)
_DECISIONS = (
    Level("pending", "nothing decided"),
    Level("accepted", "taken into the study"),
    Level("rejected", "refused"),
)

CANDIDATES = Table(
    name="candidates",
    title="Texts that models wrote",
    row="one text that was asked of a model, whatever became of it",
    key=("batch", "candidate"),
    columns=(
        _BATCH,
        _CANDIDATE,
        Column("prompt", "integer", "Number of the prompt in the study.", minimum=1),
        Column("story", "text", "Key of the story."),
        Column("model", "text", "Model that it was asked of."),
        Column("seed", "text", "Seed of the text: a whole number that may be larger than programs can hold."),
        Column(
            "state",
            "text",
            "How far it came.",
            levels=(
                Level("waiting", "not written yet, or never"),
                Level("drafted", "written"),
                Level("failed", "could not be written"),
            ),
        ),
        Column("finish_reason", "text", "Why it ends where it does, as the model's software said it."),
        Column("tokens", "integer", "Its length as the model wrote it.", unit="tokens", minimum=0),
        Column("seconds", "number", "How long it took to write, beside the others of its batch.", unit="s", minimum=0),
        Column("mean_logprob", "number", "Mean natural logarithm of its tokens' probabilities, given the prompt."),
        Column("raw_sha256", "text", "SHA-256 of the draft as the model wrote it."),
        Column("flags", "text", "What the screening found of the text as it stands: the flags' names, by blanks."),
        Column("edits", "integer", "How often it was edited, edits that were taken back and their undoing included."),
        Column("marked", "yes-no", "Whether it is marked to be looked at again."),
        Column("decision", "text", "What was decided last.", levels=_DECISIONS),
        Column("rule", "text", "The rule that decided last instead of a person, in words; empty where a person did."),
        Column("article", "text", "Key of the version's article that it became; empty where it became none."),
    ),
)

DECISIONS = Table(
    name="decisions",
    title="Curators' decisions",
    row="one change of what was decided about a text",
    key=("batch", "candidate", "number"),
    columns=(
        _BATCH,
        _CANDIDATE,
        Column("number", "integer", "Place among the text's decisions, from 1.", minimum=1, required=True),
        Column("before", "text", "What had been decided.", levels=_DECISIONS),
        Column("after", "text", "What was decided.", levels=_DECISIONS),
        Column("reason", "text", "Why, as the curator wrote it."),
        Column("rule", "text", "The rule that decided instead of a person, in words; empty where a person did."),
        Column("in_bulk", "yes-no", "Whether it was one of many texts refused in one stroke."),
        _SECONDS,
        _CURATOR,
        _CURATOR_NAME,
        _AT,
    ),
)

OPINIONS = Table(
    name="opinions",
    title="Curators' opinions",
    row="one thing that a curator who was asked for an opinion said of a text",
    key=("batch", "candidate", "number"),
    columns=(
        _BATCH,
        _CANDIDATE,
        Column("number", "integer", "Place among the text's opinions, from 1.", minimum=1, required=True),
        Column(
            "verdict",
            "text",
            "What the curator said.",
            levels=(
                Level("accept", "to be taken"),
                Level("reject", "to be refused"),
                Level("withdrawn", "the opinion before is taken back"),
            ),
        ),
        Column("reason", "text", "Why, as the curator wrote it."),
        Column("text_sha256", "text", "SHA-256 of the wording that was judged: opinions on others do not compare."),
        _SECONDS,
        _CURATOR,
        _CURATOR_NAME,
        _AT,
    ),
)

COMPARISONS = Table(
    name="comparisons",
    title="Pairs of texts compared",
    row="one curator's choice between two texts of one story",
    key=("comparison",),
    columns=(
        Column("comparison", "integer", "Number of the choice in the study.", minimum=1, required=True, nullable=False),
        Column("first_batch", "integer", "Batch of the pair's first text.", minimum=1),
        Column("first_candidate", "integer", "Number of the first text in its batch.", minimum=0),
        Column("second_batch", "integer", "Batch of the pair's second text.", minimum=1),
        Column("second_candidate", "integer", "Number of the second text in its batch.", minimum=0),
        Column("first_left", "yes-no", "Whether the first text stood on the left, or above."),
        Column(
            "winner",
            "text",
            "Which was found more credible.",
            levels=(Level("first", "the first"), Level("second", "the second"), Level("neither", "neither of them")),
        ),
        Column("taken_back", "yes-no", "Whether the curator took the choice back."),
        Column("first_sha256", "text", "SHA-256 of the first text's wording; empty where it was not kept."),
        Column("second_sha256", "text", "SHA-256 of the second text's wording; empty where it was not kept."),
        _SECONDS,
        _CURATOR,
        _CURATOR_NAME,
        _AT,
    ),
)

SCORES = Table(
    name="scores",
    title="How probable models find the articles",
    row="one article of the version, real or synthetic, as one model finds its text, read alone",
    key=("article", "scored_by"),
    columns=(
        Column("article", "text", "Key of the article.", required=True, nullable=False),
        Column("arm", "text", "Key of the arm that it belongs to."),
        Column("origin", "text", "Who wrote it.", levels=ORIGINS),
        Column("scored_by", "text", "Model that scored it.", required=True, nullable=False),
        Column("scored_by_sha256", "text", "SHA-256 of that model's identity."),
        Column("tokens", "integer", "How many tokens were scored: all but the first.", unit="tokens", minimum=1),
        Column("whole", "yes-no", "Whether the model's context held the whole text."),
        Column("perplexity", "number", "exp(-mean_logprob).", minimum=1),
        Column("mean_logprob", "number", "Mean natural logarithm of the tokens' probabilities.", maximum=0),
        *(
            Column(
                f"rank_to_{most}",
                "number",
                f"Share of the tokens that were among the model's {most} most probable ones (GLTR)."
                if most > 1
                else "Share of the tokens that were the model's most probable one (GLTR, Gehrmann et al. 2019).",
                minimum=0,
                maximum=1,
            )
            for most in (1, 10, 100, 1000)
        ),
    ),
)

WORKSHOP = {table.name: table for table in (CANDIDATES, DECISIONS, OPINIONS, COMPARISONS, SCORES)}
