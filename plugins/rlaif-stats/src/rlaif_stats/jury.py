"""Worth of several judges together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit

from rlaif_stats.outcomes import as_outcomes, sides


def log_odds_weights(accuracies: ArrayLike) -> NDArray[np.float64]:
    """The weights with which independent judges are best added up (Nitzan & Paroush 1982).

    A judge below one half gets a negative weight: its verdicts are evidence for the opposite.

    Args:
        accuracies: any shape, each in (0, 1).

    Returns:
        Same shape: `log(a / (1 - a))`.

    Raises:
        ValueError: if an accuracy is not in (0, 1).
    """
    weights: NDArray[np.float64] = logit(_as_accuracies(accuracies, open_ends=True))
    return weights


def effective_judges(judges: int, correlation: float) -> float:
    """Number of independent judges that a correlated jury is worth (Kish's design effect).

    Args:
        judges: their number, at least 1.
        correlation: mean correlation between two judges' errors, in [0, 1].

    Returns:
        `n / (1 + (n - 1) * rho)`, in [1, judges].

    Raises:
        ValueError: if an argument is out of range.
    """
    if judges < 1 or not 0.0 <= correlation <= 1.0:
        raise ValueError(
            f"need judges >= 1 and correlation in [0, 1], got {judges} and {correlation}"
        )
    return judges / (1.0 + (judges - 1) * correlation)


def error_correlation(outcomes: ArrayLike, truth: ArrayLike) -> float:
    """Mean correlation between two judges' errors, over all pairs of judges.

    An error is a verdict on the other side than the truth, a tie half an error. Where the truth
    is not known, an estimate of it that the same judges made (their majority, Dawid and Skene's
    posterior) hides errors that they share: the correlation is then too low, and the effective
    number of judges that follows from it too high.

    Args:
        outcomes: shape (items, judges), each in [0, 1] or NaN for an abstention, see
            `stats.outcomes`.
        truth: shape (items,), the probability that A is better: 0 or 1 where it is known.

    Returns:
        In [-1, 1], the mean of the phi coefficients; NaN if no two judges have both erred and
        been right on items that both judged.

    Raises:
        ValueError: if shapes differ or a value is out of range.
    """
    p, side = as_outcomes(truth), sides(outcomes)
    if side.ndim != 2 or p.shape != side.shape[:1]:
        raise ValueError(f"need one truth an item, got {p.shape} and {side.shape}")
    if_a, if_b = (1.0 - side) / 2.0, (1.0 + side) / 2.0
    found = []
    for index in range(side.shape[1]):
        for other in range(index):
            # Expectations over the truth, since the two errors share it.
            both = ~np.isnan(side[:, index] + side[:, other])
            q = p[both]
            x, y = ((if_a[both, k], if_b[both, k]) for k in (index, other))
            mean = [np.sum(q * u + (1.0 - q) * v) for u, v in (x, y)]
            square = [np.sum(q * u * u + (1.0 - q) * v * v) for u, v in (x, y)]
            shared = np.sum(q * x[0] * y[0] + (1.0 - q) * x[1] * y[1])
            n = float(both.sum())
            spread = [n * square[k] - mean[k] ** 2 for k in (0, 1)]
            if min(spread) > 1e-9 * max(n, 1.0) ** 2:
                covariance = n * shared - mean[0] * mean[1]
                found.append(covariance / np.sqrt(spread[0] * spread[1]))
    return float(np.mean(found)) if found else float("nan")


def _as_accuracies(accuracies: ArrayLike, *, open_ends: bool) -> NDArray[np.float64]:
    values = np.asarray(accuracies, dtype=np.float64)
    inside = (values > 0.0) & (values < 1.0) if open_ends else (values >= 0.0) & (values <= 1.0)
    if values.size == 0 or not inside.all():
        interval = "(0, 1)" if open_ends else "[0, 1]"
        raise ValueError(f"accuracies must lie in {interval}, got {values.tolist()}")
    return values
