"""Agreement of raters with an interval that knows which items hang together.

The figures are those of `rlaif_stats.agreement`; both are smooth functions of counts that add
up over clusters, so the delete-a-group jackknife (Kott 2001) gives their standard errors: prompts
are dealt out to at most 200 groups, and each group is left out once.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from rlaif_stats.agreement import cohen_kappa
from rlaif_stats.intervals import Estimate

GROUPS = 200
"""Groups of clusters: as many degrees of freedom as a t interval has any use for."""


def kappa_estimate(
    first: ArrayLike, second: ArrayLike, clusters: ArrayLike | None = None, level: float = 0.95
) -> Estimate:
    """Cohen's kappa of two raters with a jackknife interval.

    Args:
        first: shape (items,), one rater's labels, numbers; NaN where it gave none.
        second: shape (items,), the other's. Items that either left out are left out.
        clusters: shape (items,), the label of each item's cluster, as a prompt's id.
        level: coverage of the interval, in (0, 1).

    Returns:
        In [-1, 1]; NaN where both gave one and the same label throughout. `n` counts the items
        that both labelled. Ends are NaN where leaving a group out leaves nothing to measure.

    Raises:
        ValueError: if shapes differ or no item was labelled by both.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"need two label arrays of one length, got {a.shape} and {b.shape}")
    both = ~(np.isnan(a) | np.isnan(b))
    names, codes = np.unique(np.concatenate([a[both], b[both]]), return_inverse=True)
    items = int(both.sum())
    if not items:
        raise ValueError("no item was labelled by both raters")
    size = names.size
    cells = np.zeros((items, size * size))
    cells[np.arange(items), codes[:items] * size + codes[items:]] = 1.0
    sums = _sums(cells, None if clusters is None else np.asarray(clusters)[both])

    def kappa(counts: NDArray[np.float64]) -> float:
        return cohen_kappa(counts.reshape(size, size)) if counts.sum() > 0.0 else math.nan

    return _jackknife(sums, kappa, items, level)


def alpha_estimate(
    counts: ArrayLike, clusters: ArrayLike | None = None, level: float = 0.95
) -> Estimate:
    """Krippendorff's nominal alpha of interchangeable raters with a jackknife interval.

    The same figure as `krippendorff_alpha`, from how often each label was given to each item;
    who gave it does not matter. Items with fewer than two ratings are left out.

    Args:
        counts: shape (items, labels), not negative.
        clusters: shape (items,), the label of each item's cluster, as a prompt's id.
        level: coverage of the interval, in (0, 1).

    Returns:
        At most 1; NaN where all ratings are equal. `n` counts the items with two ratings or more.

    Raises:
        ValueError: if no item has two ratings, or the shape is wrong.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"counts must have shape (items, labels), got {table.shape}")
    ratings = table.sum(axis=1)
    rated = ratings >= 2.0
    items = int(rated.sum())
    if not items:
        raise ValueError("no item has two ratings")
    table, ratings = table[rated], ratings[rated]
    within = (ratings**2 - (table**2).sum(axis=1)) / (ratings - 1.0)
    columns = np.column_stack([within, table])
    return _jackknife(
        _sums(columns, None if clusters is None else np.asarray(clusters)[rated]),
        _alpha,
        items,
        level,
    )


def _alpha(sums: NDArray[np.float64]) -> float:
    within, labels = float(sums[0]), sums[1:]
    total = float(labels.sum())
    between = total**2 - float((labels**2).sum())
    return 1.0 - (total - 1.0) * within / between if between > 0.0 else math.nan


def _sums(
    columns: NDArray[np.float64], clusters: NDArray[np.generic] | None
) -> NDArray[np.float64]:
    """Shape (groups, columns): the columns added up over each group of clusters."""
    items = columns.shape[0]
    labels = np.arange(items) if clusters is None else clusters
    if labels.shape != (items,):
        raise ValueError(f"clusters must have shape ({items},), got {labels.shape}")
    _, codes = np.unique(labels, return_inverse=True)
    groups = codes % GROUPS
    sums = np.zeros((int(groups.max()) + 1, columns.shape[1]))
    for place, column in enumerate(columns.T):
        sums[:, place] = np.bincount(groups, column, sums.shape[0])
    return sums


def _jackknife(
    sums: NDArray[np.float64],
    statistic: Callable[[NDArray[np.float64]], float],
    items: int,
    level: float,
) -> Estimate:
    total = sums.sum(axis=0)
    value = statistic(total)
    groups = sums.shape[0]
    if groups < 2:
        return Estimate(value, math.nan, math.nan, items)
    without = np.array([statistic(total - item) for item in sums])
    error = math.sqrt((groups - 1) / groups * float(((without - without.mean()) ** 2).sum()))
    half = float(stdtrit(groups - 1, 0.5 + level / 2.0)) * error
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half), items)
