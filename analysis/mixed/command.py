"""PURE: ``python -m analysis mixed FILE --formula '...'``: a mixed model of a CSV or Parquet file, without Django."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api import types

from analysis.cautions import caution_of_far_values
from analysis.mixed.columns import columns_of, rows_named
from analysis.mixed.fit import fit_mixed
from analysis.mixed.formula import FormulaError, MixedFormula, MixedModelError, parse_formula
from analysis.mixed.intervals import DRAWS, IN_WORDS, KINDS, SEED, Intervals, intervals_of
from analysis.mixed.result import MixedFit
from analysis.read_table import as_covariate, header_of, refuse_twice
from analysis.validation import FrameError

DDF = ("satterthwaite", "kenward-roger", "normal")


def add_parser(commands: Any) -> None:
    """The subcommand ``mixed`` among ``commands``, what ``add_subparsers`` of the whole command line returned."""
    mixed = commands.add_parser("mixed", help="a linear mixed model in lme4's notation")
    mixed.add_argument("file", metavar="FILE", help="one row a rating: .csv or .parquet")
    mixed.add_argument("--formula", required=True, help="such as 'y ~ arm + (1|participant) + (1|article)'")
    mixed.add_argument("--ml", action="store_true", help="maximum likelihood; REML is the default")
    mixed.add_argument("--ddf", choices=DDF, default=DDF[0], help="degrees of freedom (%(default)s)")
    mixed.add_argument(
        "--reference",
        action="append",
        default=[],
        metavar="COL=LEVEL",
        help="the level that a column's others are held against; the first of the alphabet is the default",
    )
    mixed.add_argument("--alpha", type=float, default=0.05, metavar="NUMBER", help="0.05 gives 95%% intervals")
    mixed.add_argument(
        "--intervals",
        choices=KINDS,
        default=KINDS[0],
        help="of coefficients only (wald), or of every SD too: by profile likelihood (ML), or from refits to what the "
        "model makes (bootstrap); the default is %(default)s",
    )
    mixed.add_argument("--bootstraps", type=int, metavar="N", help=f"how many refits the bootstrap makes ({DRAWS})")
    mixed.add_argument("--seed", type=int, metavar="N", help=f"of the bootstrap ({SEED}); the same gives the same")
    mixed.add_argument("--json", metavar="OUT", help="write all numbers to this file")


def run(options: argparse.Namespace) -> str:
    """Fits the model that the options name, writes the JSON file asked for, and returns the text for the terminal.

    Raises ``MixedModelError`` with a sentence for what cannot be fitted, OSError for a file that cannot be written.
    """
    if not 0 < options.alpha < 1:
        raise MixedModelError(f"--alpha is {options.alpha}; it lies between 0 and 1")
    formula = parse_formula(options.formula)
    frame = read_table(Path(options.file), formula)
    for choice in options.reference:
        frame = _with_reference(frame, choice)
    fit = fit_mixed(frame, formula, reml=not options.ml, ddf=options.ddf, alpha=options.alpha)
    far = caution_of_far_values(fit.fitted.design.y, formula.outcome)
    said = [*(caution.sentence for caution in far), *filter(None, [_repeated(frame)])]
    fit = replace(fit, statements=(*fit.statements, *said))
    intervals = _intervals(fit, options)
    if options.json:
        content = fit.to_dict() | {"intervals": intervals.to_dict()}
        text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    return as_text(fit, intervals)


def _intervals(fit: MixedFit, options: argparse.Namespace) -> Intervals:
    """The intervals that the options ask for; on a terminal it is told how far they are."""
    named = {"--bootstraps": options.bootstraps, "--seed": options.seed}
    given = [name for name, value in named.items() if value is not None]
    if given and options.intervals != "bootstrap":
        raise MixedModelError(f"{given[0]} is of the bootstrap: ask for it with --intervals bootstrap")
    draws = DRAWS if options.bootstraps is None else options.bootstraps
    seed = SEED if options.seed is None else options.seed
    if seed < 0:
        raise MixedModelError(f"--seed is {seed}: give a whole number from 0")
    return intervals_of(fit, options.intervals, draws=draws, seed=seed, progress=_tell)


def _tell(done: int, total: int) -> None:
    """Tells a person at a terminal how far the work is; nobody else, since what is piped is read by programs."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} of {total}" + ("\n" if done == total else ""))


def _repeated(frame: pd.DataFrame) -> str:
    """What is to be said of rows that stand in the table more than once, '' where there are none."""
    again = tuple(frame.index[frame.duplicated()])
    if not again:
        return ""
    return f"{rows_named(again)} repeat earlier rows in every column: keep one of each if a rating was stored twice."


def read_table(path: Path, formula: MixedFormula) -> pd.DataFrame:
    """The table in a CSV or Parquet file, its index the row in the file, the header being row 1.

    Columns that only name levels stay as they are written, so that '01' and '1' remain two people. Empty cells and NA
    are missing, as R's ``read.csv`` has it; "None" is a level like others. Among numbers, words such as 'nan' and
    'n/a' are missing too. Raises ``MixedModelError`` for a file that is none.
    """
    covariates = {name for side in (formula.fixed, *(t.columns for t in formula.random)) for name in columns_of(side)}
    labels = {name for term in formula.random for name in term.group} - covariates
    try:
        if path.suffix.lower() == ".parquet":
            frame = pd.read_parquet(path)
        else:
            refuse_twice(header_of(path), path.name)
            frame = pd.read_csv(
                path,
                dtype=dict.fromkeys(labels, "str"),
                encoding="utf-8-sig",
                keep_default_na=False,
                na_values=["", "NA"],
            )
            for name in [name for name in frame.columns if name not in labels]:
                known = as_covariate(frame[name])
                frame[name] = known if types.is_numeric_dtype(known) else frame[name]
    except FileNotFoundError as error:
        raise MixedModelError(f"there is no file {path}") from error
    except FrameError as error:
        raise MixedModelError(str(error), column=error.column) from error
    except (ValueError, OSError) as error:
        raise MixedModelError(f"{path.name} cannot be read as a table: {error}") from error
    if not isinstance(frame.index, pd.RangeIndex):
        raise MixedModelError(f"{path.name} has rows with more cells than the header has names")
    frame.index = pd.RangeIndex(2, len(frame) + 2)
    return frame


def as_text(fit: MixedFit, intervals: Intervals) -> str:
    """The fit for a terminal: tables of fixed and random effects, intervals, sizes, and every statement."""
    groups = ", ".join(f"{group.levels} of {group.name}" for group in fit.groups)
    parts = [f"{fit.formula}   ({fit.method}, {fit.ddf})", _printed(fit.to_frame()), _printed(fit.random_frame())]
    if intervals.kind != "wald":
        title = (
            f"{100 * (1 - fit.alpha):.4g}% intervals by {IN_WORDS[intervals.kind]} (the coefficients' above are Wald's)"
        )
        parts.append(f"{title}\n{_printed(intervals.to_frame())}")
    sizes = f"criterion {fit.criterion:.6f}   AIC {fit.aic:.4f}   BIC {fit.bic:.4f}   {fit.n} ratings; {groups}"
    return "\n\n".join([*parts, sizes, *fit.statements, *intervals.sentences]) + "\n"


def _printed(frame: pd.DataFrame) -> str:
    return frame.to_string(index=False, float_format=lambda value: f"{value:.6g}")


def _with_reference(frame: pd.DataFrame, choice: str) -> pd.DataFrame:
    column, equals, level = choice.partition("=")
    if not equals or column not in frame.columns:
        raise FormulaError(f"--reference {choice}: write COLUMN=LEVEL with a column of the table", column=column)
    names = frame[column].map(str, na_action="ignore")
    levels = sorted(names.dropna().unique())
    if level not in levels:
        raise MixedModelError(
            f"the column '{column}' has no level '{level}'; it has {', '.join(levels)}", column=column
        )
    ordered = pd.Categorical(names, categories=[level, *(name for name in levels if name != level)])
    return frame.assign(**{column: pd.Series(ordered, index=frame.index)})
