"""PURE: a report as files for a paper: figures as SVG and PNG, tables as LaTeX and HTML that Word opens, and as CSV."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

import vl_convert

from analysis.plots import Figure
from analysis.report import Report
from analysis.report_data import table_csv
from analysis.report_html import WIDE, to_html
from analysis.report_json import to_dict
from analysis.report_tables import ReportTable

# Dots of a PNG for each of the drawing's: about 300 a printed inch.
PNG_SCALE = 3.0
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "−": "$-$",
        "–": "--",
        "±": r"$\pm$",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
    }
)


def report_files(report: Report) -> dict[str, bytes]:
    """{name: content}: the report, its numbers, and every figure and table. Equal reports give equal bytes.

    A table's CSV holds its numbers for programs; LaTeX and HTML hold it as it is printed.
    """
    numbers = to_dict(report)
    content = json.dumps(numbers, ensure_ascii=False, indent=1, allow_nan=False)
    files = {"report.html": to_html(report).encode(), "report.json": f"{content}\n".encode()}
    for figure in report.figures:
        files |= figure_files(figure)
    for table in report.tables:
        files[f"tables/{table.name}.csv"] = table_csv(table.name, numbers["results"])
        files[f"tables/{table.name}.tex"] = table_latex(table).encode()
        files[f"tables/{table.name}.html"] = table_word(table).encode()
    return files


def archive(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip, in the order of their names and without the moment at which they were written: equal files
    give an equal zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(files):
            target.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def write_files(files: Mapping[str, bytes], target: Path) -> None:
    """Writes the files to ``target``: a zip if its name ends in .zip, else a folder, made if it is not there.

    Files of other names in the folder stay. Raises OSError for what cannot be written.
    """
    if target.suffix.lower() == ".zip":
        target.write_bytes(archive(files))
        return
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def figure_files(figure: Figure) -> dict[str, bytes]:
    """One figure as SVG and PNG."""
    png: bytes = vl_convert.svg_to_png(figure.svg, scale=PNG_SCALE)
    return {f"figures/{figure.name}.svg": figure.svg.encode(), f"figures/{figure.name}.png": png}


def table_latex(table: ReportTable) -> str:
    """The printed table for LaTeX with the package booktabs, title and caption with it."""
    alignment = "l" * table.n_text + "r" * (len(table.header) - table.n_text)
    lines = [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}",
        # A table of many columns in the size of a text would run over the sheet's edge.
        *([r"\scriptsize\setlength{\tabcolsep}{3pt}"] if len(table.header) >= WIDE else []),
        rf"\caption{{{latex(table.title)}. {latex(table.caption)}}}",
        rf"\label{{tab:{table.name}}}",
        rf"\begin{{tabular}}{{{alignment}}}",
        r"\toprule",
        _latex_row(table.header),
        r"\midrule",
        *map(_latex_row, table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def latex(text: str) -> str:
    """The text with what LaTeX would take for a command made plain.

    >>> latex("5 % of a_b & −1")
    '5 \\\\% of a\\\\_b \\\\& $-$1'
    """
    return text.translate(_LATEX)


def _latex_row(cells: tuple[str, ...]) -> str:
    return " & ".join(map(latex, cells)) + r" \\"


def table_word(table: ReportTable) -> str:
    """The printed table as an HTML document that Word opens, in the lines of a printed paper's table."""
    return "\n".join(_word(table)) + "\n"


def _word(table: ReportTable) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f"<title>{escape(table.title)}</title>\n</head>\n<body>"
    yield f"<p><b>{escape(table.title)}</b></p>"
    yield '<table border="0" cellspacing="0" cellpadding="4" style="border-collapse: collapse">'
    for n, row in enumerate((table.header, *table.rows)):
        edge = "border-top: 1.5pt solid; border-bottom: 0.75pt solid;" if n == 0 else ""
        if n == len(table.rows):
            edge += "border-bottom: 1.5pt solid;"
        cells = "".join(
            f'<td style="{edge} text-align: {"left" if c < table.n_text else "right"}">{escape(cell)}</td>'
            for c, cell in enumerate(row)
        )
        yield f"<tr>{cells}</tr>"
    yield f"</table>\n<p><i>{escape(table.caption)}</i></p>\n</body>\n</html>"
