"""Length-sorted batches: as many rows at once as a budget allows, with little padding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


def batches(
    items: Iterable[Item],
    length: Callable[[Item], int],
    share: Callable[[Item], float],
) -> list[list[Item]]:
    """Split items into batches of neighbours in length, the longest first.

    The longest come first so that what does not fit into memory fails at once. Items of equal
    length keep their order, so equal items make equal batches.

    Args:
        items: Items to batch.
        length: Tokens of one item.
        share: Fraction of the budget that an item takes. In a batch, where the smaller ones are
            padded, each takes as much as the largest.

    Returns:
        Batches of at least one item each, also where one item alone exceeds the budget.
    """
    made: list[list[Item]] = []
    largest = 0.0
    for item in sorted(items, key=length, reverse=True):
        largest = max(largest, share(item))
        if made and (len(made[-1]) + 1) * largest <= 1:
            made[-1].append(item)
        else:
            made.append([item])
            largest = share(item)
    return made
