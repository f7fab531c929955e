"""Logistic regression with soft targets: the one likelihood under rankings and length control."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import expit

# Newton's steps go on until rounding stops them; whether that was near enough is judged by what
# the likelihood still lacks, in units that do not depend on the size of the data.
_GRADIENT_TOLERANCE = 1e-12
_LIKELIHOOD_TOLERANCE = 1e-8


@dataclass(frozen=True)
class LogisticFit:
    """Coefficients that maximise a (penalised) logistic likelihood.

    Attributes:
        coefficients: shape (k,), log-odds per unit of each column.
        hessian: shape (k, k), of the negative penalised log-likelihood at the optimum; its
            inverse is the model's covariance of the coefficients.
        log_likelihood: at the optimum, without the penalty, in nats.
    """

    coefficients: NDArray[np.float64]
    hessian: NDArray[np.float64]
    log_likelihood: float


def fit_logistic(
    design: NDArray[np.float64] | csr_array,
    targets: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
    penalty: NDArray[np.float64] | None = None,
) -> LogisticFit:
    """Maximises `sum_i w_i (y_i log s_i + (1 - y_i) log(1 - s_i)) - t'Pt / 2`, s = sigmoid(Xt).

    Where a hyperplane separates the targets and no penalty holds it, the likelihood has no
    finite maximum: the caller rules that out.

    Args:
        design: X, shape (n, k), dense or sparse; no column is added.
        targets: y, shape (n,), each in [0, 1].
        weights: w, shape (n,), not negative; 1 unless given.
        penalty: P, shape (k, k), positive semi-definite; 0 unless given.

    Returns:
        The fit.

    Raises:
        ValueError: if shapes differ, there is no weight, or no optimum is found.
    """
    from scipy.optimize import minimize

    w = np.ones_like(targets) if weights is None else weights
    if design.shape[0] != targets.size or targets.shape != w.shape:
        raise ValueError(
            f"shapes differ: design {design.shape}, targets {targets.shape}, weights {w.shape}"
        )
    total = float(w.sum())
    if not total > 0.0:
        raise ValueError("nothing to fit: the weights add up to 0")
    columns = design.shape[1]
    p = np.zeros((columns, columns)) if penalty is None else penalty

    def log_likelihood(theta: NDArray[np.float64]) -> float:
        eta = design @ theta
        return float(w @ (targets * eta - np.logaddexp(0.0, eta)))

    def loss(theta: NDArray[np.float64]) -> float:
        return (0.5 * float(theta @ p @ theta) - log_likelihood(theta)) / total

    def gradient(theta: NDArray[np.float64]) -> NDArray[np.float64]:
        residual = w * (expit(design @ theta) - targets)
        mean: NDArray[np.float64] = (design.T @ residual + p @ theta) / total
        return mean

    def hessian(theta: NDArray[np.float64]) -> NDArray[np.float64]:
        s = expit(design @ theta)
        return (_weighted_gram(design, w * s * (1.0 - s)) + p) / total

    result = minimize(
        loss,
        np.zeros(columns),
        jac=gradient,
        hess=hessian,
        method="trust-exact",
        options={"gtol": _GRADIENT_TOLERANCE, "maxiter": 500},
    )
    slope, curvature = gradient(result.x) * total, hessian(result.x) * total
    # Twice the log-likelihood still to be gained: the squared distance to the optimum in
    # standard errors.
    if not float(slope @ np.linalg.solve(curvature, slope)) <= _LIKELIHOOD_TOLERANCE:
        raise ValueError(f"the logistic fit found no optimum: {result.message}")
    return LogisticFit(result.x, curvature, log_likelihood(result.x))


def _weighted_gram(
    design: NDArray[np.float64] | csr_array, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """X' diag(weights) X, dense."""
    if isinstance(design, np.ndarray):
        gram: NDArray[np.float64] = design.T @ (design * weights[:, None])
        return gram
    weighted = design.multiply(weights[:, None])
    dense: NDArray[np.float64] = (design.T @ weighted).toarray()
    return dense
