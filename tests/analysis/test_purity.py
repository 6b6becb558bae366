"""The statistics know nothing of Django or of the other apps, and only figures load the drawing libraries."""

import ast
import sys
from pathlib import Path

import pytest

import analysis

FOLDER = Path(analysis.__file__).parent
LIBRARIES = {
    "analysis",
    "numpy",
    "scipy",
    "pandas",
    "formulaic",
    "threadpoolctl",
    "statsmodels",
    "pyfixest",
    "altair",
    "vl_convert",
    "pyarrow",
    "pyreadstat",
}
DRAWING = {"altair", "vl_convert"}
# A module that is pure says so at the head of its first line.
PURE = sorted(path for path in FOLDER.rglob("*.py") if path.read_text(encoding="utf-8").startswith('"""PURE:'))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", PURE, ids=lambda path: path.stem)
def test_a_pure_module_imports_only_pure_modules_and_its_libraries(path: Path) -> None:
    for name in imported(path):
        package, _, module = name.partition(".")
        assert package in LIBRARIES or package in sys.stdlib_module_names, name
        assert package != "analysis" or place_of(module) in PURE, name


def place_of(module: str) -> Path:
    """The file of a module of the analysis, 'mixed.fit' or the package 'mixed'."""
    path = FOLDER.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_the_statistics_are_among_the_pure_modules() -> None:
    assert {"schema", "plan", "compare", "contrasts", "exclusions", "flow", "report", "package"} <= {
        path.stem for path in PURE
    }


def test_only_figures_draw() -> None:
    drawing = {path.stem for path in PURE if imported(path) & DRAWING}
    of_the_report = {"plots", "flow_figure", "interval_figure", "power_figure", "report_files", "report_figures"}
    assert drawing == of_the_report | {"detecting", "specifications"}, "sections with a figure of their own kind"


@pytest.mark.parametrize("name", ["schema", "plan", "published"])
def test_descriptions_can_be_read_without_pandas(name: str) -> None:
    reached, waiting = set(), {f"analysis.{name}"}
    while waiting:
        module = waiting.pop()
        reached.add(module)
        if module.startswith("analysis."):
            waiting |= imported(FOLDER / f"{module.partition('.')[2]}.py") - reached
    assert not {module.partition(".")[0] for module in reached} & {"pandas", "numpy", "scipy"}
