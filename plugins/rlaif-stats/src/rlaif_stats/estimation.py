"""What many machine verdicts and a few human labels say together."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlaif_stats.intervals import Estimate, normal_quantile


def ppi_weight(
    labels: ArrayLike, predictions: ArrayLike, unlabelled_predictions: ArrayLike
) -> float:
    """How far PPI++ trusts the predictions, chosen to make the variance least.

    `Cov(Y, F) / ((1 + n/N) Var F)`, clipped to [0, 1] (Angelopoulos et al. 2311.01453).

    Args:
        labels: Y, shape (n,), n at least 2; human labels, as numbers.
        predictions: F, shape (n,), the judge's on the same items.
        unlabelled_predictions: F, shape (N,), the judge's on items without a label.

    Returns:
        In [0, 1]; 0 ignores the judge.

    Raises:
        ValueError: if shapes differ, there are too few values, or one is not finite.
    """
    y, f, more = _as_samples(labels, predictions, unlabelled_predictions)
    variance = float(np.concatenate([f, more]).var(ddof=1))
    if variance == 0.0:
        return 0.0
    covariance = float(np.cov(y, f)[0, 1])
    return min(1.0, max(0.0, covariance / ((1.0 + y.size / more.size) * variance)))


def ppi_mean(
    labels: ArrayLike,
    predictions: ArrayLike,
    unlabelled_predictions: ArrayLike,
    weight: float | None = None,
    level: float = 0.95,
) -> Estimate:
    """Mean human label, sharpened by predictions and still unbiased (PPI++, 2311.01453).

    `w * mean(F_unlabelled) + mean(Y - w * F)` with the normal interval of variance
    `w^2 Var(F_unlabelled)/N + Var(Y - w F)/n`. The labelled items must be a random sample of
    the same population as the others.

    Args:
        labels: Y, shape (n,), n at least 2; human labels, as numbers.
        predictions: F, shape (n,), the judge's on the same items.
        unlabelled_predictions: F, shape (N,), N at least 2, on items without a label.
        weight: w; `ppi_weight` unless given, 0 for the human labels alone.
        level: coverage of the interval, in (0, 1).

    Returns:
        The mean; `n` counts the human labels.

    Raises:
        ValueError: if shapes differ, there are too few values, or one is not finite.
    """
    y, f, more = _as_samples(labels, predictions, unlabelled_predictions)
    w = ppi_weight(y, f, more) if weight is None else weight
    rectifier = y - w * f
    value = w * float(more.mean()) + float(rectifier.mean())
    variance = w * w * float(more.var(ddof=1)) / more.size
    variance += float(rectifier.var(ddof=1)) / y.size
    half = normal_quantile(level) * math.sqrt(variance)
    return Estimate(value, value - half, value + half, y.size)


def _as_samples(
    labels: ArrayLike, predictions: ArrayLike, unlabelled_predictions: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    y = np.asarray(labels, dtype=np.float64)
    f = np.asarray(predictions, dtype=np.float64)
    more = np.asarray(unlabelled_predictions, dtype=np.float64)
    if y.shape != f.shape or y.ndim != 1 or more.ndim != 1:
        raise ValueError(f"shapes do not fit: {y.shape}, {f.shape}, {more.shape}")
    if y.size < 2 or more.size < 2:
        raise ValueError(f"need at least two of each, got {y.size} labels and {more.size} more")
    if not all(np.isfinite(values).all() for values in (y, f, more)):
        raise ValueError("values must be finite; leave missing ones out first")
    return y, f, more
