"""Aggregation of the rewards of several models (Coste et al., 2310.02743)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlaif_trl.reward.params import Aggregation

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import ArrayLike, NDArray


def aggregate(rewards: ArrayLike, by: Aggregation, penalty: float = 0.0) -> NDArray[float64]:
    """Rewards of an ensemble.

    Args:
        rewards: Of shape [members, responses], each member's standardised on its own.
        by: "mean"; "minimum", worst-case optimisation; or "mean_minus_variance", uncertainty-
            weighted optimisation: mean - λ·variance over the members. "weights" is a single
            model, and the mean of its one row.
        penalty: λ; with 0 "mean_minus_variance" is the mean.

    Returns:
        Of shape [responses].
    """
    import numpy as np

    table = np.asarray(rewards, dtype=np.float64)
    together: NDArray[np.float64] = table.mean(axis=0)
    if by == "minimum":
        together = table.min(axis=0)
    if by == "mean_minus_variance":
        together = together - penalty * table.var(axis=0)
    return together
