"""The house's walls: who may import whom, how long a file may be, what a web process never loads."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
APPS = ("studyweb", "surveys", "generation", "analysis")
LONGEST_FILE = 400
PATTERN_NAMES = {"utils", "util", "helpers", "helper", "services", "service", "managers", "common", "misc"}

# analysis reaches the other apps' rows in frames.py; these pages and jobs need a study, its roles and its gates.
ANALYSIS_AND_SURVEYS = {
    "building",
    "export_building",
    "export_views",
    "exports",
    "frames",
    "frames_people",
    "frames_rated",
    "frames_ratings",
    "frames_study",
    "jobs",
    "models",
    "power_form",
    "power_plans",
    "power_views",
    "report_facts",
    "reports",
    "scale_scores",
    "study",
    "tasks",
    "urls",
    "views",
}
SURVEYS_FOR_ANALYSIS_PAGES = (
    "surveys.access",
    "surveys.models",
    "surveys.audit",
    "surveys.lifecycle",
    "surveys.readiness",
    "surveys.other_apps",
    # The tabs above a study's pages are the workbench's own.
    "surveys.workbench.pages",
    # What a study is, as data: pure, and what the checklist holds the plan against.
    "surveys.definition",
    "surveys.frozen",
    "surveys.items",
    "surveys.instruments",
    # Which factors there are, and how a condition is written: pure.
    "surveys.design",
    "surveys.manipulation",
    # Which quality flags there are, and which a study can give.
    "surveys.quality",
    "surveys.evidence",
    "surveys.route",
    # A panel's id leaves in an export that is allowed to hold it.
    "surveys.tokens",
)
# These know the database or the web; every other module of analysis is pure.
# These are imported by a worker alone, inside a job.
READ_FRAMES = {
    "frames", "frames_columns", "frames_people", "frames_rated", "frames_ratings", "frames_study", "export_building"
}  # fmt: skip
ANALYSIS_WITH_DJANGO = ANALYSIS_AND_SURVEYS | {"apps", "frames_columns", "migrations", "management", "polling"}
# What reads and writes the formats of files.
FILE_FORMATS = {"pyarrow", "pyreadstat"}
STATISTICS = {
    "numpy",
    "scipy",
    "pandas",
    "statsmodels",
    "pyfixest",
    "formulaic",
    "threadpoolctl",
    "altair",
    "vl_convert",
}
PURE_OF_SURVEYS = (
    "surveys/definition.py",
    "surveys/devices.py",
    "surveys/frozen.py",
    "surveys/manipulation.py",
    "surveys/items/",
    "surveys/sentences.py",
    "surveys/design/",
    "surveys/instruments/",
)
HEAVY = ("torch", "transformers", "tokenizers", "safetensors", "gguf")


def modules(*folders: str) -> list[Path]:
    """The source files of these folders, without migrations, relative to the project."""
    return sorted(
        path.relative_to(PROJECT)
        for folder in folders
        for path in (PROJECT / folder).rglob("*.py")
        if "migrations" not in path.parts
    )


def imports(path: Path, *, at_import: bool = False) -> Iterator[str]:
    """The dotted names that a file imports; ``at_import`` leaves out those inside functions and for types only."""
    tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
    yield from _imports(tree, path, at_import)


def _imports(node: ast.AST, path: Path, at_import: bool) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if at_import and (isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or _only_for_types(child)):
            continue
        if isinstance(child, ast.Import):
            yield from (name.name for name in child.names)
        elif isinstance(child, ast.ImportFrom):
            package = ".".join(path.parent.parts[: len(path.parent.parts) - child.level + 1]) if child.level else ""
            base = ".".join(part for part in (package, child.module) if part)
            yield from (f"{base}.{name.name}" for name in child.names)
        else:
            yield from _imports(child, path, at_import)


def _only_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def offences(paths: list[Path], *forbidden: str) -> list[str]:
    assert paths, "no file was looked at"
    return [f"{path}: {name}" for path in paths for name in imports(path) if within(name, *forbidden)]


def test_surveys_knows_nothing_of_generation_or_analysis() -> None:
    assert offences(modules("surveys"), "generation", "analysis") == []


def test_generation_knows_nothing_of_analysis() -> None:
    assert offences(modules("generation"), "analysis") == []


def test_the_engine_knows_neither_django_nor_celery_nor_the_other_apps() -> None:
    engine = modules("generation/engine")
    outside = [f"{path}: {name}" for path in engine for name in imports(path) if within(name, *APPS)]
    assert [line for line in outside if "generation.engine" not in line.split(": ")[1]] == []
    assert offences(engine, "django", "celery", "kombu", "redis") == []


def test_language_model_libraries_are_imported_in_the_engine_only() -> None:
    others = [path for path in modules(*APPS) if path.parts[:2] != ("generation", "engine")]
    assert offences(others, *HEAVY) == []


def test_analysis_reaches_the_other_apps_by_its_one_seam() -> None:
    paths = modules("analysis")
    reached = [(path, name) for path in paths for name in imports(path) if within(name, "surveys", "generation")]
    wrong = [
        f"{path}: {name}"
        for path, name in reached
        if path.stem != "frames"
        and not (path.stem in ANALYSIS_AND_SURVEYS and within(name, *SURVEYS_FOR_ANALYSIS_PAGES))
    ]
    assert wrong == []


def test_pure_statistics_import_only_the_standard_library_and_statistics() -> None:
    pure = [path for path in modules("analysis") if path.parts[1].removesuffix(".py") not in ANALYSIS_WITH_DJANGO]
    pure = [path for path in pure if path.stem not in {"__init__", "__main__"}]
    files = [path for path in pure if path.parts[1] == "files"]
    assert _impure(files, STATISTICS | FILE_FORMATS | {"analysis"}) == []
    assert _impure([path for path in pure if path not in files], STATISTICS | {"analysis"}) == []


def test_definition_items_design_and_instruments_are_pure() -> None:
    pure = [path for path in modules("surveys") if path.as_posix().startswith(PURE_OF_SURVEYS)]
    assert _impure(pure, STATISTICS | {"pydantic", "surveys"}) == []
    names = ("items", "design", "instruments", "definition", "frozen", "manipulation", "devices")
    allowed = tuple(f"surveys.{name}" for name in names)
    own = [(path, name) for path in pure for name in imports(path) if within(name, "surveys")]
    assert [f"{path}: {name}" for path, name in own if not within(name, *allowed)] == []


def _impure(paths: list[Path], allowed: set[str]) -> list[str]:
    assert paths, "no file was looked at"
    allowed = allowed | set(sys.stdlib_module_names)
    return [f"{path}: {name}" for path in paths for name in imports(path) if name.split(".")[0] not in allowed]


def test_data_frames_are_loaded_by_no_module_that_a_web_process_imports() -> None:
    pages = modules("studyweb", "surveys", "generation")
    pages += [path for path in modules("analysis") if path.stem in ANALYSIS_WITH_DJANGO - READ_FRAMES]
    loaded = [f"{path}: {name}" for path in pages for name in imports(path, at_import=True) if within(name, "pandas")]
    assert loaded == []


def test_no_file_is_longer_than_can_be_held_in_mind() -> None:
    long = {
        path.as_posix(): lines
        for path in modules(*APPS, "tests", "benchmarks")
        if (lines := len((PROJECT / path).read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_a_module_is_named_for_what_it_knows() -> None:
    assert [path.as_posix() for path in modules(*APPS, "tests", "benchmarks") if path.stem in PATTERN_NAMES] == []


def test_a_files_first_line_says_what_it_knows() -> None:
    silent = []
    for path in modules(*APPS, "tests", "benchmarks"):
        source = (PROJECT / path).read_text(encoding="utf-8")
        if source.strip() and not ast.get_docstring(ast.parse(source)):
            silent.append(path.as_posix())
    assert silent == []


def test_no_signals_and_no_class_based_views() -> None:
    assert offences(modules(*APPS), "django.dispatch", "django.db.models.signals", "django.views.generic") == []


def test_a_lock_with_a_join_names_the_rows_it_locks() -> None:
    """PostgreSQL refuses to lock what an outer join may not find; SQLite, on which most tests run, locks no row."""
    unnamed = []
    for path in modules(*APPS):
        for node in ast.walk(ast.parse((PROJECT / path).read_text(encoding="utf-8"))):
            chain = dict(_chained(node))
            lock = chain.get("select_for_update")
            if lock is not None and "select_related" in chain and "of" not in {word.arg for word in lock.keywords}:
                unnamed.append(f"{path}:{lock.lineno}")
    assert unnamed == []


def _chained(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """(name, call) of each method in a chain of calls, the last first."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield node.func.attr, node
        node = node.func.value
        while isinstance(node, ast.Attribute):
            node = node.value


def test_a_web_process_loads_neither_torch_nor_data_frames() -> None:
    """In a process of its own: every address is resolved, so every view is imported."""
    script = """
import sys, studyweb.wsgi
from django.urls import get_resolver

def views(patterns):
    for pattern in patterns:
        yield from views(pattern.url_patterns) if hasattr(pattern, "url_patterns") else [pattern.callback]

assert len(list(views(get_resolver().url_patterns))) > 20
print(*sorted({"torch", "transformers", "pandas", "scipy", "statsmodels"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
