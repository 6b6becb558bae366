"""PURE: a report as one HTML file that needs nothing else: a download, made to be read, printed and kept."""

import base64
from collections.abc import Iterable, Iterator
from html import escape

from analysis.plots import Figure
from analysis.published import SOURCE
from analysis.report import FORMAT, Report
from analysis.report_tables import ReportTable

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fdfdfb; --rule: #c9c9c2; --note: #fff4d6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9e9e4; --paper: #191a1b; --rule: #4b4c4d; --note: #3a3115; } }
body { font: 17px/1.55 Georgia, "Times New Roman", serif; color: var(--ink); background: var(--paper);
  max-width: 62rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin-bottom: .25rem; }
h2 { font-size: 1.2rem; margin-top: 2.25rem; border-top: 1px solid var(--rule); padding-top: 1rem; }
.result { font-size: 1.15rem; }
.cautions { background: var(--note); padding: .75rem 1rem .75rem 2.25rem; margin: 1rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font: .85rem/1.4 system-ui, sans-serif; width: 100%; }
caption { text-align: left; font-weight: 600; padding: .4rem 0; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
thead th { vertical-align: bottom; }
td:not(.word) { white-space: nowrap; }
.word { text-align: left; }
th.word[scope=row] { min-width: 11rem; }
td.word { min-width: 5rem; }
figure { margin: 1.5rem 0; }
figure img { max-width: 100%; min-width: 36rem; height: auto; }
figcaption, .note { font-size: .9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; font-size: .9rem; }
dd { margin: 0; overflow-wrap: anywhere; }
@media print { body { max-width: none; margin: 0; } figure, table { break-inside: avoid; } }
""".strip()


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
    yield "<h2>Figures</h2>"
    for figure in report.figures:
        yield _figure(figure)
    if info.show_published:
        yield f'<p class="note">Published values: {escape(SOURCE)}.</p>'
    yield "<h2>Tables</h2>"
    for table in report.tables:
        yield from _table(table)
    yield "<h2>Plan and deviations</h2>"
    yield from _definitions(_plan_lines(report))
    yield from _list(info.deviations, "No deviation from the plan was recorded.")
    yield "<h2>Methods</h2>"
    yield f"<p>{escape(' '.join(report.methods))}</p>"
    yield "<h2>References</h2>"
    yield from _list(report.references, "")
    yield "<h2>How to make these numbers again</h2>"
    software = [(name, version) for name, version in report.software.items()]
    yield from _definitions([("SHA-256 of the data", report.data_sha256), ("Format", FORMAT), *software])
    yield "</main>\n</body>\n</html>"


def _identity(report: Report) -> Iterator[str]:
    info = report.info
    comparison = report.comparison
    lines = [
        ("Study", info.study),
        ("Version (SHA-256)", info.version),
        ("Mode", info.mode),
        ("Unblinded", info.unblinded),
        ("Analysed", f"{comparison.n_people} people, {comparison.n_ratings} ratings"),
        ("Design", {"between": "one arm a person", "within": "all arms a person"}.get(comparison.design, "mixed")),
    ]
    yield from _definitions([(name, value) for name, value in lines if value])


def _plan_lines(report: Report) -> list[tuple[str, str]]:
    plan = report.plan
    bound = "none" if plan.equivalence_bound is None else f"±{plan.equivalence_bound:g}"
    cut = "none" if plan.credible_cut is None else f"from {plan.credible_cut:g} upwards"
    lines = [
        ("Outcome", f"{plan.outcome}: {report.info.compared}"),
        ("Reference arm", report.comparison.reference + ("" if plan.reference else " (not named in the plan)")),
        ("Alpha", f"{plan.alpha:g}"),
        ("Credible", cut),
        ("Equivalence bound", bound),
        ("Exclusions", ", ".join(map(str, plan.exclusions)) or "none"),
        ("Notes", plan.notes),
    ]
    return [(name, value) for name, value in lines if value]


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
    data = base64.b64encode(figure.svg.encode()).decode()
    return (
        f'<figure><div class="scroll" tabindex="0" role="region" aria-label="{escape(figure.title)}">'
        f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(figure.alt)}"></div>'
        f"<figcaption><strong>{escape(figure.title)}.</strong> {escape(figure.caption)}</figcaption></figure>"
    )


def _table(table: ReportTable) -> Iterator[str]:
    title = escape(table.title)
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="{title}">'
    yield f"<table>\n<caption>{title}</caption>\n<thead><tr>"
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
