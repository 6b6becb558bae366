"""A panel's own list of submissions: read from its CSV file, held against who is here, and applied after a look.

It frees the places of people who returned or timed out there. It deletes no answer and rejects nobody; who completed
here stays as they are, whatever the list says.
"""

import base64
import csv
import io
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from surveys import audit, flow, tokens
from surveys.article_files import RowProblem
from surveys.models import Mode, Outcome, PanelIdentity, PanelSubmission, Participant, Researcher, Study

# What the columns are called: Prolific's export, and the names of the parameters of its links.
PERSON = ("participant id", "prolific id", "prolific pid", "worker id")
SUBMISSION = ("submission id", "session id", "assignment id")
STATUS = ("status", "submission status")
# Prolific's statuses; of these two end somebody's way here.
STATUSES = (
    "RESERVED",
    "ACTIVE",
    "AWAITING REVIEW",
    "APPROVED",
    "PARTIALLY APPROVED",
    "REJECTED",
    "RETURNED",
    "TIMED-OUT",
    "SCREENED OUT",
)
ENDED: dict[str, Outcome] = {"RETURNED": Outcome.RETURNED, "TIMED-OUT": Outcome.TIMED_OUT}
MODES = (Mode.LIVE, Mode.PILOT)
MOST_ROWS = 20_000
LARGEST_FILE = 10 * 1024 * 1024
_LONGEST_ID = 200
_CHUNK = 500
# How many people one transaction is about: for so long others may have to wait.
_TOGETHER = 100

What = Literal["release", "goes-on", "another", "ended", "completed", "not-consented", "unknown"]


class PanelFileError(Exception):
    """A list that cannot be used; ``problems`` says what is wrong in which row."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__("; ".join(f"row {problem.row}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Row:
    """One submission of the list; ``number`` is its row in the file, the header being row 1."""

    number: int
    person: str
    submission: str
    status: str


@dataclass(frozen=True)
class Line:
    """What the list means for one person of it.

    'release': under way, and ``outcome`` is how their way will end. 'goes-on': under way here and at the panel.
    'another': under way here, and not every submission that they came with has ended by the list, which tells of others
    that have: it is older than their last one, or another study's. 'ended': had ended before. 'completed': completed
    here although the panel says otherwise. 'not-consented': has no place to free. 'unknown': never came here.
    """

    person: str
    statuses: tuple[str, ...]
    what: What
    participant: Participant | None = None
    outcome: Outcome = Outcome.UNDER_WAY


def read(content: bytes) -> list[Row]:
    """The submissions in a panel's CSV file. Raises ``PanelFileError`` naming every row that cannot be used."""
    if len(content) > LARGEST_FILE:
        raise _refusal(_("The file is larger than %(n)s MB. Split it.") % {"n": LARGEST_FILE // 1024 // 1024})
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        told = _("The file is not UTF-8 text (byte %(n)s). Download it again, or save it as UTF-8.")
        raise _refusal(told % {"n": error.start}) from error
    if not text.strip():
        raise _refusal(_("The file is empty."))
    lines = list(_cells(text))
    if not lines:
        raise _refusal(_("The file is empty."))
    columns = _columns(lines[0][1])
    rows, problems = _rows(lines[1:], columns)
    if not rows and not problems:
        raise _refusal(_("The file has a header and no submissions."))
    if len(rows) > MOST_ROWS:
        raise _refusal(_("The file has more than %(n)s submissions. Split it.") % {"n": MOST_ROWS})
    if problems:
        raise PanelFileError(problems)
    return rows


def look(study: Study, rows: Iterable[Row]) -> list[Line]:
    """What applying the list would do, a line a person, those whose place would be freed first. Writes nothing."""
    of = _by_person(rows)
    here = dict(_known(study, of))
    lines = []
    for person, theirs in of.items():
        statuses = tuple(row.status for row in theirs)
        found = [here[hashed] for mode in MODES if (hashed := tokens.keyed_hash(study, mode, person)) in here]
        # Somebody of the pilot who came back for the study itself is two participants.
        lines += [_line(study, theirs, identity) for identity in found]
        if not found:
            lines.append(Line(person, statuses, "unknown"))
    order = ("release", "another", "completed", "goes-on", "ended", "not-consented", "unknown")
    return sorted(lines, key=lambda line: order.index(line.what))


def apply(study: Study, rows: Sequence[Row], *, by: Researcher) -> Counter[str]:
    """Free the places, keep each submission's status, log it; how many lines there were of each kind.

    What was looked at may have changed since: everything is looked at again, and each way ends by compare-and-set.
    Applying one list twice changes nothing the second time, so that one that broke off is applied again.

    It is done in parts of ``_TOGETHER`` people, each whole and with a line of its own in the log: while one is written,
    nobody named in it can send a page, and on SQLite nobody at all. Two lists that are applied at once lock what both
    name in one order, by key, so that neither waits for the other in vain.
    """
    people, counts = iter(_by_person(rows).values()), Counter[str]()
    while some := [*islice(people, _TOGETHER)]:
        with transaction.atomic():
            counts += _apply_part(study, [row for theirs in some for row in theirs], by)
    return counts


def pack(study: Study, rows: Sequence[Row]) -> str:
    """The list, encrypted, for the page to carry from the look to the confirmation."""
    packed = zlib.compress(json.dumps([study.key, _canonical(rows)]).encode())
    return tokens.seal(base64.b64encode(packed).decode()).decode()


def unpack(study: Study, packed: str) -> list[Row]:
    """What ``pack`` wrote for this study. Raises ``PanelFileError`` if it was changed, or is another study's."""
    try:
        key, rows = json.loads(zlib.decompress(base64.b64decode(tokens.unseal(packed.encode("utf-8", "replace")))))
    except (tokens.InvalidToken, ValueError, zlib.error) as error:
        raise _refusal(_("The page was changed on its way. Choose the file again.")) from error
    if key != study.key:
        raise _refusal(_("This list was chosen for another study. Choose the file again."))
    return [Row(*row) for row in json.loads(rows)]


def _by_person(rows: Iterable[Row]) -> dict[str, list[Row]]:
    of: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of[row.person].append(row)
    return of


def _apply_part(study: Study, rows: Sequence[Row], by: Researcher) -> Counter[str]:
    here = [identity.participant_id for _, identity in _known(study, {row.person for row in rows})]
    locked = Participant.objects.select_for_update(no_key=True).filter(pk__in=here).order_by("pk")
    list(locked.values_list("pk"))
    counts: Counter[str] = Counter()
    for line in look(study, rows):
        if line.participant and line.what == "release":
            flow.end_at_panel(line.participant, line.outcome)
        counts[line.what] += 1
    _keep_statuses(study, rows)
    subject = f"{counts['release']} places freed of {len(rows)} submissions"
    audit.record(study, "panel statuses imported", by=by, subject=subject, content=_canonical(rows))
    return counts


def _line(study: Study, theirs: Sequence[Row], identity: PanelIdentity) -> Line:
    # Who has a second submission that counts has come back: only when every one of them has ended is the place free.
    statuses, participant = tuple(row.status for row in theirs), identity.participant
    outcome = ENDED.get(statuses[-1], Outcome.UNDER_WAY) if all(status in ENDED for status in statuses) else None
    is_theirs = outcome is None or _has_ended_all_they_came_with(study, theirs, identity)
    what: What = "ended"
    if participant.completed_at is not None:
        what = "completed" if outcome is not None and is_theirs else "ended"
    elif participant.outcome == Outcome.UNDER_WAY:
        what = "goes-on" if outcome is None else "release" if is_theirs else "another"
        what = what if participant.consented_at or what == "goes-on" else "not-consented"
    return Line(theirs[0].person, statuses, what, participant, outcome or Outcome.UNDER_WAY)


def _has_ended_all_they_came_with(study: Study, theirs: Sequence[Row], identity: PanelIdentity) -> bool:
    """Whether each submission that somebody came with has ended, by this list or by one before it.

    True where none is known here, or where the list does not name those that it tells of.
    """
    if not all(row.submission for row in theirs):
        return True
    of_the_list = {tokens.keyed_hash(study, identity.mode, row.submission): row.status for row in theirs}
    brought = [submission for submission in identity.submissions.all() if not submission.is_imported]
    return all(of_the_list.get(submission.keyed_hash, submission.status) in ENDED for submission in brought)


def _known(study: Study, people: Iterable[str]) -> Iterator[tuple[str, PanelIdentity]]:
    hashes = iter([tokens.keyed_hash(study, mode, person) for person in people for mode in MODES])
    while chunk := list(islice(hashes, _CHUNK)):
        identities = PanelIdentity.objects.filter(study=study, mode__in=MODES, keyed_hash__in=chunk)
        for identity in identities.select_related("participant__study").prefetch_related("submissions"):
            yield identity.keyed_hash, identity


def _keep_statuses(study: Study, rows: Sequence[Row]) -> None:
    """Each submission's status, for those who consented: of the others only the arrival is kept."""
    here = dict(_known(study, {row.person for row in rows}))
    theirs: dict[tuple[int, str], Row] = {}
    for row in rows:
        for mode in MODES:
            identity = here.get(tokens.keyed_hash(study, mode, row.person))
            if identity is not None and row.submission and identity.participant.consented_at is not None:
                theirs[identity.pk, tokens.keyed_hash(study, mode, row.submission)] = row
    PanelSubmission.objects.bulk_create(
        (
            PanelSubmission(
                identity_id=identity_key,
                keyed_hash=keyed,
                status=row.status,
                status_at=Now(),
                ciphertext=tokens.seal(row.submission),
                is_imported=True,
            )
            for (identity_key, keyed), row in sorted(theirs.items(), key=lambda each: each[0])
        ),
        update_conflicts=True,
        unique_fields=["identity", "keyed_hash"],
        # What the person brought stays as they brought it.
        update_fields=["status", "status_at"],
    )


def _cells(text: str) -> Iterator[tuple[int, list[str]]]:
    """(row, its cells), the blank ones left out."""
    separator = max(",;\t", key=text.splitlines()[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, row in enumerate(reader, start=1):
            if any(cell.strip() for cell in row):
                yield number, [cell.replace("\0", "").strip() for cell in row]
    except csv.Error as error:
        told = _("This row cannot be read: %(why)s.") % {"why": error}
        raise PanelFileError([RowProblem(number + 1, "", told)]) from error


def _columns(header: list[str]) -> tuple[int, int | None, int]:
    """Where (person, submission, status) stand. Raises ``PanelFileError`` if one that is needed is missing."""
    names = [re.sub(r"[\s_-]+", " ", name).lower() for name in header]
    at = [next((names.index(name) for name in known if name in names), None) for known in (PERSON, SUBMISSION, STATUS)]
    person, submission, status = at
    if person is None or status is None:
        missing = [shown for shown, place in (("Participant id", person), ("Status", status)) if place is None]
        told = _("These columns are missing: %(names)s. Download the list of submissions as your panel gives it.")
        raise _refusal(told % {"names": ", ".join(missing)})
    return person, submission, status


def _rows(
    lines: list[tuple[int, list[str]]], columns: tuple[int, int | None, int]
) -> tuple[list[Row], list[RowProblem]]:
    person, submission, status = columns
    rows: list[Row] = []
    problems: list[RowProblem] = []
    seen: dict[str, int] = {}
    for number, cells in lines:
        if len(cells) <= max(person, submission or 0, status):
            problems.append(RowProblem(number, "", _("This row does not have as many cells as the header.")))
            continue
        row = Row(number, cells[person], cells[submission] if submission is not None else "", _status(cells[status]))
        if not row.person or max(len(row.person), len(row.submission)) > _LONGEST_ID:
            problems.append(RowProblem(number, "Participant id", _("There is no id that a panel gives.")))
        elif row.status not in STATUSES:
            told = _("%(status)s is no status that is known. Known are: %(known)s.")
            told %= {"status": repr(row.status[:40]), "known": ", ".join(STATUSES)}
            problems.append(RowProblem(number, "Status", told))
        elif row.submission and row.submission in seen:
            told = _("This submission stands in row %(n)s already.") % {"n": seen[row.submission]}
            problems.append(RowProblem(number, "Submission id", told))
        else:
            seen[row.submission] = number
            rows.append(row)
    return rows, problems


def _status(text: str) -> str:
    """As Prolific writes it, whatever stands between the words."""
    plain = re.sub(r"[\s_-]+", " ", text).strip().upper()
    return {"TIMED OUT": "TIMED-OUT", "TIMEDOUT": "TIMED-OUT"}.get(plain, plain)


def _canonical(rows: Sequence[Row]) -> str:
    return json.dumps([[row.number, row.person, row.submission, row.status] for row in rows], separators=(",", ":"))


def _refusal(message: str) -> PanelFileError:
    return PanelFileError([RowProblem(1, "", message)])
