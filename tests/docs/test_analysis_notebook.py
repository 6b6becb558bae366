"""The notebook runs from top to bottom on an export's ratings, and its table is the report's."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from analysis.crossed import crossed_contrasts
from analysis.plan import Plan
from tests.docs.exports import exported_ratings

REPOSITORY = Path(__file__).parent.parent.parent
NOTEBOOK = REPOSITORY / "docs" / "notebooks" / "analysis.ipynb"


def executed(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Runs a copy of the notebook in ``folder`` in a kernel of its own, as its first cell says it is started."""
    copy = folder / NOTEBOOK.name
    copy.write_bytes(NOTEBOOK.read_bytes())
    own = {"PYTHONPATH": REPOSITORY, "IPYTHONDIR": folder / "ipython"}
    own |= {"JUPYTER_CONFIG_DIR": folder / "jupyter", "JUPYTER_DATA_DIR": folder / "jupyter-data"}
    return subprocess.run(
        [sys.executable, "-m", "jupyter", "execute", "--inplace", "--timeout=120", str(copy)],
        cwd=folder,
        env={**os.environ, **{name: str(value) for name, value in own.items()}},
        capture_output=True,
        text=True,
        check=False,
    )


def code_cells(path: Path) -> list[Any]:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call] # nbformat is typed in part
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(path: Path) -> dict[str, dict[str, Any]]:
    """What each cell's last line gave, by that line."""
    shown: dict[str, dict[str, Any]] = {}
    for cell in code_cells(path):
        assert [output.output_type for output in cell.outputs] in ([], ["execute_result"]), cell.outputs
        shown |= {cell.source.splitlines()[-1]: output.data for output in cell.outputs}
    return shown


def test_the_notebook_shows_the_main_table_of_the_export_beside_it(tmp_path: Path) -> None:
    ratings = exported_ratings(tmp_path / "table-ratings_data.csv")
    expected = crossed_contrasts(ratings, Plan(reference="real"))
    done = executed(tmp_path)
    assert done.returncode == 0, done.stderr
    shown = outputs(tmp_path / NOTEBOOK.name)
    assert shown["main.formula"]["text/plain"] == repr(expected.formula)
    (table,) = [data["text/plain"] for line, data in shown.items() if line.startswith("table[")]
    assert len(expected.rows) == 2
    for row in expected.rows:
        (line,) = [line for line in table.splitlines() if row.contrast in line]
        assert f"{row.estimate:.4f}" in line
        assert f"{row.std_error:.4f}" in line
    written = pd.read_csv(tmp_path / "main-table.csv")
    pd.testing.assert_frame_equal(written, expected.to_frame(), rtol=1e-9)
    figure = (tmp_path / "differences.svg").read_text(encoding="utf-8")
    assert all(row.contrast in figure for row in expected.rows)
    assert "image/svg+xml" in shown["SVG(figure)"]
    assert len(pd.read_csv(tmp_path / "kept-ratings.csv")) == len(ratings)


def test_the_notebook_is_kept_without_outputs() -> None:
    code = code_cells(NOTEBOOK)
    assert code
    assert [cell.source for cell in code if cell.outputs or cell.execution_count] == []
