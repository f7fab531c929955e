"""Agreement of raters: percent agreement, Cohen's kappa, Krippendorff's alpha.

Agreement figures depend on how common each label is; report them with the confusion matrix or
its margins, never alone.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray


def confusion_matrix(first: ArrayLike, second: ArrayLike) -> NDArray[np.int64]:
    """Counts how often two raters gave each pair of labels.

    Args:
        first: shape (items,), one rater's labels: numbers, strings or booleans.
        second: shape (items,), the other's labels of the same items.

    Returns:
        Shape (labels, labels); rows are the first rater's labels, columns the second's, both
        in sorted order of all the labels that occur.

    Raises:
        ValueError: if shapes differ, or a label is missing (NaN or None). Two abstentions do
            not agree: leave an item out where either rater abstained.
    """
    a, b = np.asarray(first), np.asarray(second)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"need two label arrays of one length, got {a.shape} and {b.shape}")
    codes, labels = _encode(np.concatenate([a, b]))
    cells = codes[: a.size] * labels + codes[a.size :]
    return np.bincount(cells, minlength=labels * labels).reshape(labels, labels)


def cohen_kappa(confusion: ArrayLike) -> float:
    """Agreement of two raters beyond chance (Cohen 1960).

    `(p_o - p_e) / (1 - p_e)`, with p_e the agreement of two independent raters who have these
    raters' margins.

    Args:
        confusion: shape (labels, labels), counts, as from `confusion_matrix`.

    Returns:
        In [-1, 1]: 1 is perfect agreement, 0 is chance. NaN where both raters gave one and the
        same label throughout, since chance alone would then agree always.

    Raises:
        ValueError: if the matrix is not square or counts nothing.
    """
    counts = _as_confusion(confusion)
    total = counts.sum()
    chance = float(counts.sum(axis=1) @ counts.sum(axis=0)) / total**2
    if chance >= 1.0:
        return float("nan")
    return float((np.trace(counts) / total - chance) / (1.0 - chance))


def krippendorff_alpha(
    ratings: ArrayLike, metric: Literal["nominal", "interval"] = "nominal"
) -> float:
    """Agreement of any number of raters, some ratings missing (Krippendorff 2011).

    `1 - D_o / D_e`: observed disagreement within items over that expected between any two
    ratings. Items with fewer than two ratings carry no information and are left out.

    Args:
        ratings: shape (raters, items); numbers, NaN where a rater gave none.
        metric: "nominal" counts unequal labels; "interval" takes squared differences, for
            scores and soft verdicts.

    Returns:
        At most 1: 1 is perfect agreement, 0 is chance, below 0 is systematic disagreement. NaN
        where all ratings are equal or no item has two.

    Raises:
        ValueError: if `ratings` is not two-dimensional or `metric` is unknown.
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"ratings must have shape (raters, items), got {table.shape}")
    if metric not in ("nominal", "interval"):
        raise ValueError(f"metric must be 'nominal' or 'interval', got {metric!r}")
    present = ~np.isnan(table)
    table = table[:, present.sum(axis=0) >= 2]
    present = ~np.isnan(table)
    per_item = present.sum(axis=0)
    total = int(per_item.sum())
    if total == 0:
        return float("nan")
    if metric == "nominal":
        within, between = _nominal_disagreement(table, present)
    else:
        within, between = _interval_disagreement(table, present)
    if between == 0.0:
        return float("nan")
    return float(1.0 - (total - 1) * np.sum(within / (per_item - 1)) / between)


def _nominal_disagreement(
    table: NDArray[np.float64], present: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], float]:
    per_item = present.sum(axis=0)
    equal_within = np.zeros(table.shape[1])
    equal_between = 0.0
    for label in np.unique(table[present]):
        counts = (table == label).sum(axis=0)
        equal_within += counts * counts
        equal_between += float(counts.sum()) ** 2
    return per_item * per_item - equal_within, float(per_item.sum()) ** 2 - equal_between


def _interval_disagreement(
    table: NDArray[np.float64], present: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], float]:
    # The sum of (x - y)^2 over ordered pairs of m values is 2m times their squared deviations.
    per_item = present.sum(axis=0)
    values = np.where(present, table, 0.0)
    deviation = np.where(present, table - values.sum(axis=0) / per_item, 0.0)
    pooled = table[present]
    within = 2.0 * per_item * (deviation**2).sum(axis=0)
    return within, 2.0 * pooled.size * float(((pooled - pooled.mean()) ** 2).sum())


def _as_confusion(confusion: ArrayLike) -> NDArray[np.float64]:
    counts = np.asarray(confusion, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.sum() > 0:
        raise ValueError(f"need a square matrix of counts, not all 0, got shape {counts.shape}")
    return counts


def _encode(labels: NDArray[np.generic]) -> tuple[NDArray[np.int64], int]:
    """Numbers the labels 0, 1, … in sorted order."""
    if labels.dtype.kind in "biuf":
        if labels.dtype.kind == "f" and np.isnan(labels).any():
            raise ValueError("a label is NaN; leave out the items that a rater did not label")
        names, codes = np.unique(labels, return_inverse=True)
        return codes.astype(np.int64), names.size
    # Hashing is many times faster than sorting strings, and a label set is small.
    listed = labels.tolist()
    distinct = set(listed)
    if None in distinct or any(label != label for label in distinct):
        raise ValueError("a label is missing; leave out the items that a rater did not label")
    numbers = {label: number for number, label in enumerate(sorted(distinct))}
    return np.fromiter(map(numbers.__getitem__, listed), np.int64, len(listed)), len(numbers)
