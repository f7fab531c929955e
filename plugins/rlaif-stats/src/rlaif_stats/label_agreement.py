"""Agreement of verdicts on given pairs with each other and with given labels."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from rlaif_stats.agreement import cohen_kappa
from rlaif_stats.position import position_consistency

Label = Literal["a", "b", "tie"]

LABELS: tuple[Label, ...] = ("a", "b", "tie")

Vote = tuple[int, str, "float | None"]
"""Repetition, order in which it was shown, probability that A is better (None: an abstention)."""


class LabelAgreement:
    """Counts over judged pairs, taken one at a time."""

    def __init__(self) -> None:
        self._pairs = self._labelled = 0
        self._verdicts: Counter[Label | None] = Counter()
        self._ab, self._ba = array("d"), array("d")
        self._asked: Counter[str] = Counter()
        self._right: Counter[str] = Counter()
        self._against: Counter[tuple[Label, Label]] = Counter()
        self._both_asked = self._both_right = 0

    def add(self, votes: Sequence[Vote], label: Label | None) -> None:
        """Take one pair's votes, and its label if somebody gave it one."""
        self._pairs += 1
        by_vote: dict[int, dict[str, float]] = {}
        for index, order, p_a in votes:
            self._verdicts[side(p_a)] += 1
            by_vote.setdefault(index, {})[order] = math.nan if p_a is None else p_a
        for orders in by_vote.values():
            if len(orders) == 2:
                self._ab.append(orders["ab"])
                self._ba.append(orders["ba"])
        if label is not None:
            self._compare(votes, label)

    def _compare(self, votes: Sequence[Vote], label: Label) -> None:
        self._labelled += 1
        orders: set[str] = set()
        right = True
        for _, order, p_a in votes:
            predicted = side(p_a)
            orders.add(order)
            self._asked[order] += 1
            self._right[order] += predicted == label
            right = right and predicted == label
            if predicted is not None:
                self._against[predicted, label] += 1
        if len(orders) == 2:
            self._both_asked += 1
            self._both_right += right

    def figures(self) -> dict[str, Any]:
        """Counts, and what needs labels or verdicts only if there are any.

        Returns:
            pairs, comparisons, verdicts, abstentions and ties; with both orders
            position_agreement, the share of repetitions in which they favour the same response;
            with labels labelled, accuracy (share of the verdicts asked), accuracy_by_order, kappa
            (Cohen 1960) and both_right, the pairs right in every verdict of both orders.
        """
        asked = self._verdicts.total()
        figures: dict[str, Any] = {
            "pairs": self._pairs,
            "comparisons": asked,
            "verdicts": asked - self._verdicts[None],
            "abstentions": self._verdicts[None],
            "ties": self._verdicts["tie"],
        }
        if self._ab and figures["verdicts"]:
            figures["position_agreement"] = position_consistency(
                np.array(self._ab), np.array(self._ba)
            ).value
        if self._labelled:
            figures |= self._labels()
        return figures

    def _labels(self) -> dict[str, Any]:
        figures: dict[str, Any] = {"labelled": self._labelled}
        if not self._against:
            return figures
        table = np.array(
            [[self._against[predicted, label] for label in LABELS] for predicted in LABELS]
        )
        figures |= {
            "accuracy": self._right.total() / self._asked.total(),
            "accuracy_by_order": {
                order: self._right[order] / asked for order, asked in self._asked.items()
            },
            "kappa": float(cohen_kappa(table)),
        }
        if self._both_asked:
            figures["both_right"] = self._both_right
        return figures


def side(p_a: float | None) -> Label | None:
    """Which response a probability favours."""
    if p_a is None:
        return None
    return "tie" if p_a == 0.5 else "a" if p_a > 0.5 else "b"
