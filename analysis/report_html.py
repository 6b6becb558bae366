"""PURE: a report as one HTML file that needs nothing else: a download, made to be read, printed and kept."""

import base64
from collections.abc import Iterable, Iterator
from html import escape

from analysis.counted import counted
from analysis.dark_figures import follows_theme
from analysis.plan_text import plan_in_words
from analysis.plots import Figure
from analysis.published import SOURCE
from analysis.report import Report
from analysis.report_json import FORMAT
from analysis.report_tables import ReportTable
from analysis.sections.arms import NAME as ARMS
from analysis.sections.section import Section

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fdfdfb; --rule: #c9c9c2; --note: #fff4d6; --shadow: #0003; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9e9e4; --paper: #191a1b; --rule: #4b4c4d; --note: #3a3115;
  --shadow: #fff4; } }
body { font: 17px/1.55 Georgia, "Times New Roman", serif; color: var(--ink); background: var(--paper);
  max-width: 62rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin-bottom: .25rem; }
h2 { font-size: 1.2rem; margin-top: 2.25rem; border-top: 1px solid var(--rule); padding-top: 1rem; }
.result { font-size: 1.15rem; }
.cautions { background: var(--note); padding: .75rem 1rem .75rem 2.25rem; margin: 1rem 0; }
.scroll { overflow-x: auto; }
/* Shadows at the edges behind which there is more: the paper moves along with the table and hides them at its ends. */
.scroll.rows { background: linear-gradient(to right, var(--paper) 30%, transparent) 0 0 / 3rem 100% no-repeat local,
  linear-gradient(to left, var(--paper) 30%, transparent) 100% 0 / 3rem 100% no-repeat local,
  radial-gradient(farthest-side at 0 50%, var(--shadow), transparent) 0 0 / 1rem 100% no-repeat scroll,
  radial-gradient(farthest-side at 100% 50%, var(--shadow), transparent) 100% 0 / 1rem 100% no-repeat scroll; }
table { border-collapse: separate; border-spacing: 0; font: .85rem/1.4 system-ui, sans-serif; width: 100%; }
caption { text-align: left; font-weight: 600; padding: .4rem 0; }
caption span { position: sticky; left: 0; display: inline-block; max-width: calc(100vw - 2.5rem); }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
thead th { vertical-align: bottom; }
td:not(.word) { white-space: nowrap; }
.wide { font-size: .78rem; }
.wide th, .wide td { padding: .3rem .38rem; }
.wide th.word[scope=row] { min-width: min(9.5rem, 28vw); }
.word { text-align: left; }
th.word[scope=row] { min-width: min(11rem, 28vw); }
.short th.word[scope=row] { min-width: 0; white-space: nowrap; }
td.word { min-width: 5rem; }
figure { margin: 1.5rem 0; }
figure img { max-width: 100%; min-width: 36rem; height: auto; }
figcaption, .note { font-size: .9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; font-size: .9rem; }
dd { margin: 0; overflow-wrap: anywhere; }
/* Narrower than a figure can be read at: tables keep their first column in sight, figures say that they go on. */
@media screen and (max-width: 38.5rem) {
  body { margin: 1.25rem auto; font-size: 16px; }
  .result { font-size: 1.05rem; }
  table, .wide { font-size: .75rem; }
  th, td, .wide th, .wide td { padding: .3rem .2rem; }
  tr > .word:first-child { position: sticky; left: 0; background: var(--paper); padding-left: 0; z-index: 1;
    max-width: 30vw; overflow-wrap: anywhere; }
  thead th { font-size: .68rem; }
  td.word { min-width: 0; }
  th.word[scope=row], .wide th.word[scope=row] { min-width: 25.5vw; }
  .short tr > .word:first-child { min-width: 0; overflow-wrap: normal; white-space: normal; }
  figcaption::after { content: " Move the figure sideways to see all of it."; font-style: italic; }
}
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; } dt { font-weight: 600; margin-top: .4rem; } }
a { color: inherit; }
nav ol { columns: 18rem; font-size: .95rem; padding-left: 1.6rem; }
nav li { break-inside: avoid; }
nav a { display: block; padding: .15rem 0; }
.made { font-style: italic; }
@media print {
  :root { color-scheme: light; --ink: #000; --paper: #fff; --rule: #999; --note: #f3f0e2; }
  body { font-size: 10pt; max-width: none; margin: 0; padding: 0; }
  nav { display: none; }
  h2, h3, caption { break-after: avoid; }
  figure, tr, .cautions { break-inside: avoid; }
  figure img { min-width: 0; max-height: 20cm; }
  .scroll, .scroll.rows { overflow: visible; background: none; }
  table { font-size: 7.5pt; }
  th, td { padding: .15rem .25rem; }
  th.word[scope=row], .wide th.word[scope=row], td.word { min-width: 0; }
  .short th.word[scope=row] { white-space: normal; }
  .wide { font-size: 6.2pt; }
  .wide th, .wide td { padding: .12rem .16rem; }
}
""".strip()


# From so many columns on a table does not fit the width of a sheet of A4.
WIDE = 9
# So many letters in every row's name never break its line.
SHORT = 12


def to_html(report: Report) -> str:
    """The report as an HTML document with its style and figures inside. Equal reports give equal text."""
    return "\n".join(_document(report)) + "\n"


def _document(report: Report) -> Iterator[str]:
    info = report.info
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(info.title)}: report</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<main>"
    yield f"<h1>{escape(info.title)}</h1>"
    yield from _identity(report)
    yield "<h2>Result</h2>"
    yield from (f'<p class="result">{escape(sentence)}</p>' for sentence in report.sentences)
    if report.cautions:
        yield '<h3>What these numbers cannot carry</h3>\n<ul class="cautions">'
        yield from (f"<li>{escape(caution.sentence)}</li>" for caution in report.cautions)
        yield "</ul>"
    yield from _contents(report)
    for section in report.shown:
        yield from _section(section)
        if section.name == ARMS and info.show_published:
            yield f'<p class="note">Published values: {escape(SOURCE)}.</p>'
    if report.left_out:
        yield '<h2 id="left-out">Not in this report, and why</h2>\n<dl>'
        for section in report.left_out:
            yield f"<dt>{escape(section.title)}</dt><dd>Left out: {escape(section.left_out)}</dd>"
        yield "</dl>"
    yield '<h2 id="plan">Plan and deviations</h2>'
    yield from _definitions(plan_in_words(report.plan, info, report.comparison.reference))
    yield from _list(info.deviations, "No deviation from the plan was recorded.")
    yield '<h2 id="methods">Methods</h2>'
    yield from (f"<p>{escape(sentence)}</p>" for sentence in report.methods)
    yield '<h2 id="references">References</h2>'
    yield from _list(report.references, "")
    yield '<h2 id="again">How to make these numbers again</h2>'
    software = [(name, version) for name, version in report.software.items()]
    yield from _definitions([("SHA-256 of the data", report.data_sha256), ("Format", FORMAT), *software])
    yield "</main>\n</body>\n</html>"


def _contents(report: Report) -> Iterator[str]:
    """Links to the sections: a report of fifteen sections is not read from above to below."""
    yield '<nav aria-label="Contents"><ol>'
    yield from (f'<li><a href="#{section.name}">{escape(section.title)}</a></li>' for section in report.shown)
    last = [("left-out", "Not in this report, and why")] if report.left_out else []
    last += [("plan", "Plan and deviations"), ("methods", "Methods"), ("references", "References")]
    yield from (f'<li><a href="#{name}">{title}</a></li>' for name, title in last)
    yield "</ol></nav>"


def _section(section: Section) -> Iterator[str]:
    """What came out, what it cannot carry, the figures beside the tables, and how it was made."""
    yield f'<section aria-labelledby="{section.name}">\n<h2 id="{section.name}">{escape(section.title)}</h2>'
    yield from (f"<p>{escape(sentence)}</p>" for sentence in section.sentences)
    if section.warnings:
        yield '<ul class="cautions">'
        yield from (f"<li>{escape(sentence)}</li>" for sentence in section.warnings)
        yield "</ul>"
    for figure in section.figures:
        yield _figure(figure)
    for table in section.tables:
        yield from _table(table)
    yield from (f'<p class="note made">{escape(note)}</p>' for note in section.notes)
    yield "</section>"


def _identity(report: Report) -> Iterator[str]:
    info = report.info
    comparison = report.comparison
    lines = [
        ("Study", info.study),
        ("Version (SHA-256)", info.version),
        ("Mode", info.mode),
        ("Unblinded", info.unblinded),
        (
            "Analysed",
            f"{counted(comparison.n_people, 'person', 'people')}, {counted(comparison.n_ratings, 'rating', 'ratings')}",
        ),
        ("Design", {"between": "one arm a person", "within": "all arms a person"}.get(comparison.design, "mixed")),
    ]
    yield from _definitions([(name, value) for name, value in lines if value])


def _definitions(lines: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield "<dl>"
    yield from (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in lines)
    yield "</dl>"


def _list(sentences: tuple[str, ...], otherwise: str) -> Iterator[str]:
    if not sentences:
        yield f"<p>{escape(otherwise)}</p>"
        return
    yield "<ul>"
    yield from (f"<li>{escape(sentence)}</li>" for sentence in sentences)
    yield "</ul>"


def _figure(figure: Figure) -> str:
    # As an image the figure's inner ids and styles cannot meet those of another figure or of the page.
    data = base64.b64encode(follows_theme(figure.svg).encode()).decode()
    return (
        f'<figure><div class="scroll" tabindex="0" role="region" aria-label="Figure: {escape(figure.title)}">'
        f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(figure.alt)}"></div>'
        f"<figcaption><strong>{escape(figure.title)}.</strong> {escape(figure.caption)}</figcaption></figure>"
    )


def _table(table: ReportTable) -> Iterator[str]:
    title = escape(table.title)
    yield f'<div class="scroll rows" tabindex="0" role="region" aria-label="Table: {title}">'
    # On paper nothing can be scrolled: a table of many columns is printed smaller, so that no number breaks.
    names = ["wide"] if len(table.header) >= WIDE else []
    # A first column of a few letters takes no room that the numbers need.
    names += ["short"] if all(len(row[0]) <= SHORT for row in table.rows) else []
    kind = f' class="{" ".join(names)}"' if names else ""
    yield f"<table{kind}>\n<caption><span>{title}</span></caption>\n<thead><tr>"
    for n, name in enumerate(table.header):
        yield f'<th scope="col"{_word(n, table)}>{escape(name)}</th>'
    yield "</tr></thead>\n<tbody>"
    for row in table.rows:
        first = f'<th scope="row" class="word">{escape(row[0])}</th>'
        rest = "".join(f"<td{_word(n, table)}>{escape(cell)}</td>" for n, cell in enumerate(row[1:], start=1))
        yield f"<tr>{first}{rest}</tr>"
    yield f'</tbody>\n</table></div>\n<p class="note">{escape(table.caption)}</p>'


def _word(n: int, table: ReportTable) -> str:
    return ' class="word"' if n < table.n_text else ""
