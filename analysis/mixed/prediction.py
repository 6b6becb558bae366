"""PURE: what a fitted model says of single levels and rows: conditional modes, fitted values, predictions."""

import warnings
from typing import Any, Literal

import numpy as np
import pandas as pd
from formulaic.errors import DataMismatchWarning, FormulaicError

from analysis.mixed.columns import columns_of, rows_named, with_numbers
from analysis.mixed.design import Factor, FloatArray
from analysis.mixed.formula import MixedModelError
from analysis.mixed.result import Fitted, MixedFit

Kind = Literal["population", "conditional"]


def conditional_modes(fit: MixedFit) -> pd.DataFrame:
    """The most probable effect of each level given the data (BLUP): group, level, term, mode; lme4's ``ranef``."""
    frames = []
    for factor, modes in zip(fit.fitted.design.factors, level_effects(fit.fitted), strict=True):
        names = [name for block in factor.blocks for name in block.names]
        frames += [
            pd.DataFrame({"group": factor.name, "level": list(factor.levels), "term": name, "mode": modes[:, k]})
            for k, name in enumerate(names)
        ]
    return pd.concat(frames, ignore_index=True)


def level_effects(fitted: Fitted) -> list[FloatArray]:
    """The conditional modes of each factor, (levels, width), in the formula's order: ``sigma^2 T T'Z'V^-1(y - Xb)``."""
    cross, at = fitted.criterion.cross, fitted.optimum.at
    sums = np.column_stack([rows @ at.effects for rows in cross.cross])
    first = np.einsum("lab,lb->la", at.weights[cross.class_of], sums)
    found = []
    for factor, back in zip(fitted.criterion.layout.factors, fitted.back, strict=True):
        if factor is cross.first:
            found.append(first @ back.T)
            continue
        start = cross.starts[[other is factor for other in cross.others].index(True)]
        stop = start + len(factor.levels) * factor.width
        found.append(-at.effects[start:stop].reshape(len(factor.levels), factor.width) @ back.T)
    return found


def fitted_values(fit: MixedFit, kind: Kind = "conditional") -> pd.Series:
    """The model's value of each row that it was fitted to, with the row's index: with or without the levels' modes."""
    design = fit.fitted.design
    values = design.x @ fit.fitted.beta
    if kind == "conditional":
        for factor, modes in zip(design.factors, level_effects(fit.fitted), strict=True):
            for column, mode in zip(factor.columns, modes.T, strict=True):
                values += mode[factor.codes] * (1.0 if column is None else column)
    return pd.Series(values, index=design.rows, name=design.formula.outcome)


def predict(fit: MixedFit, frame: pd.DataFrame, kind: Kind = "population") -> pd.Series:
    """The expected outcome of each row of a new table; nan where a variable is missing.

    ``population`` is for new people and articles (all random effects 0); ``conditional`` adds the modes of the levels,
    which must then all be known. Raises ``MixedModelError`` for unknown columns, categories or levels.
    """
    design = fit.fitted.design
    groups = {name for factor in design.factors for name in factor.group} if kind == "conditional" else set()
    needed = set(columns_of(design.formula.fixed))
    if kind == "conditional":
        needed |= {name for term in design.formula.random for name in columns_of(term.columns)}
    absent = sorted((needed | groups) - set(frame.columns))
    if absent:
        raise MixedModelError(f"the new table has no column '{absent[0]}'", column=absent[0])
    used = frame[sorted(needed | groups)]
    place = np.flatnonzero(used.notna().all(axis=1).to_numpy())
    data = with_numbers(used.iloc[place].reset_index(drop=True), outcome=None, covariates=sorted(needed))
    names = list(map(str, design.x_spec.column_names))
    known = _matrix(design.x_spec, data)[:, [names.index(term) for term in design.terms]] @ fit.fitted.beta
    if kind == "conditional":
        for factor, modes in zip(design.factors, level_effects(fit.fitted), strict=True):
            z = np.column_stack([_matrix(block.spec, data) for block in factor.blocks])
            known += (z * modes[_codes(factor, data, frame.index[place])]).sum(axis=1)
    values = np.full(len(frame), np.nan)
    values[place] = known
    return pd.Series(values, index=frame.index, name=design.formula.outcome)


def _matrix(spec: Any, data: pd.DataFrame) -> FloatArray:
    with warnings.catch_warnings():
        # formulaic only warns of a category that it has never met, and would predict the first one in its place.
        warnings.simplefilter("error", DataMismatchWarning)
        try:
            return np.asarray(spec.get_model_matrix(data, context={}, na_action="raise"), dtype=np.float64)
        except (DataMismatchWarning, FormulaicError, ValueError, TypeError) as error:
            raise MixedModelError(f"the new table does not fit the model: {error}") from error


def _codes(factor: Factor, data: pd.DataFrame, rows: pd.Index) -> np.ndarray[Any, np.dtype[np.int64]]:
    place = {level: n for n, level in enumerate(factor.levels)}
    keys = data[factor.group[0]] if len(factor.group) == 1 else zip(*(data[n] for n in factor.group), strict=True)
    codes = np.array([place.get(key, -1) for key in keys], dtype=np.int64)
    unknown = np.flatnonzero(codes < 0)
    if len(unknown):
        where = tuple(rows[unknown])
        raise MixedModelError(
            f"the model does not know the level of '{factor.name}' in {rows_named(where)}; ask for the population's",
            column=factor.name,
            rows=where,
        )
    return codes
