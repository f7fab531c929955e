"""Advantages of responses to one prompt, relative to their group.

Reference versions of what online optimizers compute, for tests and documentation. A group is
the last axis of `rewards` (for GDPO the last but one). A reward that could not be had is not 0:
take the response out of its group before coming here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

EPSILON = 1e-4
"""Term added to a standard deviation before dividing by it, as in TRL."""


def rloo(rewards: ArrayLike) -> NDArray[np.float64]:
    """Reward minus the mean of the others in the group (Ahmadian et al. 2402.14740).

    Args:
        rewards: shape (..., G), G at least 2, finite.

    Returns:
        Same shape: `r_i - mean_{j != i} r_j = G / (G - 1) * (r_i - mean r)`.

    Raises:
        ValueError: if a group has fewer than two rewards or one is not finite.
    """
    r = _as_rewards(rewards, axis=-1)
    group = r.shape[-1]
    advantages: NDArray[np.float64] = group / (group - 1) * _centred(r, axis=-1)
    return advantages


def grpo(rewards: ArrayLike, ddof: int = 1, epsilon: float = EPSILON) -> NDArray[np.float64]:
    """Rewards standardised within the group (Shao et al. 2402.03300).

    Args:
        rewards: shape (..., G), G at least 2, finite.
        ddof: 1 divides by the sample deviation (torch's default, so TRL's), 0 by the
            population's; the two differ by sqrt(G / (G - 1)).
        epsilon: added to the deviation.

    Returns:
        Same shape; 0 for a group of equal rewards.

    Raises:
        ValueError: if a group has fewer than two rewards or one is not finite.
    """
    return _standardised(_as_rewards(rewards, axis=-1), -1, ddof, epsilon)


def dr_grpo(rewards: ArrayLike) -> NDArray[np.float64]:
    """Reward minus the group's mean, undivided (Liu et al. 2503.20783).

    Args:
        rewards: shape (..., G), G at least 2, finite.

    Returns:
        Same shape.

    Raises:
        ValueError: if a group has fewer than two rewards or one is not finite.
    """
    return _centred(_as_rewards(rewards, axis=-1), axis=-1)


def gdpo(
    rewards: ArrayLike, weights: ArrayLike, ddof: int = 1, epsilon: float = EPSILON
) -> NDArray[np.float64]:
    """Several rewards: each standardised in its group, then summed (GDPO, 2601.05242).

    Standardising the sum instead would give different combinations of rewards the same
    advantage. The weighted sum is standardised once more over the whole batch.

    Args:
        rewards: shape (prompts, G, objectives), G at least 2, finite.
        weights: shape (objectives,).
        ddof: as in `grpo`, for both standardisations.
        epsilon: added to each deviation.

    Returns:
        Shape (prompts, G).

    Raises:
        ValueError: if the shape is another, a group is too small, or a reward is not finite.
    """
    r = _as_rewards(rewards, axis=-2)
    if r.ndim != 3:
        raise ValueError(f"rewards must have shape (prompts, G, objectives), got {r.shape}")
    total = _standardised(r, -2, ddof, epsilon) @ np.asarray(weights, dtype=np.float64)
    return _standardised(total, None, ddof, epsilon)


def _as_rewards(rewards: ArrayLike, axis: int) -> NDArray[np.float64]:
    r = np.asarray(rewards, dtype=np.float64)
    if r.ndim < -axis or r.shape[axis] < 2:
        raise ValueError(f"a group needs at least two rewards, got shape {r.shape}")
    if not np.isfinite(r).all():
        raise ValueError("a reward is not finite; take the response out of its group first")
    return r


def _centred(rewards: NDArray[np.float64], axis: int | None) -> NDArray[np.float64]:
    centred: NDArray[np.float64] = rewards - rewards.mean(axis=axis, keepdims=True)
    return centred


def _standardised(
    rewards: NDArray[np.float64], axis: int | None, ddof: int, epsilon: float
) -> NDArray[np.float64]:
    deviation = rewards.std(axis=axis, ddof=ddof, keepdims=True)
    scaled: NDArray[np.float64] = _centred(rewards, axis) / (deviation + epsilon)
    return scaled
