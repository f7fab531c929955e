"""Pairing `knockout`: only the best response, in N - 1 comparisons."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from rlaif_core.api import Pair, Pairing, Params, Ranking
from rlaif_pairs.results import Results, drawn, last_standing
from rlaif_pairs.selections import decided


class KnockoutParams(Params):
    """Parameters of `knockout`."""

    k: int = Field(default=1, ge=1, description="pairs: the best with k of those it beat")


class Knockout(Pairing[KnockoutParams]):
    """Judges a knockout tournament for the best response: N - 1 comparisons."""

    Params = KnockoutParams

    def propose(self, ranking: Ranking) -> Sequence[Pair]:
        """The matches of the next round."""
        results = Results(ranking)
        last_standing(drawn(self, ranking), results.winner)
        return results.wanted

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """The best against those it beat itself, the weakest of them by the ranking first."""
        best = last_standing(drawn(self, ranking), Results(ranking).winner)
        if best is None:
            return []
        beaten = [pair for pair in decided(ranking) if pair[0].id == best.id]
        strength = ranking.strength
        return sorted(beaten, key=lambda pair: (strength[pair[1].id], pair[1].id))[: self.params.k]
