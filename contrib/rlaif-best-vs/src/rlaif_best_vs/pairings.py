"""Pairings that reject another response than the worst: it is too easy to tell from the best."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from itertools import combinations
from statistics import fmean, pstdev
from typing import Final

from pydantic import Field

from rlaif_core.api import P, Pair, Pairing, Params, Ranking, Response

EQUAL: Final = 1e-9
"""Log-strengths closer than this are equal: the fit that made them stops earlier."""


class BestVs(Pairing[P]):
    """Base of pairings that train on one pair a prompt: the best response and another."""

    def propose(self, ranking: Ranking) -> Sequence[Pair]:
        """Every pair, N(N-1)/2 of N responses, once."""
        return [] if ranking.judged else list(combinations(ranking.responses, 2))

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """The best response with one that it clearly beats; none if it beats nobody."""
        ordered = ranking.ordered()
        worse = [response for response in ordered[1:] if beats(ranking, ordered[0], response)]
        return [(ordered[0], self.rejected(ranking, worse))] if worse else []

    @abstractmethod
    def rejected(self, ranking: Ranking, worse: Sequence[Response]) -> Response:
        """The response to reject.

        Args:
            ranking: All of the prompt's responses.
            worse: At least one that the best response clearly beats, better ones first.
        """


class BestVsRandom(BestVs[Params]):
    """Trains on the best response against any other: varied pairs, and harder ones."""

    def rejected(self, ranking: Ranking, worse: Sequence[Response]) -> Response:
        """A response drawn by the run's seed (Zephyr: Tunstall et al. 2310.16944)."""
        return self.context.rng("best-vs-random", ranking.prompt.id).choice(worse)


class BestVsDeviationParams(Params):
    """Parameters of `best-vs-deviation`."""

    deviations: float = Field(
        default=2.0, description="how many standard deviations below the mean to reject"
    )


class BestVsDeviation(BestVs[BestVsDeviationParams]):
    """Trains on the best response against the one nearest to two deviations below the mean."""

    Params = BestVsDeviationParams

    def rejected(self, ranking: Ranking, worse: Sequence[Response]) -> Response:
        """The one whose strength is nearest to mu - k sigma (Xiao et al. 2502.16825).

        mu and sigma (of a population) are over all ranked responses. Of two equally near ones it
        is the better one, which is the harder to tell from the best.
        """
        strength = ranking.strength
        target = fmean(strength.values()) - self.params.deviations * pstdev(strength.values())
        return min(worse, key=lambda response: abs(strength[response.id] - target))


def beats(ranking: Ranking, best: Response, other: Response) -> bool:
    """True if the ranking puts `best` above `other` and the judge did not abstain on the two."""
    judged = ranking.find(best, other)
    undecided = judged is not None and judged.p_a is None
    return not undecided and ranking.strength[best.id] - ranking.strength[other.id] > EQUAL
