"""Position bias of a judge, from verdicts on the same pairs shown in both orders.

Each pair brings two outcomes (see `rlaif_stats.outcomes`), both the probability that
response A is better: `ab` was given with A shown first, `ba` with B shown first and then mapped
back. NaN is an abstention, or an order that was not asked.

A judge led by quality alone gives the same side twice. One who prefers what is shown first
(primacy) has an `ab` outcome on A's side of its `ba` outcome; recency is the opposite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlaif_stats.intervals import Estimate, wilson, win_rate
from rlaif_stats.outcomes import sides


@dataclass(frozen=True)
class PositionCounts:
    """Counts of pairs judged alike in both orders, and of the direction of the others.

    Attributes:
        consistent: both verdicts on the same side, or both ties.
        primacy: the response shown first did better.
        recency: the response shown last did better.
        abstained: no verdict in at least one order.
    """

    consistent: int
    primacy: int
    recency: int
    abstained: int

    @property
    def pairs(self) -> int:
        """All pairs."""
        return self.consistent + self.primacy + self.recency + self.abstained


def position_counts(ab: ArrayLike, ba: ArrayLike) -> PositionCounts:
    """Sorts pairs by what swapping the order did to the verdict.

    In the letters of Shi et al. (2406.07791; A the first shown, B the second, C a tie):
    consistent is AB, BA, CC; primacy AA, AC, CA; recency BB, BC, CB.

    Args:
        ab: shape (pairs,), outcomes with A shown first.
        ba: shape (pairs,), outcomes with B shown first, mapped back to A.

    Returns:
        The counts, which add up to the number of pairs.

    Raises:
        ValueError: if shapes differ or an outcome lies outside [0, 1].
    """
    shown_a_first, shown_b_first = _both(ab, ba)
    lean = shown_a_first - shown_b_first
    return PositionCounts(
        consistent=int((lean == 0.0).sum()),
        primacy=int((lean > 0.0).sum()),
        recency=int((lean < 0.0).sum()),
        abstained=int(np.isnan(lean).sum()),
    )


def position_consistency(ab: ArrayLike, ba: ArrayLike, level: float = 0.95) -> Estimate:
    """Share of all pairs whose two verdicts are on the same side.

    A pair that lacks a verdict in either order stays in the denominator and never counts as
    consistent.

    Args:
        ab: shape (pairs,), outcomes with A shown first.
        ba: shape (pairs,), outcomes with B shown first, mapped back to A.
        level: coverage of the interval (Wilson's), in (0, 1).

    Returns:
        In [0, 1]; `n` is the number of pairs.

    Raises:
        ValueError: if there are no pairs, shapes differ, or an outcome is out of range.
    """
    counts = position_counts(ab, ba)
    return wilson(counts.consistent, counts.pairs, level)


def first_position_rate(ab: ArrayLike, ba: ArrayLike, level: float = 0.95) -> Estimate:
    """Win rate of the response shown first, a tie counting half.

    With both orders asked of every pair, quality cancels and 0.5 means no bias. The two
    verdicts on a pair are one cluster.

    Args:
        ab: shape (pairs,), outcomes with A shown first.
        ba: shape (pairs,), outcomes with B shown first, mapped back to A.
        level: coverage of the interval, in (0, 1).

    Returns:
        In [0, 1]; `n` counts verdicts, abstentions left out.

    Raises:
        ValueError: if there is no verdict, shapes differ, or an outcome is out of range.
    """
    shown_a_first, shown_b_first = _both(ab, ba)
    first_won = np.concatenate([shown_a_first, -shown_b_first]) / 2.0 + 0.5
    pair = np.tile(np.arange(shown_a_first.size), 2)
    return win_rate(first_won, pair, level)


def _both(ab: ArrayLike, ba: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = sides(ab), sides(ba)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"need one outcome a pair and order, got {first.shape}, {second.shape}")
    return first, second
