"""PURE: linear mixed models with crossed random effects, in lme4's notation and equal to lme4."""

from analysis.mixed.fit import fit_mixed
from analysis.mixed.formula import FormulaError, MixedModelError
from analysis.mixed.result import MixedFit

__all__ = ["FormulaError", "MixedFit", "MixedModelError", "fit_mixed"]
