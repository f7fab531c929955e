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


def rogan_gladen(
    positives: int,
    judged: int,
    sensitivity: tuple[int, int],
    specificity: tuple[int, int],
    level: float = 0.95,
) -> Estimate:
    """Prevalence corrected for a judge's known errors (Rogan & Gladen 1978).

    `(p + q0 - 1) / (q0 + q1 - 1)` with a delta-method interval that carries the uncertainty of
    the judge's sensitivity q1 and specificity q0. Wider than `ppi_mean`; for calibration data of
    another population than the one judged.

    Args:
        positives: items that the judge called positive.
        judged: items judged.
        sensitivity: (right, all) of the calibration items that are truly positive.
        specificity: (right, all) of the calibration items that are truly negative.
        level: coverage of the interval, in (0, 1).

    Returns:
        The prevalence, value and interval within [0, 1]; `n` counts the items judged.

    Raises:
        ValueError: if a count is out of range, or the judge is no better than chance.
    """
    for right, total in ((positives, judged), sensitivity, specificity):
        if total < 1 or not 0 <= right <= total:
            raise ValueError(f"need 0 <= count <= total and total > 0, got {right}/{total}")
    p, q1, q0 = positives / judged, sensitivity[0] / sensitivity[1], specificity[0] / specificity[1]
    gain = q0 + q1 - 1.0
    if gain <= 0.0:
        raise ValueError(f"sensitivity {q1:.3f} and specificity {q0:.3f} are no better than chance")
    raw = (p + q0 - 1.0) / gain
    value = min(1.0, max(0.0, raw))
    variance = (
        p * (1.0 - p) / judged
        + (1.0 - value) ** 2 * _proportion_variance(*specificity)
        + value**2 * _proportion_variance(*sensitivity)
    ) / gain**2
    half = normal_quantile(level) * math.sqrt(variance)
    return Estimate(value, min(1.0, max(0.0, raw - half)), max(0.0, min(1.0, raw + half)), judged)


def sample_multiplier(correlation: float) -> float:
    """How many human labels one is worth when a judge labels everything else.

    `1 / (1 - rho^2)`, the limit of PPI++ for many more judged items than labels. For balanced
    yes/no labels and symmetric errors, `rho = 2 * agreement - 1`.

    Args:
        correlation: between label and prediction, in (-1, 1).

    Returns:
        At least 1.

    Raises:
        ValueError: if the correlation is out of range.
    """
    if not -1.0 < correlation < 1.0:
        raise ValueError(f"correlation must lie in (-1, 1), got {correlation}")
    return 1.0 / (1.0 - correlation**2)


def _proportion_variance(right: int, total: int) -> float:
    # One right and one wrong added (Lang & Reiczigel 2014): a judge without errors in a small
    # calibration set is not known to make none.
    p = (right + 1.0) / (total + 2.0)
    return p * (1.0 - p) / total


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
