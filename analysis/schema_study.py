"""PURE: the columns of the tables about a study rather than about what people answered: lineage and flow."""

from analysis.schema_columns import Column, Table
from analysis.schema_levels import CURATIONS, MODES, ORIGINS, OUTCOMES

LINEAGE = Table(
    name="lineage",
    title="Lineage of the articles",
    row="one article of the study's version",
    key=("article",),
    columns=(
        Column("article", "text", "Key of the article.", required=True, nullable=False),
        Column("arm", "text", "Key of the arm that it belongs to.", required=True, nullable=False),
        Column("story", "text", "Key of its story."),
        Column("origin", "text", "Who wrote it.", levels=ORIGINS),
        Column("curation", "text", "How a synthetic article was chosen.", levels=CURATIONS),
        Column("article_sha256", "text", "SHA-256 of the text that was shown, in hexadecimal."),
        Column("language", "text", "Language of the text (BCP 47)."),
        Column("source", "text", "Where a real article appeared."),
        Column("published_on", "text", "When a real article appeared, as an ISO date."),
        Column("model", "text", "Model that wrote it; empty for real ones."),
        Column("model_source", "text", "Where the model came from: builtin, folder, hub or a served one."),
        Column(
            "model_identity", "text", "The model to the byte, as JSON: repository or file, revision, hashes, types."
        ),
        Column("engine", "text", "Versions of the software that wrote it, as JSON."),
        Column("prompt_kind", "text", "continuation or instruction."),
        Column("prompt_sha256", "text", "SHA-256 of the prompt as it was written."),
        Column("prompt", "text", "The prompt as it was written."),
        Column("sampling", "text", "Sampling parameters, as JSON."),
        Column("seed", "text", "Seed of the candidate: a whole number that may be larger than programs can hold."),
        Column("batch", "integer", "Number of the batch in the study.", minimum=1),
        Column("candidate", "integer", "Number of the candidate in its batch.", minimum=0),
        Column(
            "candidates", "integer", "How many candidates the batch had, out of which this one was taken.", minimum=1
        ),
        Column("raw_sha256", "text", "SHA-256 of the draft as the model wrote it."),
        Column("edits", "integer", "How often somebody edited the draft, or one that it goes on from.", minimum=0),
        Column("reviews", "integer", "How often somebody decided about it.", minimum=0),
        Column("flags", "text", "What the screening found of the text as it was shown, as JSON."),
        Column(
            "lineage",
            "text",
            "Everything that is known of where the text comes from, as JSON, with the names of those who edited it and "
            "decided about it.",
            identifying=True,
        ),
    ),
)

FLOW = Table(
    name="flow",
    title="Flow of participants",
    row="the people of one arm whose way ended in one way",
    key=("mode", "arm", "outcome"),
    columns=(
        Column("mode", "text", "Why they walked through the study.", levels=MODES, nullable=False),
        Column("arm", "text", "Arm, or row of the counterbalancing; empty before the randomisation.", required=True),
        Column("outcome", "text", "How their way ended.", levels=OUTCOMES, required=True),
        Column("people", "integer", "How many people.", minimum=0, required=True, nullable=False),
        Column("consented", "integer", "How many of them consented.", minimum=0),
        Column("randomised", "integer", "How many of them got an arm.", minimum=0),
        Column("exposed", "integer", "How many of them were shown an article.", minimum=0),
        Column("debriefed", "integer", "How many of them acknowledged the debriefing.", minimum=0),
        Column("completed", "integer", "How many of them reached the end.", minimum=0),
        Column("withdrawn", "integer", "How many of them withdrew.", minimum=0),
    ),
)
