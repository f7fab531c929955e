"""Win rates with length, or quality, held equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, stdtrit

from rlaif_stats.intervals import Estimate, win_rate
from rlaif_stats.logistic import LogisticFit, fit_logistic
from rlaif_stats.outcomes import as_outcomes


@dataclass(frozen=True)
class ParityWinRate:
    """A win rate as it would be if two responses did not differ in a nuisance.

    Attributes:
        win_rate: at a difference of 0.
        coefficient: log-odds per unit of the (scaled) difference; how much the nuisance pays.
    """

    win_rate: Estimate
    coefficient: float


def length_controlled_win_rate(
    outcomes: ArrayLike,
    length_difference: ArrayLike,
    clusters: ArrayLike | None = None,
    ridge: float = 0.1,
    level: float = 0.95,
) -> ParityWinRate:
    """Win rate over a baseline at equal length (after AlpacaEval 2, Dubois et al. 2404.04475).

    `logit P(win) = theta + phi * tanh(difference / sd(difference))`, reported at a difference
    of 0. AlpacaEval's difficulty of an instruction is left out: it is learned from many models
    on the same instructions, and a run has two.

    Length that goes with quality is taken out with the rest. Where one side is always longer by
    about as much, the data cannot tell the two apart, and the interval shows it.

    Args:
        outcomes: shape (n,), in [0, 1], NaN for an abstention; of the policy over the baseline.
        length_difference: shape (n,), policy minus baseline, in characters or tokens, finite.
        clusters: shape (n,), labels of what was sampled, as a prompt's id.
        ridge: above 0, a normal prior of variance `1 / ridge` on theta and phi.
        level: coverage of the interval, in (0, 1).

    Returns:
        The win rate at equal length, and phi.

    Raises:
        ValueError: if no outcome is left, shapes differ, or a value is out of range.
    """
    difference = _as_differences(length_difference)
    spread = difference.std()
    scaled = np.tanh(difference / spread) if spread > 0.0 else np.sign(difference)
    return _at_parity(outcomes, scaled, clusters, ridge, level)


def longer_win_rate(
    outcomes: ArrayLike,
    length_difference: ArrayLike,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Estimate:
    """Win rate of the longer response, a tie counting half; pairs of equal length left out.

    Args:
        outcomes: shape (n,), in [0, 1] or NaN: the probability that A is better.
        length_difference: shape (n,), A minus B, finite.
        clusters: shape (n,), labels of what was sampled, as a prompt's id.
        level: coverage of the interval, in (0, 1).

    Returns:
        In [0, 1]; 0.5 means that the judge does not go by length.

    Raises:
        ValueError: if no pair is left, shapes differ, or an outcome is out of range.
    """
    won, differs, groups = _outcomes_of_the_longer(outcomes, length_difference, clusters)
    return win_rate(won[differs], groups, level)


def longer_win_rate_at_equal_quality(
    outcomes: ArrayLike,
    length_difference: ArrayLike,
    quality_difference: ArrayLike,
    clusters: ArrayLike | None = None,
    ridge: float = 0.1,
    level: float = 0.95,
) -> ParityWinRate:
    """Win rate of the longer response at equal quality.

    `logit P(longer wins) = theta + kappa * quality difference`, reported at a difference of 0:
    what remains of `longer_win_rate` once longer responses may also be better ones.

    Args:
        outcomes: shape (n,), in [0, 1] or NaN: the probability that A is better.
        length_difference: shape (n,), A minus B, finite.
        quality_difference: shape (n,), A minus B by a measure the judge has no part in, finite.
        clusters: shape (n,), labels of what was sampled, as a prompt's id.
        ridge: above 0, a normal prior of variance `1 / ridge` on theta and kappa.
        level: coverage of the interval, in (0, 1).

    Returns:
        The win rate of the longer at equal quality, and kappa per standard deviation of the
        quality difference.

    Raises:
        ValueError: if no pair is left, shapes differ, or a value is out of range.
    """
    won, differs, groups = _outcomes_of_the_longer(outcomes, length_difference, clusters)
    quality = _as_differences(quality_difference)
    if quality.shape != won.shape:
        raise ValueError(f"shapes differ: {won.shape} and {quality.shape}")
    better = (quality * np.sign(np.asarray(length_difference, dtype=np.float64)))[differs]
    # Scaled but not centred: equal quality must stay at 0.
    spread = float(np.sqrt(np.mean(better**2))) if better.size else 0.0
    return _at_parity(won[differs], better / (spread or 1.0), groups, ridge, level)


def _outcomes_of_the_longer(
    outcomes: ArrayLike, length_difference: ArrayLike, clusters: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.generic] | None]:
    y = as_outcomes(outcomes)
    longer = np.sign(_as_differences(length_difference))
    if y.shape != longer.shape:
        raise ValueError(f"shapes differ: {y.shape} and {longer.shape}")
    differs = longer != 0.0
    groups = None if clusters is None else _labels(clusters, y)[differs]
    return 0.5 + longer * (y - 0.5), differs, groups


def _as_differences(differences: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(differences, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("differences must be finite")
    return values


def _labels(clusters: ArrayLike, values: NDArray[np.float64]) -> NDArray[np.generic]:
    labels = np.asarray(clusters)
    if labels.shape != values.shape:
        raise ValueError(f"shapes differ: {values.shape} and {labels.shape}")
    return labels


def _at_parity(
    outcomes: ArrayLike,
    difference: NDArray[np.float64],
    clusters: ArrayLike | None,
    ridge: float,
    level: float,
) -> ParityWinRate:
    y = as_outcomes(outcomes)
    if y.shape != difference.shape or y.ndim != 1:
        raise ValueError(f"need two arrays of one length, got {y.shape} and {difference.shape}")
    if not ridge > 0.0:
        raise ValueError(f"ridge must be above 0, got {ridge}")
    present = ~np.isnan(y)
    if not present.any():
        raise ValueError("no outcomes: every comparison abstained, or none differs")
    groups = np.arange(y.size) if clusters is None else _labels(clusters, y)
    _, codes = np.unique(groups[present], return_inverse=True)
    y, design = y[present], np.stack([np.ones(y.size), difference], axis=1)[present]
    fit = fit_logistic(design, y, penalty=ridge * np.eye(2))
    theta, coefficient = (float(value) for value in fit.coefficients)
    degrees = int(codes.max())
    if degrees == 0:
        return ParityWinRate(Estimate(float(expit(theta)), 0.0, 1.0, y.size), coefficient)
    half = float(stdtrit(degrees, 0.5 + level / 2.0)) * _intercept_error(fit, design, y, codes)
    return ParityWinRate(
        Estimate(
            float(expit(theta)), float(expit(theta - half)), float(expit(theta + half)), y.size
        ),
        coefficient,
    )


def _intercept_error(
    fit: LogisticFit,
    design: NDArray[np.float64],
    targets: NDArray[np.float64],
    codes: NDArray[np.intp],
) -> float:
    """Cluster-robust standard error of the first coefficient, at least the model's own.

    The robust one goes to 0 with the residuals, as when every comparison was won; the model's
    then still says how little is known.
    """
    covariance = np.linalg.inv(fit.hessian)
    residual = targets - expit(design @ fit.coefficients)
    groups = int(codes.max()) + 1
    scores = np.stack([np.bincount(codes, residual * column) for column in design.T], axis=1)
    robust = covariance @ (scores.T @ scores) @ covariance * groups / (groups - 1)
    return float(np.sqrt(max(robust[0, 0], covariance[0, 0])))
