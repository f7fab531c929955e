"""Temperature scaling with what it improves, measured on values that it was not fitted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlaif_stats.calibration import (
    TEMPERATURE_RANGE,
    apply_temperature,
    as_confidence,
    brier_score,
    expected_calibration_error,
    fit_temperature,
)

FOLDS = 5

EDGE = 0.01
"""Share of an end of the temperature's range within which the fit has run into that end."""


@dataclass(frozen=True)
class Quality:
    """Calibration of probabilities: expected calibration error and Brier score, lower is better."""

    ece: float
    brier: float


@dataclass(frozen=True)
class TemperatureScaling:
    """A fitted temperature.

    Attributes:
        temperature: T of `sigmoid(logit(p) / T)`; 1 where none could be fitted.
        unfit: Why none could be fitted; empty if one was.
        before: Quality at T = 1.
        after: Quality at the temperature, by five-fold cross-fitting.
    """

    temperature: float
    unfit: str
    before: Quality
    after: Quality


def scale_temperature(probabilities: ArrayLike, outcomes: ArrayLike) -> TemperatureScaling:
    """Fit a temperature (Guo et al. 1706.04599), and measure what it improves.

    Args:
        probabilities: shape (n,), in [0, 1].
        outcomes: shape (n,), in [0, 1]; the known labels.

    Raises:
        ValueError: If there are no values, shapes differ, or a value is out of range.
    """
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(outcomes, dtype=np.float64)
    temperature = fit_temperature(p, y)
    before = _quality(p, y)
    unfit = _unfit(temperature)
    if unfit:
        return TemperatureScaling(1.0, unfit, before, before)
    return TemperatureScaling(temperature, "", before, _quality(_crossfitted(p, y), y))


def _unfit(temperature: float) -> str:
    coldest, hottest = TEMPERATURE_RANGE
    if temperature < coldest * (1.0 + EDGE):
        return "the judge is right on every anchor, so they cannot tell how sure it may be"
    if temperature > hottest * (1.0 - EDGE):
        return "the judge is no better than chance on the anchors"
    return ""


def _crossfitted(p: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each probability at the temperature that the other folds give."""
    fold = np.arange(len(p)) % FOLDS
    after = np.empty_like(p)
    for number in range(FOLDS):
        inside = fold == number
        after[inside] = apply_temperature(p[inside], fit_temperature(p[~inside], y[~inside]))
    return after


def _quality(p: NDArray[np.float64], y: NDArray[np.float64]) -> Quality:
    confidence, right = as_confidence(p, y)
    return Quality(expected_calibration_error(confidence, right), brier_score(p, y))
