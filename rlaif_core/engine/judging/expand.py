"""One pair as the comparisons that it is asked as: orders × votes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from rlaif_core.api.component import Component
from rlaif_core.api.judge import PointwiseJudge
from rlaif_core.api.pairing import Pair
from rlaif_core.api.records import Comparison, JudgedPair, Order, Prompt, Verdict, Vote
from rlaif_core.recipe.sections import JudgeSection
from rlaif_stats.voting import fewest_votes, settled

Key = tuple[str, str, str, Order, int]
"""Prompt id, the pair's response ids as proposed, order, vote."""


def key(comparison: Comparison) -> Key:
    """The address of a vote, whichever response was shown first."""
    first, second = comparison.first, comparison.second
    a, b = (first, second) if comparison.order == "ab" else (second, first)
    return comparison.prompt.id, a.id, b.id, comparison.order, comparison.vote


def shown_of(pair: JudgedPair) -> list[Comparison]:
    """The comparisons behind a judged pair's votes."""
    shown: dict[Order, Pair] = {"ab": (pair.a, pair.b), "ba": (pair.b, pair.a)}
    return [
        Comparison(pair.prompt, *shown[vote.order], vote.order, vote.index) for vote in pair.votes
    ]


class Expansion:
    """Orders and votes of one judge section.

    Args:
        judge: A judge of single responses is shown no order.
        section: The section.
        rng: A generator for given names, for the random order.
    """

    def __init__(
        self, judge: Component[Any], section: JudgeSection, rng: Callable[..., Random]
    ) -> None:
        self._orders = "ab" if isinstance(judge, PointwiseJudge) else section.orders
        self._votes = section.votes
        self._adaptive = section.adaptive
        self._rng = rng

    def of(self, prompt: Prompt, pair: Pair) -> list[Comparison]:
        """Every comparison of a pair, vote by vote."""
        a, b = pair
        orders: tuple[Order, ...] = ("ab", "ba")
        if self._orders == "ab":
            orders = ("ab",)
        elif self._orders == "random":
            orders = (self._rng("order", prompt.id, a.id, b.id).choice(orders),)
        shown: dict[Order, Pair] = {"ab": (a, b), "ba": (b, a)}
        return [
            Comparison(prompt, *shown[order], order, vote)
            for vote in range(self._votes)
            for order in orders
        ]

    def at_first(self, comparisons: Sequence[Comparison]) -> Sequence[Comparison]:
        """Those that are asked in any case; adaptive voting asks for more one by one."""
        if self._adaptive is None:
            return comparisons
        return comparisons[: fewest_votes(len(comparisons), self._adaptive)]

    def next(
        self,
        comparisons: Sequence[Comparison],
        asked: Sequence[Comparison],
        verdicts: Mapping[Key, Verdict],
    ) -> Sequence[Comparison]:
        """Those asked so far, and one more if it could still change what the votes decide."""
        if self._adaptive is None or len(asked) == len(comparisons):
            return asked
        votes = [_p_a(shown, verdicts[key(shown)]) for shown in asked]
        for_a = sum(p is not None and p > 0.5 for p in votes)
        for_b = sum(p is not None and p < 0.5 for p in votes)
        if settled(max(for_a, for_b), len(asked), len(comparisons), self._adaptive):
            return asked
        return comparisons[: len(asked) + 1]


def _p_a(shown: Comparison, verdict: Verdict) -> float | None:
    return Vote(shown.order, shown.vote, verdict).p_a
