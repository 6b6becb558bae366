"""Where participants come from: which URL parameters a panel sends, and which link leads back to it.

What a study uses lies in ``Study.recruitment`` and is read as ``Recruitment``. Parameter names and return links as the
services documented them in 2026.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from surveys import audit
from surveys.models import Mode, Outcome, Researcher, Study

Panel = Literal["prolific", "connect", "sona", "plain", "keys"]

# panel -> (parameter of the person, of the submission, of the panel's own study); renamed by
# ``Recruitment.parameters``.
PARAMETERS: dict[Panel, tuple[str, str, str]] = {
    "prolific": ("PROLIFIC_PID", "SESSION_ID", "STUDY_ID"),
    "connect": ("participantId", "assignmentId", "projectId"),
    "sona": ("survey_code", "", ""),
    "plain": ("", "", ""),
    # Everybody types a key of their own (surveys/access_keys.py).
    "keys": ("", "", ""),
}
# What the panels that people come from call themselves.
PANEL_NAMES: dict[str, str] = {"prolific": "Prolific", "connect": "CloudResearch Connect", "sona": "SONA"}
# Where people find a study at the panel that sends them; SONA's sites have a host each.
PANEL_SITES: dict[str, str] = {
    "prolific": "https://app.prolific.com/",
    "connect": "https://connect.cloudresearch.com/",
}
# Every way in which somebody's part can end, each of which can have a code and a link of its own.
ENDINGS = tuple(outcome for outcome in Outcome if outcome != Outcome.UNDER_WAY)
# What Prolific calls the completion path that fits an ending, where it has a name of its own for it.
PROLIFIC_PATHS: dict[str, str] = {
    Outcome.COMPLETED: "COMPLETED",
    Outcome.NO_CONSENT: "NO_CONSENT",
    Outcome.SCREENED_OUT: "FIXED_SCREENOUT",
    Outcome.FAILED_CHECKS: "FAILED_ATTENTION_CHECK",
    Outcome.INCOMPATIBLE_DEVICE: "INCOMPATIBLE_DEVICE",
}
# The ways to take part that have no panel, and the endings that can come about in them: nobody tells who returned, and
# nobody is known from an earlier study.
WITHOUT_PANEL: frozenset[str] = frozenset({"plain", "keys"})
ENDINGS_WITHOUT_PANEL = tuple(
    ending for ending in ENDINGS if ending not in {Outcome.RETURNED, Outcome.TOOK_PART_BEFORE}
)
# For outcomes that have no code or address of their own; it never stands for completion.
OTHER = "other"
MAX_ADDRESS = 500
MAX_PANEL_ID = 200
# Shorter numbers can be guessed: SONA's have a few digits, where Prolific's ids have 24 hexadecimal ones.
SHORTEST_UNGUESSABLE = 16
SIGNED_MODE_DAYS = 30
MAX_RESUME_HOURS = 24 * 366
# Settings that a panel gives to one study alone.
_OF_ONE_STUDY = frozenset({"codes", "project", "panel_study", "experiment_id", "credit_token"})
_SALT = "surveys.recruitment.mode"
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+")


class RecruitmentError(Exception):
    """Panel settings that cannot be used; ``problems`` says where and what, a sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


def return_address(text: str) -> str:
    """A whole address to which somebody without a panel is led at the end. Raises ValueError for any other text.

    Only what is written in an address as it travels is taken: what browsers would mend, they would mend differently.
    """
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme == "https" and bool(_HOST.fullmatch(parts.hostname or "")) and parts.port != 0
    except ValueError:
        is_whole = False
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(' "<>\\^`{|}')
    if not is_whole or not is_plain or "@" in parts.netloc or len(text) > MAX_ADDRESS:
        raise ValueError(_("Write a whole address that begins with https://, such as https://www.example.org/thanks."))
    return text


def _ending_without_panel(name: str) -> str:
    if name != OTHER and name not in ENDINGS_WITHOUT_PANEL:
        raise ValueError(f"{name} is no ending of a study without a panel: {', '.join(ENDINGS_WITHOUT_PANEL)}, {OTHER}")
    return name


Returns = dict[Annotated[str, AfterValidator(_ending_without_panel)], Annotated[str, AfterValidator(return_address)]]


class Parameters(BaseModel):
    """The names of the URL parameters, where a project renamed them; empty for the panel's own names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    participant: str = Field(default="", max_length=60, pattern=r"^[A-Za-z0-9_.-]*$")
    submission: str = Field(default="", max_length=60, pattern=r"^[A-Za-z0-9_.-]*$")
    study: str = Field(default="", max_length=60, pattern=r"^[A-Za-z0-9_.-]*$")


class Recruitment(BaseModel):
    """A study's panel settings. They lie outside the version's hash: they change nothing that participants see.

    ``codes`` holds the panel's completion code for each outcome ('completed', 'screened-out', 'no-consent', ...), and
    'other' for outcomes that have none of their own; ``returns`` likewise the addresses to which a study without a
    panel leads people at the end. ``project`` is Connect's project id, ``panel_study`` Prolific's id of the study: who
    comes with another one is let in, and flagged; ``host``, ``experiment_id`` and
    ``credit_token`` are SONA's. On a ``shared_computer`` one person follows another: nothing of a person stays in the
    browser. ``keep_out`` are the keys of studies whose participants are not let in, the study's own standing for its
    pilot; ``keep_out_readers`` keeps out whoever read one of its stories elsewhere.
    ``bonus`` is what the payment list gives to everybody who completed. Of whom nothing was heard for ``resume_hours``,
    comes back too late to go on; without it everybody can, for as long as the study is open.
    Where there is a panel and ``only_with_id``, nobody begins without the panel's id: who lost their cookie and tries
    the bare link would else take part twice, and the second time unpaid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    panel: Panel = "plain"
    parameters: Parameters = Parameters()
    codes: dict[str, str] = Field(default_factory=dict)
    returns: Returns = Field(default_factory=dict)
    project: str = Field(default="", max_length=100)
    panel_study: str = Field(default="", max_length=100)
    host: str = Field(default="", max_length=200, pattern=r"^([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*)?$")
    experiment_id: str = Field(default="", max_length=40)
    credit_token: str = Field(default="", max_length=100)
    shared_computer: bool = False
    keep_out: tuple[str, ...] = ()
    keep_out_readers: bool = False
    bonus: str = Field(default="", pattern=r"^(\d{1,4}(\.\d{1,2})?)?$")
    resume_hours: int | None = Field(default=None, ge=1, le=MAX_RESUME_HOURS)
    only_with_id: bool = True

    @property
    def asks_for_id(self) -> bool:
        """Whether nobody begins who does not bring a panel's id."""
        return self.only_with_id and self.panel not in WITHOUT_PANEL

    @property
    def consents_by_id(self) -> bool:
        """Whether people come by a panel's id or a key, which agrees with them: a personal link does not bring it."""
        return self.panel != "plain"

    @property
    def expected_study(self) -> str:
        """The panel's own id of the study, with which everybody should come; '' where none is set or none is sent."""
        return {"prolific": self.panel_study, "connect": self.project}.get(self.panel, "")

    def names(self, panel: Panel) -> tuple[str, str, str]:
        """The parameters' names (person, submission, the panel's study) for this panel."""
        usual = PARAMETERS[panel]
        if panel != self.panel:
            return usual
        own = self.parameters.participant, self.parameters.submission, self.parameters.study
        person, submission, study = (renamed or name for renamed, name in zip(own, usual, strict=True))
        return person, submission, study


@dataclass(frozen=True)
class Entrant:
    """Who somebody says to be on entry: a panel and its ids for person, submission and study, or nothing."""

    panel: str = "plain"
    panel_id: str = ""
    submission_id: str = ""
    panel_study: str = ""

    @property
    def could_be_guessed(self) -> bool:
        """Whether anybody who counts comes upon this id, so that it does not show who somebody is."""
        is_number = self.panel_id.isdecimal() and len(self.panel_id) < SHORTEST_UNGUESSABLE
        return bool(self.panel_id) and (is_number or self.panel == "sona")


def read(study: Study) -> Recruitment:
    """The study's panel settings. Raises ``RecruitmentError`` naming each field that is wrong."""
    try:
        return Recruitment.model_validate(study.recruitment)
    except ValidationError as error:
        raise RecruitmentError(
            [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
        ) from error


def store(study: Study, values: Mapping[str, Any], *, by: Researcher) -> Recruitment:
    """Store panel settings, in a draft or in a running study. Raises ``RecruitmentError`` naming each wrong field."""
    changed = Study(recruitment=dict(values))
    settings = read(changed)
    with transaction.atomic():
        study.recruitment = settings.model_dump(mode="json")
        Study.objects.filter(pk=study.pk).update(recruitment=study.recruitment)
        audit.record(study, "recruitment changed", by=by, content=settings.model_dump_json())
    return settings


def for_a_copy(stored: Mapping[str, Any], source: str, copy: str) -> dict[str, Any]:
    """What a copy of the study with the key ``source`` begins with of its stored settings; ``copy`` is its own key.

    What names one study at its panel is left out: people who are sent back with another study's code are not paid. The
    study's own key in ``keep_out`` stands for its pilot, and so it becomes the copy's.
    """
    found = {name: value for name, value in stored.items() if name not in _OF_ONE_STUDY}
    if source in found.get("keep_out", ()):
        found["keep_out"] = [copy if key == source else key for key in found["keep_out"]]
    return found


def entrant(settings: Recruitment, parameters: Mapping[str, str], mode: str = Mode.LIVE) -> Entrant:
    """Who comes in by these URL parameters, with this mode.

    The study's own panel is looked at first, then the others by their usual names: whoever forgot to choose the panel
    still does not lose who came. Without an id, or with a placeholder that no panel filled in, somebody is a plain
    visitor. Where everybody types a key, no id in a live link stands for one: anybody can write such a link.
    """
    if settings.panel == "keys" and mode == Mode.LIVE:
        return Entrant()
    panels: list[Panel] = [settings.panel, *(panel for panel in PARAMETERS if panel != settings.panel)]
    for panel in panels:
        person, *others = settings.names(panel)
        if person and (panel_id := _id(parameters, person)):
            submission, study = (_id(parameters, name) if name else "" for name in others)
            return Entrant(panel, panel_id, submission, study)
    return Entrant()


def code(settings: Recruitment, outcome: str) -> str:
    """The panel's code for this outcome, else the one for 'other', which never stands for completion; '' if none."""
    return _of_outcome(settings.codes, outcome)


def return_link(settings: Recruitment, outcome: str, panel: str, panel_id: str) -> str:
    """The address that tells the panel how it ended for somebody who came by ``panel``, or '' if there is none.

    Where there is no panel it is the study's own. Nothing that a participant's browser sends is part of it, but for
    the panel's id in SONA's.
    """
    if panel in WITHOUT_PANEL:
        return _of_outcome(settings.returns, outcome)
    if panel == "prolific":
        cc = code(settings, outcome)
        return f"https://app.prolific.com/submissions/complete?{urlencode({'cc': cc})}" if cc else ""
    if outcome != Outcome.COMPLETED:
        return ""
    if panel == "connect" and settings.project:
        project = quote(settings.project, safe="")
        return f"https://connect.cloudresearch.com/participant/project/{project}/complete"
    if panel == "sona" and settings.host and settings.experiment_id and settings.credit_token and panel_id:
        query = {
            "experiment_id": settings.experiment_id,
            "credit_token": settings.credit_token,
            "survey_code": panel_id,
        }
        return f"https://{settings.host}/webstudy_credit.aspx?{urlencode(query)}"
    return ""


def panel_site(settings: Recruitment) -> str:
    """The address at which people open the study at its panel, or '' where there is no panel or none is known."""
    if settings.panel == "sona" and settings.host:
        return f"https://{settings.host}/"
    return PANEL_SITES.get(settings.panel, "")


def entry_parameters(settings: Recruitment) -> dict[str, str]:
    """What to append to the entry link where it is handed to the panel, with the panel's own placeholders."""
    person, submission, study = settings.names(settings.panel)
    placeholders = {
        "prolific": {person: "{{%PROLIFIC_PID%}}", study: "{{%STUDY_ID%}}", submission: "{{%SESSION_ID%}}"},
        "sona": {person: "%SURVEY_CODE%"},
    }
    return placeholders.get(settings.panel, {})


def signed_mode(study: Study, mode: Mode) -> str:
    """The value of the entry link's ``mode`` parameter that lets somebody in with this mode, for 30 days."""
    return signing.dumps([study.key, str(mode)], salt=_SALT)


def read_signed_mode(study: Study, value: str) -> Mode | None:
    """The mode in a signed value, or None if it was not signed for this study, was changed, or is too old."""
    try:
        key, mode = signing.loads(value, salt=_SALT, max_age=SIGNED_MODE_DAYS * 24 * 3600)
    except (signing.BadSignature, ValueError):
        return None
    return Mode(mode) if key == study.key else None


def _of_outcome(known: Mapping[Any, str], outcome: str) -> str:
    own = known.get(outcome, "")
    return own if own or outcome == Outcome.COMPLETED else known.get(OTHER, "")


def _id(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name, "").replace("\0", "").strip()
    # '{{%PROLIFIC_PID%}}' and '%SURVEY_CODE%' arrive unfilled when researchers try their own link.
    is_placeholder = value.startswith(("{{%", "%")) and value.endswith(("%}}", "%"))
    return "" if is_placeholder or len(value) > MAX_PANEL_ID else value
