"""Pairing `min-max`: the best and the worst response, in about 1.5 N comparisons.

Pohl's algorithm ("A sorting problem and its complexity", 1972): nobody who won its first match
can be the worst, nobody who lost it the best.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from rlaif_core.api import Pair, Pairing, Params, Ranking, Response
from rlaif_pairs.results import Results, drawn, last_standing
from rlaif_pairs.selections import widest


class MinMaxParams(Params):
    """Parameters of `min-max`."""

    k: int = Field(default=1, ge=1, description="pairs to train on, widest apart first")
    confirm: bool = Field(
        default=False,
        description="judge the best against the worst as well, if they have not met",
    )


class MinMax(Pairing[MinMaxParams]):
    """Judges for the best and the worst response alone: ceil(1.5 N) - 2 comparisons."""

    Params = MinMaxParams

    def propose(self, ranking: Ranking) -> Sequence[Pair]:
        """The next matches towards the best and towards the worst, all at once."""
        results = Results(ranking)
        ends = _ends(drawn(self, ranking), results)
        if ends is not None and self.params.confirm:
            results.winner(*ends)
        return results.wanted

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """The pairs that lie widest apart of those that met: best with worst, where they did."""
        return widest(ranking, self.params.k)


def _ends(entrants: Sequence[Response], results: Results) -> Pair | None:
    """The best and the worst; None if that is not known yet, or one response came out as both."""
    matches = list(zip(entrants[::2], entrants[1::2], strict=False))
    odd = list(entrants[2 * len(matches) :])
    through = [results.winner(*match) for match in matches]
    if not matches or None in through:
        return None
    winners = [item for item in through if item is not None]
    losers = [b if winner is a else a for (a, b), winner in zip(matches, winners, strict=True)]
    best = last_standing(odd + winners, results.winner)
    worst = last_standing(odd + losers, results.loser)
    return None if best is None or worst is None or best is worst else (best, worst)
