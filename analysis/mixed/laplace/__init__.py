"""PURE: mixed models of yes-no and ordinal ratings by Laplace's approximation, equal to glmer and clmm.

The likelihood of a row is that of its family; effects of people and articles are crossed and normal. What Laplace's
approximation integrates out it replaces by its value at the effects' joint mode and the curvature there (Tierney &
Kadane 1986; Pinheiro & Chao 2006), which is what glmer and clmm do by default.
"""

from analysis.mixed.laplace.fit import fit_logistic, fit_ordinal
from analysis.mixed.laplace.result import LaplaceFit
from analysis.mixed.laplace.separation import SeparationError

__all__ = ["LaplaceFit", "SeparationError", "fit_logistic", "fit_ordinal"]
