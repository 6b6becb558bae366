"""A researcher's way in a real browser, link by link: sign-in, study, articles, texts of a model, freeze, launch."""

import csv
import json
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from studyweb.demonstration import BUILTIN_MODEL, InventedArticle
from tests.browser import press
from tests.journeys.camera import Camera

PASSWORD = "an-invented-password-42"
EMAIL = "researcher@localhost"
WRITING_MS = 90_000


class Researcher:
    """One person at the workbench; every method is a link of the chain, on the real pages."""

    def __init__(self, page: Page, camera: Camera, url: str) -> None:
        self.page = camera.watch(page)
        self._camera = camera
        self._url = url
        self.study = ""

    def sign_in(self, link: str) -> None:
        """By the printed link, once; then by the password set meanwhile."""
        page = self.page
        page.goto(link)
        self.shot("sign-in-by-link")
        page.get_by_role("button", name="Sign me in").click()
        self.shot("first-home")
        page.get_by_role("link", name="Set a password").click()
        expect(page.get_by_role("button", name="Set the password")).to_be_visible()
        for field in page.locator("input[type=password]").all():
            field.fill(PASSWORD)
        self.shot("password")
        page.get_by_role("button", name="Set the password").click()
        expect(page.get_by_text("Your password is set")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.goto(link)
        page.get_by_role("button", name="Sign me in").click()
        expect(page.get_by_role("heading", name="This link does not sign you in")).to_be_visible()
        self.shot("used-link")
        page.goto(f"{self._url}/sign-in/")
        self._fill(email=EMAIL, password=PASSWORD)
        self.shot("sign-in")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Studies")).to_be_visible()

    def make_study(self, name: str) -> None:
        """From the shipped template, with contact, ethics board and panel, and three arms."""
        page = self.page
        page.get_by_role("link", name="New study").click()
        self._fill(name=name)
        self.shot("new-study")
        page.get_by_role("button", name="Make the study").click()
        self.study = page.url.rstrip("/")
        self.shot("checklist")
        self.open("texts/")
        page.get_by_label("Contact person").fill("The invented team")
        page.get_by_label("Contact e-mail").fill("team@example.org")
        page.get_by_label("Ethics board").first.fill("Invented Ethics Board")
        self.shot("texts")
        page.get_by_role("button", name="Save the texts").click()
        expect(page.get_by_text("The texts are saved.")).to_be_visible()
        self.open("recruitment/")
        self._fill(**{"panel": "prolific", "code-completed": "CINVENTED1"})
        # Others come by the bare link beside those whom the panel sends.
        page.get_by_label("Only with a panel’s id").uncheck()
        page.get_by_role("button", name="Save the panel").click()
        self.shot("recruitment")

    def reduce_arms(self) -> None:
        """The template's three model sizes make way for one model, curated and uncurated."""
        page = self.page
        for key in ("small", "medium", "large"):
            self.open(f"arms/{key}/delete/")
            if key == "small":
                self.shot("delete-an-arm")
            page.get_by_role("button", name="Delete the arm").click()
        for curation in ("curated", "uncurated"):
            page.get_by_role("link", name="Add an arm").click()
            label = f"Built-in model, {curation}"
            self._fill(label=label, key=curation, origin="synthetic", curation=curation, model_slot=BUILTIN_MODEL)
            if curation == "curated":
                self.shot("new-arm")
            page.get_by_role("button", name="Add the arm").click()
        self.shot("arms")

    def export_and_import_definition(self, folder: Path) -> None:
        """Questions live in a file: out, changed, and in again."""
        page = self.page
        self.open("questions/")
        self.shot("questions")
        with page.expect_download() as download:
            page.get_by_role("link", name="Export the definition").click()
        file = folder / "definition.json"
        download.value.save_as(file)
        content = json.loads(file.read_text())
        content["definition"]["wording"]["thanks"]["en"] = "Thank you, said the imported file."
        file.write_text(json.dumps(content))
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_role("button", name="Check and import").click()
        self.open("texts/")
        expect(page.locator("textarea", has_text="said the imported file")).to_be_visible()
        self.open("design/")
        self.shot("design")

    def add_by_form(self, article: InventedArticle) -> None:
        """A real article, typed in."""
        self.open("articles/")
        self.shot("no-article")
        self.page.get_by_role("link", name="Add an article").click()
        self._fill(story=article.story, arm="original", headline=article.headline, text=article.text)
        self._fill(source="The Invented Courier", author="A. Nobody", published_on="2019-08-20", is_invented="on")
        self.shot("new-article")
        self.page.get_by_role("button", name="Add the article").click()
        self.shot("article")

    def import_csv(self, article: InventedArticle, folder: Path) -> None:
        """A real article out of a file: first a file with faults, of which nothing is stored, then a good one."""
        page, file = self.page, folder / "articles.csv"
        self.open("articles/+/import/")
        good = {"story": article.story, "headline": article.headline, "text": article.text, "arm": "original"}
        good |= {"source": "The Invented Courier", "author": "B. Nobody", "published_on": "2019-08-21"}
        bad = good | {"story": "", "arm": "no-such-arm", "published_on": "yesterday"}
        for rows in ([good, bad], [good]):
            with file.open("w", newline="", encoding="utf-8") as opened:
                writer = csv.DictWriter(opened, fieldnames=list(good))
                writer.writeheader()
                writer.writerows(rows)
            page.get_by_label("File", exact=True).set_input_files(file)
            page.get_by_role("button", name="Check and import").click()
            if bad in rows:
                expect(page.get_by_role("heading", name="Nothing was imported from articles.csv")).to_be_visible()
                expect(page.get_by_role("row")).to_have_count(1 + 3)
                self.shot("import-refused")
        expect(page.get_by_text("1 article is imported.")).to_be_visible()

    def ask_for_texts(self, story: str, *, size: int) -> None:
        """A batch from the opening of a story's real article, watched until it is done. Ends on the batch's page."""
        page = self.page
        self.open("generation/batches/new/")
        page.get_by_text("Begin with the opening of a real article").click()
        offered = page.get_by_role("listitem").filter(has_text=story)
        offered.get_by_role("link", name="first paragraph", exact=True).click()
        opening = page.locator("[name=text]").input_value()
        page.get_by_text("Temperature, top-p, seed and more").click()
        self._fill(size="0", temperature="-1", text=" ")
        page.get_by_role("button", name="Ask for the texts").click()
        expect(page.locator(".error-summary li")).to_have_count(3)
        self.shot("batch-refused")
        self._fill(text=opening, size=str(size), temperature="0.9", max_tokens="48", min_tokens="12", seed="11")
        self.shot("new-batch")
        page.get_by_role("button", name="Ask for the texts").click()
        expect(page.locator("#progress .badge")).to_have_text("Being written", timeout=WRITING_MS)
        expect(page.get_by_text("of at most 48 tokens long")).to_be_visible(timeout=WRITING_MS)
        self.shot("batch-under-way")
        # The page was never loaded again: texts and the end come by themselves.
        expect(page.locator("#texts > li")).to_have_count(size, timeout=WRITING_MS)
        expect(page.locator("#progress .badge")).to_have_text("Done")
        self.shot("batch-done")

    def pick_at_random(self) -> None:
        """One text of the batch that is shown, for the uncurated arm."""
        page = self.page
        page.get_by_text("Pick at random, for an uncurated arm").click()
        page.get_by_role("button", name="Pick", exact=True).click()
        expect(page.get_by_text("1 text was picked at random.")).to_be_visible()
        self.shot("picked")

    def curate(self, *, edits: bool) -> None:
        """By keyboard: reject one with a reason, edit the next one where ``edits``, accept it."""
        page = self.page
        page.get_by_role("link", name="Review its texts").click()
        heading = page.get_by_role("heading", level=1)
        first = heading.inner_text()
        self.shot("review")
        self._press("r")
        page.keyboard.type("It contradicts its own opening.")
        page.keyboard.press("Enter")
        expect(heading).not_to_have_text(first)
        if edits:
            self._press("e")
            page.locator("textarea[name=text]").press("Control+End")
            page.keyboard.type(" The council meets again in May.")
            self.shot("edit")
            page.keyboard.press("Control+Enter")
            expect(page.locator(".diff ins", has_text="council").first).to_be_visible()
            self.shot("edited")
        self._press("a")
        expect(page.locator(".messages")).to_contain_text("ccepted")
        self.shot("accepted")

    def freeze_and_launch(self) -> str:
        """The entry link of the launched study, without the panel's parameters."""
        page = self.page
        self.open("articles/")
        expect(page.get_by_text("Every story has a version in every arm.")).to_be_visible()
        self.shot("stories-by-arms")
        self._let_findings_stand()
        self.open("")
        self.shot("ready")
        page.get_by_role("link", name="Freeze the study").click()
        self.shot("freeze")
        page.get_by_role("button", name="Freeze it").click()
        self.shot("frozen")
        self.open("preview/")
        self.shot("try-it-out")
        self.open("")
        page.get_by_role("link", name="Launch the study").click()
        self.shot("launch")
        page.get_by_role("button", name="Launch it").click()
        self.shot("live")
        link = page.locator("#entry-link").inner_text().partition("?")[0]
        for part in ("texts/", "design/", "questions/", "arms/", "articles/"):
            self.open(part)
            expect(self._buttons()).to_have_count(0)
        return link

    def _let_findings_stand(self) -> None:
        """What the parity report finds in texts of a small model is let stand, with a reason."""
        page = self.page
        self.open("generation/parity/")
        self.shot("parity-report")
        stand = page.get_by_role("button", name="Let it stand")
        while stand.count():
            page.get_by_label("Why it may stand").first.fill("The journey's texts are short on purpose.")
            stand.first.click()
            expect(page.get_by_text("It may stand. The reason is logged")).to_be_visible()
        self.shot("parity-let-stand")

    def look_around(self) -> None:
        """The pages of a live study on which nothing is done here."""
        for part in ("monitor/", "recruitment/", "people/", "generation/", "log/"):
            self.open(part)
            self.shot(f"live-{part.rstrip('/')}")

    def close(self) -> None:
        """Let nobody in any more."""
        self.open("close/")
        self.shot("close")
        self.page.get_by_role("button", name="Close it for good").click()
        self.shot("closed")

    def _buttons(self) -> Locator:
        """What could change something on the page that is open."""
        return self.page.locator("main form[method=post] button[type=submit]")

    def _press(self, key: str) -> None:
        """A single key, once the page's script listens."""
        press(self.page, key)

    def _fill(self, **values: str) -> None:
        """Fill in controls by their names, of whatever kind they are."""
        for name, value in values.items():
            controls = self.page.locator(f"main [name={name}]")
            kind = controls.first.evaluate("control => control.type")
            if kind == "radio":
                self.page.locator(f"main [name={name}][value={value}]").check()
            elif kind == "checkbox":
                controls.check()
            elif kind == "select-one":
                controls.select_option(value)
            else:
                controls.fill(value)

    def open(self, part: str) -> None:
        answer = self.page.goto(f"{self.study}/{part}")
        assert answer is not None
        assert answer.ok, (self.page.url, answer.status)

    def shot(self, name: str) -> None:
        self._camera.take(self.page, name)
