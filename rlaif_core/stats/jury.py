"""What several judges are worth together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logit


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


def majority_accuracy(accuracies: ArrayLike) -> float:
    """Accuracy of the majority of independent judges, a split jury tossing a coin.

    Exact, from the Poisson binomial distribution of the number of right verdicts. One good
    judge among weak ones can beat the majority of all; compare before counting heads.

    Args:
        accuracies: shape (judges,), each in [0, 1].

    Returns:
        In [0, 1].

    Raises:
        ValueError: if there are no judges or an accuracy is out of range.
    """
    right = np.ones(1)
    for accuracy in _as_accuracies(accuracies, open_ends=False):
        right = np.convolve(right, (1.0 - accuracy, accuracy))
    votes = np.arange(right.size)
    judges = right.size - 1
    credit = np.where(2 * votes == judges, 0.5, 2 * votes > judges)
    return float(right @ credit)


def effective_judges(judges: int, correlation: float) -> float:
    """How many independent judges a correlated jury is worth (Kish's design effect).

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


def _as_accuracies(accuracies: ArrayLike, *, open_ends: bool) -> NDArray[np.float64]:
    values = np.asarray(accuracies, dtype=np.float64)
    inside = (values > 0.0) & (values < 1.0) if open_ends else (values >= 0.0) & (values <= 1.0)
    if values.size == 0 or not inside.all():
        interval = "(0, 1)" if open_ends else "[0, 1]"
        raise ValueError(f"accuracies must lie in {interval}, got {values.tolist()}")
    return values
