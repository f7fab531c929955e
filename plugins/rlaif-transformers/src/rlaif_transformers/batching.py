"""Length-sorted batches: as many rows at once as a budget allows, with little padding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def batches(
    items: Iterable[Item],
    length: Callable[[Item], int],
    load: Callable[[Sequence[Item]], float],
) -> list[list[Item]]:
    """Split items into batches of neighbours in length, the longest first.

    The longest come first so that what does not fit into memory fails at once. Items of equal
    length keep their order, so equal items make equal batches.

    Args:
        items: What to batch.
        length: Tokens of one item.
        load: Share of the budget that a batch takes; at most 1 fits.

    Returns:
        Batches of at least one item each, also where one item alone exceeds the budget.
    """
    made: list[list[Item]] = []
    for item in sorted(items, key=length, reverse=True):
        if made and load([*made[-1], item]) <= 1:
            made[-1].append(item)
        else:
            made.append([item])
    return made
