"""PURE: what a page offers to somebody who fills it in: its text and its forms, read from the HTML alone."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Field:
    """A control, or the radios or checkboxes of one name. ``values`` are the choices; ``given`` what is set already."""

    name: str
    kind: str
    values: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)


@dataclass
class Form:
    """A form: where it goes, its fields by name, and its buttons as (name, value), in the page's order."""

    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Page:
    """A page: the article's headline and text, if it shows one, the completion code, and its forms in order."""

    forms: list[Form] = field(default_factory=list)
    headline: str = ""
    article: str = ""
    code: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._form: Form | None = None
        self._text_of: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attrs}
        classes = have.get("class", "").split()
        if tag == "form":
            self._form = Form(have.get("action", ""), have.get("method", "get").lower())
            self.page.forms.append(self._form)
        elif "article-headline" in classes:
            self._text_of = (tag, "headline")
        elif "article-body" in classes:
            self._text_of = (tag, "article")
        elif "code" in classes:
            self._text_of = (tag, "code")
        elif self._form is not None:
            self._control(self._form, tag, have)

    def _control(self, form: Form, tag: str, have: dict[str, str]) -> None:
        name = have.get("name", "")
        kind = have.get("type", "submit" if tag == "button" else "text") if tag != "textarea" else "textarea"
        if tag == "button" and kind == "submit":
            form.buttons.append((name, have.get("value", "")))
        if tag not in {"input", "textarea", "select"} or not name:
            return
        control = form.fields.setdefault(name, Field(name, kind))
        if kind in {"radio", "checkbox"}:
            control.values.append(have.get("value", "on"))
            if "checked" in have:
                control.given.append(have.get("value", "on"))
        elif have.get("value"):
            control.given.append(have["value"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if self._text_of is not None and tag == self._text_of[0]:
            self._text_of = None
        elif tag == "p":
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        if self._text_of is not None:
            name = self._text_of[1]
            setattr(self.page, name, getattr(self.page, name) + data)


def read_page(html: str) -> Page:
    """What is on a page; blanks and line ends within the article's text count as one blank each."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    page = reader.page
    page.headline, page.article, page.code = (" ".join(t.split()) for t in (page.headline, page.article, page.code))
    return page
