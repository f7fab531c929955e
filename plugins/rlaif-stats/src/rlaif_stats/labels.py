"""From verdicts to labels: pooling votes, orders and judges into one probability.

Outcomes are coded as in `rlaif_stats.outcomes`: the probability that A is better, NaN for
an abstention. What pools several outcomes leaves abstentions out, and gives NaN only where
nothing is left.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from rlaif_stats.outcomes import as_outcomes, sides

Pooling = Literal["logit", "probability"]

ORDER_CLIP = 0.01
"""How near to 0 and 1 an outcome may come before its logit is taken."""


def pool(
    outcomes: ArrayLike,
    how: Pooling = "logit",
    clip: float = ORDER_CLIP,
    weights: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Averages outcomes over the last axis, as logits or as probabilities.

    Averaging the logits of both orders removes an additive position bias exactly; averaging
    probabilities keeps the sign but not the size of the preference.

    Args:
        outcomes: shape (..., n), each in [0, 1] or NaN.
        how: "logit" gives `sigmoid(mean(logit(p)))`, "probability" the plain mean.
        clip: for "logit", outcomes are first brought into [clip, 1 - clip], so that one
            certain verdict cannot outweigh all others; in (0, 0.5).
        weights: shape (n,), not negative; how much each counts, as a judge in a jury.

    Returns:
        Shape (...); NaN where all outcomes are NaN or have no weight.

    Raises:
        ValueError: if an outcome, `clip` or `how` is out of range.
    """
    p = as_outcomes(outcomes)
    if how == "probability":
        return _weighted_mean(p, weights)
    if how != "logit":
        raise ValueError(f"how must be 'logit' or 'probability', got {how!r}")
    if not 0.0 < clip < 0.5:
        raise ValueError(f"clip must lie in (0, 0.5), got {clip}")
    pooled: NDArray[np.float64] = expit(
        _weighted_mean(logit(np.clip(p, clip, 1.0 - clip)), weights)
    )
    return pooled


def combine(
    outcomes: ArrayLike, how: Pooling = "logit", clip: float = ORDER_CLIP
) -> NDArray[np.float64]:
    """One label for each pair from repeated votes in one or both orders.

    Votes within an order repeat one question and are averaged as probabilities; orders ask
    different questions and are pooled by `how`. An order without a verdict leaves the other.

    Args:
        outcomes: shape (..., orders, votes), each in [0, 1] or NaN, all mapped back to A.
        how: how to pool the orders, see `pool`.
        clip: see `pool`.

    Returns:
        Shape (...); the probability that A is better, NaN if every vote abstained.

    Raises:
        ValueError: if an outcome, `clip` or `how` is out of range.
    """
    return pool(pool(outcomes, "probability"), how, clip)


def agreement_share(outcomes: ArrayLike, asked: ArrayLike | None = None) -> NDArray[np.float64]:
    """Share of the verdicts asked for that are on the majority's side.

    A tie is on no side. Abstentions stay in the denominator: a judge that answered once in five
    calls has not agreed with itself.

    Args:
        outcomes: shape (..., verdicts), each in [0, 1] or NaN (abstained, or not asked).
        asked: shape (...), verdicts asked for; all of the last axis unless given.

    Returns:
        Shape (...), in [0, 1]; NaN where nothing was asked.

    Raises:
        ValueError: if an outcome is out of range, or more verdicts came than were asked for.
    """
    side = sides(outcomes)
    total = np.asarray(side.shape[-1] if asked is None else asked, dtype=np.float64)
    if (total < (~np.isnan(side)).sum(axis=-1)).any():
        raise ValueError("more verdicts than were asked for")
    majority = np.maximum((side > 0.0).sum(axis=-1), (side < 0.0).sum(axis=-1))
    return _ratio(majority, total)


def direct_score(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Reward from the probabilities of the scores 1 to 10 (d-RLAIF, Lee et al. 2309.00267).

    `(sum_i i * p_i - 5.5) / 4.5` after renormalising the mass on the ten scores.

    Args:
        probabilities: shape (..., 10), not negative; probability of each whole score string.

    Returns:
        Shape (...), in [-1, 1]; 0 for a uniform distribution, NaN where there is no mass.

    Raises:
        ValueError: if the last axis is not 10 long or a probability is negative.
    """
    p = np.asarray(probabilities, dtype=np.float64)
    if p.shape[-1:] != (10,) or (p < 0.0).any():
        raise ValueError(f"need ten probabilities, none negative, got shape {p.shape}")
    mass = p.sum(axis=-1)
    scores: NDArray[np.float64] = (_ratio(p @ np.arange(1.0, 11.0), mass) - 5.5) / 4.5
    return scores


def _weighted_mean(values: NDArray[np.float64], weights: ArrayLike | None) -> NDArray[np.float64]:
    """Mean over the last axis of what is not NaN."""
    present = ~np.isnan(values)
    if weights is None:
        mass = present.astype(np.float64)
    else:
        shares = np.asarray(weights, dtype=np.float64)
        if (shares < 0.0).any():
            raise ValueError("weights must not be negative")
        mass = present * shares
    return _ratio((np.where(present, values, 0.0) * mass).sum(axis=-1), mass.sum(axis=-1))


def _ratio(numerator: ArrayLike, denominator: ArrayLike) -> NDArray[np.float64]:
    """The quotient, NaN where the denominator is 0."""
    above, below = np.broadcast_arrays(numerator, denominator)
    quotient = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotient, where=below > 0.0)
    return quotient
