"""Several rewards in one: each standardised first, then summed; gates and floors on top.

Standardising a *sum* lets the reward with the widest scale rule, and folds different combinations
into one number; so each reward is standardised by itself, within its group where there is one
(GDPO, 2601.05242).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

EPSILON = 1e-4
"""Added to a deviation before dividing by it, as GRPO does."""

BEHIND = 1.0
"""How far, in deviations, a response that fails a gate stands behind the worst that passes."""


def standardise(values: ArrayLike, groups: Sequence[object]) -> NDArray[np.float64]:
    """`(x - mean) / (deviation + 1e-4)` within each group; the population's deviation.

    Args:
        values: shape (n,); NaN is a missing reward, which stays missing and counts nowhere.
        groups: n names; where every group has one member, all values are one group.

    Returns:
        shape (n,).
    """
    x = np.asarray(values, dtype=np.float64)
    index = _indices(groups)
    if len(set(index.tolist())) == len(index):
        index = np.zeros_like(index)
    known = ~np.isnan(x)
    counts = np.maximum(np.bincount(index[known], minlength=index.max(initial=0) + 1), 1)
    size = len(counts)
    mean = np.bincount(index[known], x[known], size) / counts
    centred = x - mean[index]
    deviation = np.sqrt(np.bincount(index[known], centred[known] ** 2, size) / counts)
    scaled: NDArray[np.float64] = centred / (deviation[index] + EPSILON)
    return scaled


def normalise_then_sum(
    rewards: ArrayLike, weights: ArrayLike, groups: Sequence[object]
) -> NDArray[np.float64]:
    """The weighted sum of rewards that were each standardised within their group.

    Args:
        rewards: shape (objectives, n); NaN is missing.
        weights: shape (objectives,).
        groups: n names.

    Returns:
        shape (n,); NaN where any of the rewards is missing.
    """
    table = np.asarray(rewards, dtype=np.float64)
    scaled = np.stack([standardise(row, groups) for row in table])
    total: NDArray[np.float64] = np.asarray(weights, dtype=np.float64) @ scaled
    return total


def gated(rewards: ArrayLike, passes: ArrayLike, groups: Sequence[object]) -> NDArray[np.float64]:
    """Puts whatever fails a gate behind everything in its group that passes.

    Args:
        rewards: shape (n,); NaN is missing.
        passes: shape (n,), boolean.
        groups: n names.

    Returns:
        shape (n,): what passes keeps its reward; what fails gets the least reward that passes in
        its group (0 if none does), at most 0, less 1. A missing reward of a response that fails
        is no longer missing: no reward could change where it stands.
    """
    found = np.array(rewards, dtype=np.float64)
    through = np.asarray(passes, dtype=bool)
    index = _indices(groups)
    for group in np.unique(index):
        inside = index == group
        standing = found[inside & through]
        standing = standing[~np.isnan(standing)]
        worst = min(0.0, float(standing.min())) if standing.size else 0.0
        found[inside & ~through] = worst - BEHIND
    return found


@dataclass
class Multiplier:
    """A Lagrange multiplier that holds a reward's mean at a floor, by dual ascent.

    Attributes:
        floor: The least mean that is wanted.
        rate: Step of the ascent.
        value: λ, at least 0: the weight that the constraint adds to its reward.
    """

    floor: float
    rate: float = 0.1
    value: float = 0.0

    def update(self, rewards: ArrayLike) -> float:
        """λ ← max(0, λ + rate·(floor - mean)); missing rewards are left out.

        Returns:
            The new λ.
        """
        x = np.asarray(rewards, dtype=np.float64)
        known = x[~np.isnan(x)]
        if known.size:
            self.value = max(0.0, self.value + self.rate * (self.floor - float(known.mean())))
        return self.value


def _indices(groups: Sequence[object]) -> NDArray[np.int64]:
    seen: dict[object, int] = {}
    return np.array([seen.setdefault(group, len(seen)) for group in groups], dtype=np.int64)
