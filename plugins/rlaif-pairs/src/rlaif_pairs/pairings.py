"""Pairings: which responses to compare, and which comparisons to train on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Final

from pydantic import Field

from rlaif_core.api import P, Pair, Pairing, Params, Ranking

EQUAL: Final = 1e-9
"""Log-strengths closer than this are equal: the fit that made them stops earlier."""


class EveryPair(Pairing[P]):
    """Base of pairings that have every pair judged: N(N-1)/2 of N responses."""

    def propose(self, ranking: Ranking) -> Sequence[Pair]:
        """Every unordered pair that has not been judged yet."""
        judged = {frozenset((pair.a.id, pair.b.id)) for pair in ranking.judged}
        return [
            (one, other)
            for one, other in combinations(ranking.responses, 2)
            if frozenset((one.id, other.id)) not in judged
        ]


class BestVsWorstParams(Params):
    """Parameters of `best-vs-worst`."""

    k: int = Field(default=1, ge=1, description="pairs: i-th best with i-th worst, i = 1..k")


class BestVsWorst(EveryPair[BestVsWorstParams]):
    """Trains on the best response against the worst: the widest margin."""

    Params = BestVsWorstParams

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """The i-th best and the i-th worst of the ranking, for i up to k."""
        ordered = ranking.ordered()
        k = min(self.params.k, len(ordered) // 2)
        pairs = [(ordered[i], ordered[-1 - i]) for i in range(k)]
        return [pair for pair in pairs if _apart(ranking, pair)]


class Adjacent(EveryPair[Params]):
    """Trains on neighbours in the ranking: the hardest distinctions."""

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """Each response with the next best one."""
        return [pair for pair in pairwise(ranking.ordered()) if _apart(ranking, pair)]


class All(EveryPair[Params]):
    """Trains on every pair that the judge decided."""

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """Every judged pair that is not a tie, in the direction of its own verdict."""
        return _decided(ranking)


class RandomParams(Params):
    """Parameters of `random`."""

    k: int = Field(default=1, ge=1, description="pairs to draw from each prompt's responses")


class Random(Pairing[RandomParams]):
    """Judges and trains on k pairs drawn at random: the fewest calls."""

    Params = RandomParams

    def propose(self, ranking: Ranking) -> Sequence[Pair]:
        """Up to k pairs, drawn once from the prompt's own seed."""
        if ranking.judged:
            return []
        pairs = list(combinations(ranking.responses, 2))
        rng = self.context.rng("random", ranking.prompt.id)
        return rng.sample(pairs, min(self.params.k, len(pairs)))

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """Every judged pair that is not a tie, in the direction of its own verdict."""
        return _decided(ranking)


def _apart(ranking: Ranking, pair: Pair) -> bool:
    """Whether the ranking tells the two apart, and their own comparison was not an abstention."""
    better, worse = pair
    judged = ranking.find(better, worse)
    undecided = judged is not None and judged.p_a is None
    return not undecided and ranking.strength[better.id] - ranking.strength[worse.id] > EQUAL


def _decided(ranking: Ranking) -> list[Pair]:
    return [
        (judged.a, judged.b) if judged.p_a > 0.5 else (judged.b, judged.a)
        for judged in ranking.judged
        if judged.p_a is not None and judged.p_a != 0.5
    ]
