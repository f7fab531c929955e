"""Pairings that have every pair judged, or k drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from pydantic import Field

from rlaif_core.api import P, Pair, Pairing, Params, Ranking
from rlaif_pairs.selections import apart, decided


class EveryPair(Pairing[P]):
    """Base of pairings that have every pair judged: N(N-1)/2 of N responses."""

    def propose(self, ranking: Ranking) -> Sequence[Pair]:
        """Every unordered pair that has not been judged yet."""
        judged = {frozenset((pair.a.id, pair.b.id)) for pair in ranking.judged}
        return [
            (response, other)
            for response, other in combinations(ranking.responses, 2)
            if frozenset((response.id, other.id)) not in judged
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
        return [pair for pair in pairs if apart(ranking, pair)]


class Adjacent(EveryPair[Params]):
    """Trains on neighbours in the ranking: the hardest distinctions."""

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """Each response with the next best one."""
        return [pair for pair in pairwise(ranking.ordered()) if apart(ranking, pair)]


class All(EveryPair[Params]):
    """Trains on every pair that the judge decided."""

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """Every judged pair that is not a tie, in the direction of its own verdict."""
        return decided(ranking)


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
        return decided(ranking)
