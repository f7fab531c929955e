"""Elo scores from comparisons in both orders, a win in the favoured place counting less.

The meta-judge's ranking of judgments in Meta-Rewarding (Wu et al. 2407.19594, section 2.2).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlaif_stats.outcomes import as_outcomes
from rlaif_stats.ranking import bradley_terry_ratings

POINTS_A_LOGIT = 400.0 / math.log(10.0)
"""Elo points of one unit of log-odds: 400 points make odds of ten to one."""


def place_weights(first_rate: float) -> tuple[float, float]:
    """Weights of a win in the place shown first and in the place shown second.

    Each place's wins are weighted by the other place's share of all wins, so that both places
    weigh the same in total.

    Args:
        first_rate: share of the wins that went to the response shown first, in [0, 1].

    Returns:
        (weight of a win as the first, weight of a win as the second), which add up to 1. A judge
        that always picks the first gives such wins no weight at all.

    Raises:
        ValueError: if the rate is out of range.
    """
    if not 0.0 <= first_rate <= 1.0:
        raise ValueError(f"first_rate must lie in [0, 1], got {first_rate}")
    return 1.0 - first_rate, first_rate


def first_rate(ab: ArrayLike, ba: ArrayLike) -> float:
    """Share of the wins that went to the response shown first, soft verdicts counting as shares.

    Args:
        ab: shape (n,), outcomes with A shown first, see `stats.outcomes`.
        ba: shape (m,), outcomes with B shown first, mapped back to A.

    Returns:
        In [0, 1]; 0.5 if there is no verdict.

    Raises:
        ValueError: if an outcome is out of range.
    """
    first_won = np.concatenate([as_outcomes(ab).ravel(), 1.0 - as_outcomes(ba).ravel()])
    told = first_won[~np.isnan(first_won)]
    return float(told.mean()) if told.size else 0.5


def weighted_wins(
    a: ArrayLike,
    b: ArrayLike,
    ab: ArrayLike,
    ba: ArrayLike,
    weights: tuple[float, float],
    players: int,
) -> NDArray[np.float64]:
    """The win matrix of comparisons in both orders, weighted by place.

    Args:
        a: shape (n,), index of A in each pair.
        b: shape (n,), index of B.
        ab: shape (n,), outcomes with A shown first; NaN for an abstention, which adds nothing.
        ba: shape (n,), outcomes with B shown first, mapped back to A.
        weights: of a win as the first and as the second, as from `place_weights`.
        players: their number.

    Returns:
        Shape (players, players); entry (i, j) is the weight of i's wins against j.

    Raises:
        ValueError: if shapes differ or an outcome is out of range.
    """
    i, j = np.asarray(a, dtype=np.intp), np.asarray(b, dtype=np.intp)
    a_first, b_first = as_outcomes(ab), as_outcomes(ba)
    if not i.shape == j.shape == a_first.shape == b_first.shape:
        raise ValueError(f"shapes differ: {i.shape}, {j.shape}, {a_first.shape}, {b_first.shape}")
    as_first, as_second = weights
    wins = np.zeros((players, players))
    np.add.at(wins, (i, j), np.nan_to_num(as_first * a_first))
    np.add.at(wins, (j, i), np.nan_to_num(as_second * (1.0 - a_first)))
    np.add.at(wins, (i, j), np.nan_to_num(as_second * b_first))
    np.add.at(wins, (j, i), np.nan_to_num(as_first * (1.0 - b_first)))
    return wins


def elo_scores(wins: ArrayLike, initial: float = 1000.0) -> NDArray[np.float64]:
    """Elo scores that best explain a win matrix, whatever the order of the games.

    The maximum of `sum_ij wins[i, j] * log(sigmoid(score_i - score_j))`, which is the
    Bradley-Terry likelihood, in points of Elo. The ridge of `bradley_terry_ratings` keeps who
    never lost finite.

    Args:
        wins: shape (players, players), not negative; weights or counts of wins.
        initial: mean of the scores, in points.

    Returns:
        Shape (players,), in points.

    Raises:
        ValueError: if the matrix is not square, or an entry is negative or not finite.
    """
    scores: NDArray[np.float64] = initial + POINTS_A_LOGIT * bradley_terry_ratings(wins)
    return scores
