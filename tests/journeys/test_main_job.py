"""The main job in a real browser on the real installation, from the printed link to files that hold what people said.

Screenshots of every page go to ``test-output/screenshots/``.
"""

from collections import defaultdict
from pathlib import Path
from statistics import fmean

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from studyweb.demonstration import invented_articles
from tests.journeys import results
from tests.journeys.camera import Camera
from tests.journeys.research import Researcher
from tests.journeys.taking_part import Reader
from tests.journeys.visitors import Participant
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.model]

PHONE = ViewportSize(width=390, height=844)
SMALL = ViewportSize(width=320, height=640)
DESK = ViewportSize(width=1280, height=800)
OVER_HTTP = 6
REASON = "All nine people whom this test needs have completed."
# How many a story is asked of the model.
TEXTS = 4


def test_a_study_goes_from_the_printed_link_to_checked_exports(stack: Stack, chromium: Browser, tmp_path: Path) -> None:
    camera = Camera()
    expect.set_options(timeout=15_000)
    researcher = Researcher(chromium.new_context(viewport=DESK).new_page(), camera, stack.url)
    researcher.sign_in(stack.sign_in_link)
    researcher.make_study("What people believe (invented)")
    researcher.reduce_arms()
    researcher.export_and_import_definition(tmp_path)
    written_and_curated(researcher, tmp_path)
    link = researcher.freeze_and_launch()

    readers = in_browsers(chromium, camera, link)
    visitors = over_http(stack.url, link)
    researcher.look_around()

    masked = results.masked_report(researcher, tmp_path)
    masked.checked()
    names = ("answers", "candidates", "decisions", "flow", "lineage", "paradata", "participants", "quality")
    assert masked.tables == tuple(f"data/table-{name}_data.csv" for name in names)
    assert {row["step"].rpartition("-")[0] for row in masked.table("answers.csv")} == {"before"}
    assert len(masked.table("candidates.csv")) == 2 * TEXTS
    researcher.close()
    researcher.open("analysis/")
    results.unblinded_report(researcher, REASON)
    files = results.downloaded(researcher, tmp_path)
    files.checked()
    complete(files, readers, visitors)
    printed(researcher, files)
    assert camera.problems == []


def written_and_curated(researcher: Researcher, folder: Path) -> None:
    """Two stories: an invented original each, one by form and one by file, and a batch each, picked and curated."""
    first, second = invented_articles()[:2]
    researcher.add_by_form(first)
    researcher.import_csv(second, folder)
    for number, article in enumerate((first, second)):
        researcher.ask_for_texts(article.story, size=TEXTS)
        researcher.pick_at_random()
        researcher.curate(edits=number == 0)


def in_browsers(chromium: Browser, camera: Camera, link: str) -> list[Reader]:
    """Three who complete, on a phone, sent by Prolific, and without JavaScript; one who leaves and withdraws."""
    phone = chromium.new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)
    plain = Reader(phone.new_page(), camera, "phone").enter(link).walk()
    desk = chromium.new_context(viewport=DESK)
    sent = f"{link}?PROLIFIC_PID=invented-worker&STUDY_ID=invented&SESSION_ID=invented-session"
    prolific = Reader(desk.new_page(), camera, "prolific").enter(sent).walk()
    assert prolific.code == "CINVENTED1"
    back = prolific.page.get_by_role("link", name="Back to where you came from")
    expect(back).to_have_attribute("href", "https://app.prolific.com/submissions/complete?cc=CINVENTED1")
    bare = chromium.new_context(viewport=SMALL, java_script_enabled=False)
    scriptless = Reader(bare.new_page(), camera, "no-javascript").enter(link).walk()
    assert len({plain.code, prolific.code, scriptless.code}) == 3
    leaving = chromium.new_context(viewport=PHONE)
    Reader(leaving.new_page(), camera, "leaving").enter(link).walk(until="reading-2").leave_and_withdraw()
    return [plain, prolific, scriptless]


def over_http(url: str, link: str) -> list[Participant]:
    """Some more, so that every arm has people enough for an interval."""
    key = link.rstrip("/").rpartition("/")[2]
    people = [Participant(url, key, number) for number in range(OVER_HTTP)]
    for person in people:
        person.walk().close()
    return people


def complete(files: results.Files, readers: list[Reader], visitors: list[Participant]) -> None:
    """The files hold what everybody answered and read, no more, and nothing that says who they are."""
    chosen = [reader.chosen for reader in readers]
    chosen += [visitor.answers for visitor in visitors]
    assert results.given(files) == sorted(results.meant(one) for one in chosen)
    exported = [(row["article_sha256"], row["believable"], row["clear"]) for row in files.table("ratings.csv")]
    for reader in readers:
        for step, digest in reader.read.items():
            answers = reader.chosen[step]
            assert (digest, answers["believable"], answers["clear"]) in exported
    outcomes = sorted(row["outcome"] for row in files.table("participants.csv"))
    assert outcomes == ["completed"] * (len(readers) + len(visitors)) + ["withdrawn"]
    for secret in (b"invented-worker", b"invented-session", b"person-1", *(reader.code.encode() for reader in readers)):
        assert not files.holds(secret)


def printed(researcher: Researcher, files: results.Files) -> None:
    """The page's table of arms says what the exported ratings say: people, ratings and mean index of each arm."""
    people: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in files.table("ratings.csv"):
        people[row["arm"]][row["participant"]].append(float(row["credibility"]))
    rows = results.arm_rows(researcher)
    labels = {"original": "Original article (reference)"}
    labels |= {arm: f"Built-in model, {arm}" for arm in ("curated", "uncurated")}
    assert set(people) == set(labels)
    for arm, label in labels.items():
        mean = fmean(fmean(values) for values in people[arm].values())
        ratings = sum(map(len, people[arm].values()))
        assert rows[label][:4] == [str(len(people[arm])), str(ratings), "2", f"{mean:.2f}"]
