"""Which verdicts to accept so that their error rate is guaranteed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr

_STRICTEST_COVERAGE = 0.2
_LEVELS = 20


@dataclass(frozen=True)
class AcceptanceRule:
    """Accept a verdict when its confidence reaches the threshold.

    Attributes:
        threshold: least confidence to accept.
        coverage: share of the calibration items accepted.
        error_rate: of those accepted in calibration; below the guaranteed risk.
        accepted: how many calibration items were accepted.
    """

    threshold: float
    coverage: float
    error_rate: float
    accepted: int


def least_accepted(risk: float, delta: float) -> int:
    """Calibration items without an error that it takes to show a risk; 22 at 0.1 and 0.1.

    Args:
        risk: error rate to stay below, in (0, 1).
        delta: chance of breaking the guarantee, in (0, 1).

    Raises:
        ValueError: if an argument is out of range.
    """
    if not (0.0 < risk < 1.0 and 0.0 < delta < 1.0):
        raise ValueError(f"risk and delta must lie in (0, 1), got {risk} and {delta}")
    return math.ceil(math.log(delta) / math.log1p(-risk))


def learn_then_test(
    confidence: ArrayLike,
    correct: ArrayLike,
    risk: float = 0.1,
    delta: float = 0.1,
    thresholds: ArrayLike | None = None,
) -> AcceptanceRule | None:
    """The most permissive threshold whose error rate is below `risk`, tested in sequence.

    Learn then Test with fixed-sequence testing (Angelopoulos et al. 2110.01052): from the
    strictest threshold downwards, "the error rate is above `risk`" is tested with the binomial
    p-value `P(Bin(accepted, risk) <= errors)`, until one test fails. With probability
    `1 - delta` over the calibration set the error rate among accepted verdicts of the same
    population is at most `risk`.

    Args:
        confidence: shape (n,), finite; of the calibration items.
        correct: shape (n,), whether each verdict was right.
        risk: error rate to stay below, in (0, 1).
        delta: chance of breaking the guarantee, in (0, 1).
        thresholds: the sequence to test; twenty levels of coverage from a fifth upwards unless
            given. It must not be chosen by looking at `correct`. Where few verdicts deserve
            acceptance, name stricter ones.

    Returns:
        The rule, or None where no threshold passes: then accept nothing.

    Raises:
        ValueError: if shapes differ, a confidence is not finite, or `risk` or `delta` is out of
            range.
    """
    c = np.asarray(confidence, dtype=np.float64)
    wrong = ~np.asarray(correct, dtype=np.bool_)
    if c.shape != wrong.shape or c.ndim != 1:
        raise ValueError(f"need two arrays of one length, got {c.shape} and {wrong.shape}")
    if not np.isfinite(c).all():
        raise ValueError("confidence must be finite; leave abstentions out first")
    # Fewer accepted items can't pass even without an error and would end the sequence at once.
    least = least_accepted(risk, delta)
    sequence = _coverage_levels(c, least) if thresholds is None else np.asarray(thresholds)
    best = None
    for threshold in np.sort(sequence)[::-1]:
        accept = c >= threshold
        accepted, errors = int(accept.sum()), int(wrong[accept].sum())
        if accepted < least:
            continue
        if bdtr(errors, accepted, risk) > delta:
            break
        best = AcceptanceRule(float(threshold), accepted / c.size, errors / accepted, accepted)
    return best


def _coverage_levels(confidence: NDArray[np.float64], least: int) -> NDArray[np.float64]:
    # One early error among few items would end the sequence, so it does not start with few.
    start = max(least, round(_STRICTEST_COVERAGE * confidence.size))
    if confidence.size < start:
        return np.empty(0)
    counts = np.linspace(start, confidence.size, _LEVELS).round().astype(np.intp)
    levels: NDArray[np.float64] = np.unique(np.sort(confidence)[::-1][counts - 1])
    return levels
