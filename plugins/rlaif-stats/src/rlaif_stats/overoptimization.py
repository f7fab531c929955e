"""Laws of reward over-optimisation (Gao et al. 2210.10760).

The true reward first rises and then falls as a policy is driven from its origin by a proxy. With
`d = sqrt(KL(policy‖origin))` in square roots of nats, the gain in true reward is

    best-of-n:               d * (alpha - beta * d)
    reinforcement learning:  d * (alpha - beta * log d)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Regime = Literal["best-of-n", "rl"]

FEWEST_ROUNDS = 3
"""Rounds before the law's two coefficients mean anything."""

# A peak farther out than e^100 is no peak for anybody, and larger exponents overflow.
_LARGEST_EXPONENT = 100.0


@dataclass(frozen=True)
class OveroptimizationLaw:
    """One of the two laws with its coefficients.

    Attributes:
        regime: "best-of-n" or "rl".
        alpha: initial slope, reward per unit of distance.
        beta: how fast the proxy stops being true; at most 0 means that no peak is in sight.
    """

    regime: Regime
    alpha: float
    beta: float

    def reward(self, distance: ArrayLike) -> NDArray[np.float64]:
        """Gain in true reward at each distance `d = sqrt(KL)`, any shape, not negative."""
        linear, bend = _terms(distance, self.regime)
        return self.alpha * linear - self.beta * bend

    def optimum(self) -> tuple[float, float] | None:
        """Distance of the peak and the gain there, or None where the law has no peak.

        `d* = alpha / (2 beta)`, `R* = alpha^2 / (4 beta)` for best-of-n;
        `d* = exp(alpha / beta - 1)`, `R* = beta d*` for reinforcement learning.
        """
        if self.beta <= 0.0:
            return None
        if self.regime == "best-of-n":
            if self.alpha <= 0.0:
                return None
            return self.alpha / (2.0 * self.beta), self.alpha**2 / (4.0 * self.beta)
        exponent = self.alpha / self.beta - 1.0
        if exponent > _LARGEST_EXPONENT:
            return None
        distance = math.exp(exponent)
        return distance, self.beta * distance


def fit_law(distance: ArrayLike, reward: ArrayLike, regime: Regime) -> OveroptimizationLaw:
    """Fits alpha and beta by least squares; both laws are linear in them.

    Args:
        distance: shape (n,), `sqrt(KL)` of checkpoints, not negative, at least two of them
            distinct and above 0.
        reward: shape (n,), true reward minus that of the origin.
        regime: "best-of-n" or "rl".

    Returns:
        The fitted law.

    Raises:
        ValueError: if shapes differ, a distance is negative, or the points cannot tell alpha
            from beta.
    """
    y = np.asarray(reward, dtype=np.float64)
    linear, bend = _terms(distance, regime)
    if y.ndim != 1 or linear.shape != y.shape:
        raise ValueError(f"need two arrays of one length, got {linear.shape} and {y.shape}")
    (alpha, beta), _, rank, _ = np.linalg.lstsq(np.stack([linear, -bend], axis=1), y, rcond=None)
    if rank < 2:
        raise ValueError("need at least two distinct distances above 0 to fit alpha and beta")
    return OveroptimizationLaw(regime, float(alpha), float(beta))


def law_of_rounds(distance: ArrayLike, gain: ArrayLike) -> OveroptimizationLaw | None:
    """The law of reinforcement learning through a run's rounds.

    Args:
        distance: shape (n,), as in `fit_law`; those at 0 are left out.
        gain: shape (n,), held-out gain over the base.

    Returns:
        None if fewer than three rounds have moved, or all by as much.
    """
    d, y = np.asarray(distance, dtype=np.float64), np.asarray(gain, dtype=np.float64)
    moved = d > 0.0
    if moved.sum() < FEWEST_ROUNDS:
        return None
    try:
        return fit_law(d[moved], y[moved], "rl")
    except ValueError:
        return None


def turning_point(proxy: ArrayLike, gain: ArrayLike, high: ArrayLike) -> int | None:
    """The first round in which the proxy rose and the held-out gain fell below the last one's.

    Args:
        proxy: shape (n,), the training reward; NaN where it was not measured.
        gain: shape (n,), the held-out gain.
        high: shape (n,), the upper ends of its intervals.

    Returns:
        Its index; None if there is none.
    """
    p, y, ends = (np.asarray(values, dtype=np.float64) for values in (proxy, gain, high))
    turned = np.flatnonzero((np.diff(p) > 0.0) & (ends[1:] < y[:-1]))
    return int(turned[0]) + 1 if turned.size else None


def _terms(distance: ArrayLike, regime: Regime) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    d = np.asarray(distance, dtype=np.float64)
    if not (d >= 0.0).all():
        raise ValueError("a distance is the square root of a KL and cannot be negative")
    if regime == "best-of-n":
        return d, d * d
    if regime == "rl":
        return d, d * np.log(np.where(d > 0.0, d, 1.0))
    raise ValueError(f"regime must be 'best-of-n' or 'rl', got {regime!r}")
