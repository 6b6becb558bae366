"""PURE: the numbers behind a report's printed tables, a row a line under the names of docs/report-json.md, as CSV."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from analysis.cells import shortest
from analysis.files.delimited import csv_rows
from analysis.formulas import neutralised

# {table: where its rows are among the results}; a part that ends in [] is a list, whose texts and numbers go with every
# row below it.
PLACES = {
    "study": "study_design.facts",
    "design": "study_design.arms",
    "attrition": "attrition.rows",
    "arms": "arms",
    "crossed": "crossed.contrasts",
    "crossed-pairs": "crossed.pairs",
    "variance": "crossed.variance",
    "means": "means",
    "shares": "shares",
    "share-pairs": "share_pairs",
    "omnibus": "omnibus",
    "pairwise": "pairwise",
    "ranks": "pairwise",
    "discernment": "discernment",
    "discernment-odds-arms": "discernment_odds.arms",
    "discernment-odds": "discernment_odds.contrasts",
    "balance": "balance",
    "equivalence": "equivalence",
    "trend": "trend.rows",
    "curation": "curation",
    "distribution-tests": "distribution_tests",
    "articles": "articles",
    "items": "items[].arms",
    "models": "models",
    "exclusions": "exclusions",
    "exclusions-by-arm": "exclusions_by_arm[].arms",
    "variants": "variants",
    "means-without-exclusions": "without_exclusions.means",
    "specifications": "specifications",
    "interactions": "heterogeneity[].interaction",
    "heterogeneity": "heterogeneity[].rows",
    "detection": "detection.rows",
    "attribution": "attribution",
    "reliability": "reliability.coefficients",
    "reliability-items": "reliability.items",
    "agreement": "agreement",
    "disclosure": "disclosure",
}
# What a joint test is written as: a list in this order.
_JOINT = ("statistic", "df", "df_within", "p_value")


def table_rows(name: str, results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of the table ``name`` out of a report's ``results``, one value a key.

    Raises ``KeyError`` for a table of which nobody said where its numbers are.
    """
    rows = [_flat(row) for row in _at(PLACES[name].split("."), results)]
    if name == "exclusions" and rows:
        # As it is printed: what there was before any rule.
        first = {f"{what}_left": rows[0][f"{what}_out"] + rows[0][f"{what}_left"] for what in ("people", "ratings")}
        rows.insert(0, {**dict.fromkeys(rows[0]), "rule": "", "description": "Before any rule", **first})
    if name == "trend":
        rows.append({"term": "departure from the line", **_joint(results["trend"]["departure"])})
    crossed = results.get("crossed")
    if name == "omnibus" and crossed is not None and crossed["omnibus"]["df"] is not None:
        first = {"term": "Mixed model F", "hypothesis": "equal means", **crossed["omnibus"], "n": crossed["n_people"]}
        rows.insert(0, first)
    return rows


def table_csv(name: str, results: Mapping[str, Any]) -> bytes:
    """The table as CSV for programs: a header of stable names, every number with all its digits, missing values empty.

    Yes-no is 1 or 0. Texts that a spreadsheet would run are made harmless, as in the exports.
    """
    rows = table_rows(name, results)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return csv_rows([columns, *([_cell(row.get(column)) for column in columns] for row in rows)])


def _at(parts: list[str], found: Any) -> Iterator[dict[str, Any]]:
    part, rest = parts[0], parts[1:]
    below = found[part.removesuffix("[]")]
    if below is None:
        return
    if part.endswith("[]"):
        for each in below:
            ours = {key: value for key, value in each.items() if isinstance(value, str | int | float)}
            yield from ({**ours, **row} for row in _at(rest, each))
    elif rest:
        yield from _at(rest, below)
    elif part == "interaction":
        yield _joint(below)
    elif isinstance(below, Mapping):
        yield from ({"name": name, "value": value} for name, value in below.items())
    else:
        yield from below


def _joint(test: Iterable[Any]) -> dict[str, Any]:
    return dict(zip(_JOINT, test, strict=True))


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with what is inside an object under the object's name and its own; an object that is None is left out."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}_{name}": inner for name, inner in _flat(value).items()}
        elif isinstance(value, list):
            flat[key] = "; ".join(map(_cell, value))
        else:
            flat[key] = value
    return flat


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return shortest(float(value)) if isinstance(value, int | float) else neutralised(str(value))
