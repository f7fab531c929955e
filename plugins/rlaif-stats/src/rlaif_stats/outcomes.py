"""Verdicts as numbers.

An *outcome* is the probability that response A is the better one, mapped back from the order
in which the two were shown: 1.0 is A, 0.0 is B, 0.5 is a tie, anything between is a soft
verdict, and NaN is an abstention (refused, unreadable, failed). An abstention is never a tie:
it is on no side and agrees with nothing, not even with another abstention.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def as_outcomes(outcomes: ArrayLike) -> NDArray[np.float64]:
    """Reads outcomes and checks their range.

    Args:
        outcomes: any shape; each in [0, 1], or NaN for an abstention.

    Returns:
        The same values as float64.

    Raises:
        ValueError: if a value lies outside [0, 1].
    """
    values = np.asarray(outcomes, dtype=np.float64)
    outside = (values < 0.0) | (values > 1.0)
    if outside.any():
        raise ValueError(
            f"an outcome is a probability in [0, 1] or NaN, got {values[outside].flat[0]}"
        )
    return values


def sides(outcomes: ArrayLike) -> NDArray[np.float64]:
    """The side each verdict is on.

    Args:
        outcomes: any shape; each in [0, 1], or NaN.

    Returns:
        Same shape: 1.0 for A, -1.0 for B, 0.0 for a tie, NaN for an abstention.

    Raises:
        ValueError: if a value lies outside [0, 1].
    """
    return np.sign(as_outcomes(outcomes) - 0.5)
