"""Ranks for the responses to one prompt, and ratings that follow a sequence of comparisons."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

_NEWTON_STEPS = 100


def bradley_terry_ratings(
    wins: ArrayLike, ridge: float = 0.1, tolerance: float = 1e-9
) -> NDArray[np.float64]:
    """Bradley–Terry ratings of a few responses, fast and always finite.

    Newton's method on the likelihood of `rlaif_stats.bradley_terry`, with a ridge that
    keeps unbeaten responses finite and unconnected ones comparable. Time grows with the cube of
    the number of players; there are no standard errors.

    Args:
        wins: shape (players, players); entry (i, j) is how much i won against j: counts, or the
            probabilities that verdicts gave, a tie half for each. The diagonal is ignored.
        ridge: above 0; a normal prior of variance `1 / ridge` on each rating.
        tolerance: largest gradient to stop at.

    Returns:
        Shape (players,), log-odds adding up to 0.

    Raises:
        ValueError: if the matrix is not square, an entry is negative or not finite, or the ridge
            is not positive.
    """
    w = np.array(wins, dtype=np.float64)
    if w.ndim != 2 or w.shape[0] != w.shape[1]:
        raise ValueError(f"wins must be a square matrix, got shape {w.shape}")
    if not (np.isfinite(w) & (w >= 0.0)).all():
        raise ValueError("wins must be finite and not negative")
    if not ridge > 0.0:
        raise ValueError(f"ridge must be above 0, got {ridge}")
    np.fill_diagonal(w, 0.0)
    games, won = w + w.T, w.sum(axis=1)
    ratings = np.zeros(won.size)
    diagonal = np.diag_indices(won.size)

    def loss(r: NDArray[np.float64]) -> float:
        return float((w * np.logaddexp(0.0, r - r[:, None])).sum() + 0.5 * ridge * (r @ r))

    current = loss(ratings)
    for _ in range(_NEWTON_STEPS):
        expected = 0.5 + 0.5 * np.tanh(0.5 * (ratings[:, None] - ratings))
        gradient = won - (games * expected).sum(axis=1) - ridge * ratings
        if np.abs(gradient).max(initial=0.0) <= tolerance:
            break
        hessian = games * expected * (expected - 1.0)
        hessian[diagonal] = ridge - hessian.sum(axis=1)
        step = np.linalg.solve(hessian, gradient)
        # The full step can overshoot where verdicts are lopsided; halving it always helps in
        # the end, since the loss is convex.
        proposed = loss(ratings + step)
        while proposed > current and np.abs(step).max() > tolerance:
            step *= 0.5
            proposed = loss(ratings + step)
        ratings, current = ratings + step, proposed
    centred: NDArray[np.float64] = ratings - ratings.mean()
    return centred


def elo_ratings(
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    *,
    players: int | None = None,
    k: float = 16.0,
    initial: float = 1000.0,
    scale: float = 400.0,
) -> NDArray[np.float64]:
    """Online Elo ratings after a sequence of comparisons (Elo 1978).

    The result depends on the order of the comparisons and never settles: its spread is set by
    `k`. For anything but a running display, `rlaif_stats.bradley_terry` is the better
    estimate.

    Args:
        first: shape (n,), index of one player, in the order the comparisons were made.
        second: shape (n,), index of the other.
        outcome: shape (n,), 1 if the first won, 0 if the second did, 0.5 for a tie, between for
            soft verdicts; NaN (an abstention) changes nothing.
        players: their number; one more than the highest index unless given.
        k: largest change of a rating by one comparison, in points.
        initial: everybody's rating at the start, in points.
        scale: points that make odds of ten to one.

    Returns:
        Shape (players,), in points.

    Raises:
        ValueError: if shapes differ or an index is negative.
    """
    i, j = np.asarray(first, dtype=np.intp), np.asarray(second, dtype=np.intp)
    y = np.asarray(outcome, dtype=np.float64)
    if not i.shape == j.shape == y.shape or y.ndim != 1:
        raise ValueError(f"shapes differ: {i.shape}, {j.shape}, {y.shape}")
    if min(i.min(initial=0), j.min(initial=0)) < 0:
        raise ValueError("a player's index is negative")
    count = int(max(i.max(initial=-1), j.max(initial=-1))) + 1 if players is None else players
    ratings = [initial] * count
    answered = ~np.isnan(y)
    for a, b, score in zip(
        i[answered].tolist(), j[answered].tolist(), y[answered].tolist(), strict=True
    ):
        expected = 1.0 / (1.0 + 10.0 ** ((ratings[b] - ratings[a]) / scale))
        change = k * (score - expected)
        ratings[a] += change
        ratings[b] -= change
    return np.array(ratings)


def kendall_tau(first: ArrayLike, second: ArrayLike) -> float:
    """Rank correlation of two ratings of the same items (Kendall's tau-b, which allows ties).

    Args:
        first: shape (n,), one rating of each item.
        second: shape (n,), another.

    Returns:
        In [-1, 1]; NaN if either rates all items the same.
    """
    from scipy.stats import kendalltau

    return float(kendalltau(first, second).statistic)
