"""Calibration of probabilities: its measures, and scaling.

Probabilities are of an event that outcomes record: with random sides, "A is better". To ask the
same of a judge's confidence, whichever side it took, pass both through `as_confidence` first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

_LOGIT_CLIP = 1e-6
"""A probability of exactly 0 or 1 has no logit; it is taken as this near."""

TEMPERATURE_RANGE = (0.05, 20.0)
"""Where a temperature is looked for: a judge that is always right has no optimum, nor has one
that is worse than chance."""


@dataclass(frozen=True)
class ReliabilityBins:
    """A reliability diagram's columns; bins without values hold NaN.

    Attributes:
        edges: shape (bins + 1,), in [0, 1].
        predicted: shape (bins,), mean probability in each bin.
        observed: shape (bins,), mean outcome in each bin.
        counts: shape (bins,).
    """

    edges: NDArray[np.float64]
    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    counts: NDArray[np.int64]


def as_confidence(
    probabilities: ArrayLike, outcomes: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Folds probabilities to the side they favour.

    Args:
        probabilities: any shape, in [0, 1].
        outcomes: same shape, in [0, 1]; 0.5 for a tie.

    Returns:
        Confidence `max(p, 1 - p)`, in [0.5, 1], and whether that side was right: the outcome of
        the side favoured, 0.5 where none is.

    Raises:
        ValueError: if shapes differ or a value is out of range.
    """
    p, y = _pair(probabilities, outcomes)
    return np.maximum(p, 1.0 - p), 0.5 + np.sign(p - 0.5) * (y - 0.5)


def reliability_bins(
    probabilities: ArrayLike, outcomes: ArrayLike, bins: int = 10
) -> ReliabilityBins:
    """Mean probability against mean outcome in bins of equal width.

    Args:
        probabilities: shape (n,), in [0, 1].
        outcomes: shape (n,), in [0, 1].
        bins: how many, over [0, 1]; a value on an edge belongs to the bin above, 1 to the last.

    Returns:
        The bins.

    Raises:
        ValueError: if there are no values, shapes differ, or a value is out of range.
    """
    p, y = _pair(probabilities, outcomes)
    if bins < 1:
        raise ValueError(f"need at least one bin, got {bins}")
    edges = np.linspace(0.0, 1.0, bins + 1)
    index = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, bins - 1)
    counts = np.bincount(index, minlength=bins)
    empty = np.full(bins, np.nan)
    filled = counts > 0
    return ReliabilityBins(
        edges=edges,
        predicted=np.divide(np.bincount(index, p, bins), counts, out=empty.copy(), where=filled),
        observed=np.divide(np.bincount(index, y, bins), counts, out=empty, where=filled),
        counts=counts,
    )


def expected_calibration_error(
    probabilities: ArrayLike, outcomes: ArrayLike, bins: int = 10
) -> float:
    """`sum_b n_b / n * |observed_b - predicted_b|` (Naeini et al. 2015).

    Never 0 on a finite sample, and growing with `bins`; report the Brier score beside it.

    Args:
        probabilities: shape (n,), in [0, 1].
        outcomes: shape (n,), in [0, 1].
        bins: see `reliability_bins`.

    Returns:
        In [0, 1].

    Raises:
        ValueError: if there are no values, shapes differ, or a value is out of range.
    """
    table = reliability_bins(probabilities, outcomes, bins)
    filled = table.counts > 0
    gaps = np.abs(table.observed[filled] - table.predicted[filled])
    return float(np.average(gaps, weights=table.counts[filled]))


def brier_score(probabilities: ArrayLike, outcomes: ArrayLike) -> float:
    """Mean squared difference of probability and outcome (Brier 1950).

    Args:
        probabilities: shape (n,), in [0, 1].
        outcomes: shape (n,), in [0, 1].

    Returns:
        In [0, 1]; 0.25 for always saying 0.5 of hard outcomes.

    Raises:
        ValueError: if there are no values, shapes differ, or a value is out of range.
    """
    p, y = _pair(probabilities, outcomes)
    return float(np.mean((p - y) ** 2))


def fit_temperature(probabilities: ArrayLike, outcomes: ArrayLike) -> float:
    """The temperature that makes probabilities most likely (Guo et al. 1706.04599).

    Scaling by a temperature keeps 0.5 where it is and so never changes a decision.

    Args:
        probabilities: shape (n,), in [0, 1].
        outcomes: shape (n,), in [0, 1]; known labels of an anchor set.

    Returns:
        T in `TEMPERATURE_RANGE`: above 1 for an overconfident judge. An end of the range means
        that the anchors were all right (low) or no better than chance (high).

    Raises:
        ValueError: if there are no values, shapes differ, or a value is out of range.
    """
    from scipy.optimize import minimize_scalar

    p, y = _pair(probabilities, outcomes)
    z = _logits(p)

    def cross_entropy(sharpness: float) -> float:
        eta = sharpness * z
        return float(np.mean(np.logaddexp(0.0, eta) - y * eta))

    def slope(sharpness: float) -> float:
        return float(np.mean(z * (expit(sharpness * z) - y)))

    # Convex in 1/T, though not in T. Near an end the curve may be too flat for a search.
    coldest, hottest = TEMPERATURE_RANGE
    if slope(1.0 / coldest) <= 0.0:
        return coldest
    if slope(1.0 / hottest) >= 0.0:
        return hottest
    found = minimize_scalar(
        cross_entropy,
        bounds=(1.0 / hottest, 1.0 / coldest),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(np.clip(1.0 / found.x, coldest, hottest))


def apply_temperature(probabilities: ArrayLike, temperature: float) -> NDArray[np.float64]:
    """`sigmoid(logit(p) / T)`.

    Args:
        probabilities: any shape, in [0, 1].
        temperature: T, above 0.

    Returns:
        Same shape.

    Raises:
        ValueError: if the temperature is not positive.
    """
    if not temperature > 0.0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    scaled: NDArray[np.float64] = expit(_logits(probabilities) / temperature)
    return scaled


def _logits(probabilities: ArrayLike) -> NDArray[np.float64]:
    p = np.asarray(probabilities, dtype=np.float64)
    z: NDArray[np.float64] = logit(np.clip(p, _LOGIT_CLIP, 1.0 - _LOGIT_CLIP))
    return z


def _pair(
    probabilities: ArrayLike, outcomes: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    p = np.asarray(probabilities, dtype=np.float64)
    y = np.asarray(outcomes, dtype=np.float64)
    if p.shape != y.shape or p.size == 0:
        raise ValueError(f"need probabilities and outcomes of one shape, got {p.shape}, {y.shape}")
    for values in (p, y):
        if not ((values >= 0.0) & (values <= 1.0)).all():
            raise ValueError("probabilities and outcomes must lie in [0, 1], none missing")
    return p, y
