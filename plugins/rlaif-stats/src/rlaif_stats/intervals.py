"""Estimates with intervals: means, proportions, win rates, paired differences.

Values that share a prompt are not independent. Every function that takes `clusters` treats the
cluster, not the value, as what was sampled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from rlaif_stats.outcomes import as_outcomes

_RESAMPLED_VALUES_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Estimate:
    """A value and the interval that the data leave for it.

    Attributes:
        value: the point estimate.
        low: lower end of the interval.
        high: upper end of the interval.
        n: how many values went into it.
    """

    value: float
    low: float
    high: float
    n: int

    def figure(self) -> dict[str, float]:
        """The value and the ends of its interval."""
        return {"value": self.value, "low": self.low, "high": self.high}


def normal_quantile(level: float) -> float:
    """The z with P(|Z| <= z) = level, Z standard normal; 1.96 at 0.95."""
    return float(ndtri(_upper_tail(level)))


def mean_estimate(
    values: ArrayLike, clusters: ArrayLike | None = None, level: float = 0.95
) -> Estimate:
    """Mean with a t interval, robust to correlation within clusters.

    Without clusters this is the textbook interval. With them the standard error is
    `sqrt(G/(G-1) * sum_g (sum_{i in g} (y_i - mean))^2) / n` (CR1, Liang & Zeger 1986) on G-1
    degrees of freedom, which is the textbook one again when every value is its own cluster.

    Args:
        values: shape (n,), finite.
        clusters: shape (n,), the label of each value's cluster, as a prompt's id.
        level: coverage of the interval, in (0, 1).

    Returns:
        The mean. A single cluster says nothing about spread: its interval is infinite.

    Raises:
        ValueError: if there are no values, one is not finite, or shapes differ.
    """
    y = np.asarray(values, dtype=np.float64)
    _require_values(y)
    if not np.isfinite(y).all():
        raise ValueError("values must be finite; leave missing ones out first")
    error, groups = _standard_error(y, clusters)
    value = float(y.mean())
    half = _t_quantile(level, groups) * error if groups > 1 else math.inf
    return Estimate(value, value - half, value + half, y.size)


def wilson(successes: float, trials: float, level: float = 0.95) -> Estimate:
    """Proportion with Wilson's score interval (Wilson 1927).

    Args:
        successes: in [0, trials]; may be fractional, as an effective count is.
        trials: above 0.
        level: coverage of the interval, in (0, 1).

    Returns:
        The proportion; its interval lies in [0, 1] and is never of width 0.

    Raises:
        ValueError: if the counts are out of range.
    """
    if not 0 < trials < math.inf or not 0 <= successes <= trials:
        raise ValueError(f"need 0 <= successes <= trials and trials > 0, got {successes}/{trials}")
    p, z = successes / trials, normal_quantile(level)
    shrink = 1.0 + z * z / trials
    centre = (p + z * z / (2.0 * trials)) / shrink
    half = z / shrink * math.sqrt(p * (1.0 - p) / trials + z * z / (4.0 * trials * trials))
    # At p = 0 and p = 1 the ends are exact; rounding must not leave the value outside them.
    return Estimate(
        p, max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half)), int(trials)
    )


def win_rate(
    outcomes: ArrayLike, clusters: ArrayLike | None = None, level: float = 0.95
) -> Estimate:
    """Share of wins, a tie counting half, with an interval that stays in [0, 1].

    Independent outcomes without ties get Wilson's interval. Ties, soft outcomes and clusters
    change the variance, so there Wilson's interval is taken at the effective sample size
    `p(1-p)/se^2 * (z/t)^2` (Dean & Pagano 2015), se as in `mean_estimate`. Where the outcomes
    show no variance at all, the number of clusters stands in for it.

    Args:
        outcomes: shape (n,); 1 a win, 0 a loss, 0.5 a tie, between for soft verdicts, NaN for
            an abstention, which is left out.
        clusters: shape (n,), the label of each outcome's cluster, as a prompt's id.
        level: coverage of the interval, in (0, 1).

    Returns:
        The win rate; `n` counts the outcomes that were not abstentions.

    Raises:
        ValueError: if no outcome is left, one is outside [0, 1], or shapes differ.
    """
    y = as_outcomes(outcomes)
    present = ~np.isnan(y)
    if clusters is not None:
        clusters = _matching(clusters, y)[present]
    y = y[present]
    _require_values(y)
    value = float(y.mean())
    if clusters is None and bool(np.isin(y, (0.0, 1.0)).all()):
        return wilson(float(y.sum()), y.size, level)
    error, groups = _standard_error(y, clusters)
    if groups == 1:
        return Estimate(value, 0.0, 1.0, y.size)
    spread = value * (1.0 - value)
    effective = spread / error**2 if error > 0.0 and spread > 0.0 else float(groups)
    effective *= (normal_quantile(level) / _t_quantile(level, groups)) ** 2
    interval = wilson(value * effective, effective, level)
    return Estimate(value, interval.low, interval.high, y.size)


def _upper_tail(level: float) -> float:
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie in (0, 1), got {level}")
    return 0.5 + level / 2.0


def _t_quantile(level: float, groups: int) -> float:
    return float(stdtrit(groups - 1, _upper_tail(level)))


def _require_values(values: NDArray[np.float64]) -> None:
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"need a non-empty one-dimensional array, got shape {values.shape}")


def _matching(labels: ArrayLike, values: NDArray[np.float64]) -> NDArray[np.generic]:
    array = np.asarray(labels)
    if array.shape != values.shape:
        raise ValueError(f"shapes differ: {values.shape} and {array.shape}")
    return array


def _codes(clusters: ArrayLike | None, values: NDArray[np.float64]) -> tuple[NDArray[np.intp], int]:
    if clusters is None:
        return np.arange(values.size), values.size
    names, codes = np.unique(_matching(clusters, values), return_inverse=True)
    return codes, names.size


def _standard_error(values: NDArray[np.float64], clusters: ArrayLike | None) -> tuple[float, int]:
    codes, groups = _codes(clusters, values)
    if groups == 1:
        return math.inf, 1
    sums = np.bincount(codes, values - values.mean(), groups)
    return math.sqrt(groups / (groups - 1) * float(sums @ sums)) / values.size, groups
