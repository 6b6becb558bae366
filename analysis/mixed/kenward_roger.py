"""PURE: Kenward and Roger's covariance matrix and degrees of freedom, on dense matrices of small sets.

Source: Kenward & Roger 1997, Biometrics 53:983; computed as pbkrtest does (Halekoh & Hojsgaard 2014, J. Stat. Softw.
59(9)), where the covariance is linear in its parameters gamma: each variance and covariance of each term, and that of
the residual.
"""

import numpy as np

from analysis.mixed.design import Design, FloatArray
from analysis.mixed.formula import MixedModelError
from analysis.mixed.result import Fitted

# Some matrices of rows x rows are held at once, and multiplied: 1,500 rows take about a second and 200 MB.
MOST_ROWS = 1_500


def kenward_roger(fitted: Fitted, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The adjusted covariance matrix of the coefficients, and the degrees of freedom of each contrast.

    Raises ``MixedModelError`` for more than ``MOST_ROWS`` rows, and for a fit by ML, for which it is not defined.
    """
    _refuse(fitted)
    phi = fitted.covariance()
    spread, p_parts, q_parts = _parts(fitted, phi)
    adjusted = _adjusted(phi, spread, p_parts, q_parts)
    dfs = [_df(row[None], phi, spread, p_parts)[0] for row in weights]
    return adjusted, np.array(dfs)


def kenward_roger_joint(fitted: Fitted, weights: FloatArray) -> tuple[float, float]:
    """The F statistic of ``weights @ beta = 0``, scaled as Kenward and Roger have it, and its denominator degrees of
    freedom; the rows of ``weights`` are no sums of each other. Raises as ``kenward_roger``.
    """
    _refuse(fitted)
    phi = fitted.covariance()
    spread, p_parts, q_parts = _parts(fitted, phi)
    df, scaling = _df(weights, phi, spread, p_parts)
    values = weights @ fitted.beta
    adjusted = weights @ _adjusted(phi, spread, p_parts, q_parts) @ weights.T
    return scaling * float(values @ np.linalg.solve(adjusted, values)) / len(weights), df


def _refuse(fitted: Fitted) -> None:
    if not fitted.criterion.reml:
        raise MixedModelError("Kenward-Roger degrees of freedom need a fit by REML")
    n = len(fitted.design.y)
    if n > MOST_ROWS:
        raise MixedModelError(
            f"Kenward-Roger degrees of freedom are for up to {MOST_ROWS} rows, and there are {n}: take Satterthwaite's"
        )


def _pieces(design: Design) -> tuple[list[FloatArray], list[tuple[int, int, int]]]:
    """The derivative of V by each gamma (rows x rows), and which element of which factor's covariance it is."""
    pieces, places = [], []
    for f, factor in enumerate(design.factors):
        same = factor.codes[:, None] == factor.codes[None, :]
        ones = np.ones(len(factor.codes))
        columns = [ones if column is None else column for column in factor.columns]
        start = 0
        for block in factor.blocks:
            for a in range(start, start + block.size):
                for b in range(start, a + 1):
                    outer = np.outer(columns[a], columns[b])
                    pieces.append(np.where(same, outer if a == b else outer + outer.T, 0.0))
                    places.append((f, a, b))
            start += block.size
    pieces.append(np.eye(len(design.y)))
    return pieces, places


def _parts(fitted: Fitted, phi: FloatArray) -> tuple[FloatArray, list[FloatArray], list[list[FloatArray]]]:
    """W, the covariance of the gammas; P_i = -X'V^-1 G_i V^-1 X; Q_ij = X'V^-1 G_i V^-1 G_j V^-1 X."""
    pieces, places = _pieces(fitted.design)
    sigma = fitted.optimum.sigma
    covariances = [sigma**2 * t @ t.T for t in fitted.triangles()]
    gammas = [covariances[f][a, b] for f, a, b in places] + [sigma**2]
    inverse = np.linalg.inv(np.einsum("g,gij->ij", gammas, pieces))
    x = fitted.design.x
    half = inverse @ x
    by_piece = [piece @ inverse for piece in pieces]
    on_x = [piece @ half for piece in pieces]
    p_parts: list[FloatArray] = [-half.T @ part for part in on_x]
    q_parts: list[list[FloatArray]] = [[left.T @ inverse @ right for right in on_x] for left in on_x]
    size = len(pieces)
    information = np.empty((size, size))
    for i in range(size):
        for j in range(i + 1):
            trace = float((by_piece[i].T * by_piece[j]).sum())
            lost = 2 * float((phi * q_parts[i][j]).sum()) - float(((phi @ p_parts[i]) * (p_parts[j] @ phi)).sum())
            information[i, j] = information[j, i] = trace - lost
    return 2 * np.linalg.pinv(information, rcond=1e-13, hermitian=True), p_parts, q_parts


def _adjusted(
    phi: FloatArray, spread: FloatArray, p_parts: list[FloatArray], q_parts: list[list[FloatArray]]
) -> FloatArray:
    total = np.zeros_like(phi)
    for i, p_i in enumerate(p_parts):
        for j, p_j in enumerate(p_parts):
            total += spread[i, j] * (q_parts[i][j] - p_i @ phi @ p_j)
    result: FloatArray = phi + 2 * phi @ total @ phi
    return result


def _df(weights: FloatArray, phi: FloatArray, spread: FloatArray, p_parts: list[FloatArray]) -> tuple[float, float]:
    """The degrees of freedom of the contrasts together, and the factor of their F: Kenward & Roger's equations.

    Of one contrast the factor is 1.
    """
    q = len(weights)
    theta = weights.T @ np.linalg.solve(weights @ phi @ weights.T, weights)
    shifts = [theta @ phi @ part @ phi for part in p_parts]
    traces = np.array([np.trace(shift) for shift in shifts])
    squares = np.array([[float((one * other.T).sum()) for other in shifts] for one in shifts])
    a1, a2 = float(traces @ spread @ traces), float((spread * squares).sum())
    b = (a1 + 6 * a2) / (2 * q)
    g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
    c1, c2, c3 = (value / (3 * q + 2 * (1 - g)) for value in (g, q - g, q + 2 - g))
    v0, v1, v2 = 1 + c1 * b, 1 - c2 * b, 1 - c3 * b
    if abs(v0) < 1e-10:
        v0 = 0.0
    first = 1.0 if abs(1 - a2 / q) < 1e-10 and abs(v1) < 1e-10 else (1 - a2 / q) / v1
    rho = first**2 * v0 / v2 / q
    df = 4 + (q + 2) / (q * rho - 1)
    return df, 1.0 if abs(df - 2) < 1e-2 else df * (1 - a2 / q) / (df - 2)
