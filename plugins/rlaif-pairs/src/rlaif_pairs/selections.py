"""Judged pairs that can be trained on, and those of them that lie widest apart."""

from __future__ import annotations

from typing import Final

from rlaif_core.api import Pair, Ranking

EQUAL: Final = 1e-9
"""Log-strengths closer than this are equal: the fit that made them stops earlier."""


def decided(ranking: Ranking) -> list[Pair]:
    """Every judged pair that is not a tie, in the direction of its own verdict."""
    return [
        (judged.a, judged.b) if judged.p_a > 0.5 else (judged.b, judged.a)
        for judged in ranking.judged
        if judged.p_a is not None and judged.p_a != 0.5
    ]


def apart(ranking: Ranking, pair: Pair) -> bool:
    """True if the ranking tells the two apart, and their own comparison was not an abstention."""
    better, worse = pair
    judged = ranking.find(better, worse)
    undecided = judged is not None and judged.p_a is None
    return not undecided and lead(ranking, pair) > EQUAL


def lead(ranking: Ranking, pair: Pair) -> float:
    """By how much log-strength the first of two ranked responses is better."""
    better, worse = pair
    return ranking.strength[better.id] - ranking.strength[worse.id]


def widest(ranking: Ranking, k: int) -> list[Pair]:
    """Up to k pairs whose own verdict the ranking agrees with, widest apart first.

    Where not every pair was judged, the best and the worst response may never have met: then
    this is the widest margin that a verdict stands behind.
    """
    pairs = [pair for pair in decided(ranking) if lead(ranking, pair) > EQUAL]
    ids = [(pair, (-lead(ranking, pair), pair[0].id, pair[1].id)) for pair in pairs]
    return [pair for pair, _ in sorted(ids, key=lambda ranked: ranked[1])[:k]]
