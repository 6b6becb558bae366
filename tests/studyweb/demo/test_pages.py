"""Reading a page as somebody who fills it in: what it asks, what is set, and which article it shows."""

from studyweb.demo.pages import read_page

PAGE = """
<article class="article"><h1 class="article-headline">A <em>flood</em></h1>
  <div class="article-body"><p>First.</p><p>Second &amp; last.</p></div></article>
<form action="/search/"><input name="q"></form>
<form method="post" action="?here">
  <input type="hidden" name="csrfmiddlewaretoken" value="abc">
  <fieldset><input type="radio" name="clear" value="1"><input type="radio" name="clear" value="2" checked></fieldset>
  <input type="checkbox" name="why" value="tone"><textarea name="note"></textarea>
  <button name="answer" value="agree">Yes</button><button name="answer" value="decline">No</button>
  <button type="button" name="copy">Copy</button>
</form>
<code class="code"> AB12 </code>
"""


def test_a_page_shows_its_article_and_its_code() -> None:
    page = read_page(PAGE)
    assert (page.headline, page.article, page.code) == ("A flood", "First. Second & last.", "AB12")


def test_a_form_has_its_fields_choices_and_what_is_set() -> None:
    form = read_page(PAGE).forms[1]
    assert (form.method, form.action) == ("post", "?here")
    assert (form.fields["clear"].values, form.fields["clear"].given) == (["1", "2"], ["2"])
    assert form.fields["csrfmiddlewaretoken"].given == ["abc"]
    assert {name: field.kind for name, field in form.fields.items()} == {
        "csrfmiddlewaretoken": "hidden",
        "clear": "radio",
        "why": "checkbox",
        "note": "textarea",
    }


def test_only_buttons_that_send_the_form_are_ways_on() -> None:
    assert read_page(PAGE).forms[1].buttons == [("answer", "agree"), ("answer", "decline")]


def test_a_page_without_anything_has_nothing() -> None:
    page = read_page("<p>Nothing here.</p>")
    assert (page.forms, page.headline, page.article, page.code) == ([], "", "", "")
