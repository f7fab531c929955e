"""Pairing `swiss`: a few rounds in which equals meet equals, for a ranking of all responses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import Field

from rlaif_core.api import Pair, Pairing, Params, Ranking, Response
from rlaif_pairs.results import drawn
from rlaif_pairs.selections import widest

Player = TypeVar("Player")


class SwissParams(Params):
    """Parameters of `swiss`."""

    rounds: int | None = Field(
        default=None, ge=1, description="at most ceil(N / 2); ceil(log2 N) unless given"
    )
    k: int = Field(default=1, ge=1, description="pairs to train on, widest apart first")
    confirm: bool = Field(
        default=False,
        description="judge the best against the worst as well, if they have not met",
    )


class Swiss(Pairing[SwissParams]):
    """Judges a Swiss tournament: ceil(log2 N) rounds of floor(N / 2) comparisons."""

    Params = SwissParams

    def propose(self, ranking: Ranking) -> Sequence[Pair]:
        """The next round: neighbours in the ranking who have not met.

        With an odd number of responses one sits out, as low in the ranking as can be, and
        nobody twice before all have.
        """
        responses = drawn(self, ranking)
        matches = len(responses) // 2
        to_come = self._rounds(len(responses)) * matches - len(ranking.judged)
        if to_come <= 0:
            return self._final(ranking) if to_come == 0 and self.params.confirm else []
        standings: list[Response | None] = [*self._standings(ranking, responses)]
        if len(responses) % 2:
            standings.append(None)
        met = _met(ranking, len(ranking.judged) // matches)
        pairs = pair_neighbours(standings, met) or []
        return [
            (response, other)
            for response, other in pairs
            if response is not None and other is not None
        ]

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """The pairs that lie widest apart of those that met."""
        return widest(ranking, self.params.k)

    def _final(self, ranking: Ranking) -> list[Pair]:
        ordered = ranking.ordered()
        if len(ordered) < 2 or ranking.find(ordered[0], ordered[-1]):
            return []
        return [(ordered[0], ordered[-1])]

    def _rounds(self, responses: int) -> int:
        most = (responses + 1) // 2  # beyond that, new opponents for all may not exist
        return min(self.params.rounds or (responses - 1).bit_length(), most)

    def _standings(self, ranking: Ranking, responses: Sequence[Response]) -> list[Response]:
        """Best first; equals, and all before the first round, as drawn."""
        return sorted(responses, key=lambda response: -ranking.strength.get(response.id, 0.0))


def pair_neighbours(
    standings: Sequence[Player], met: Callable[[Player, Player], bool]
) -> list[tuple[Player, Player]] | None:
    """Pair everybody with somebody new, from the top, each with the nearest possible.

    Args:
        standings: An even number of players, best first.
        met: Whether two may not be paired.

    Returns:
        The pairs; None if there is no way to pair all. With fewer rounds behind them than half
        the players there always is (Dirac's theorem), so that the search goes back but little.
    """
    if not standings:
        return []
    one, rest = standings[0], standings[1:]
    for place, other in enumerate(rest):
        if not met(one, other):
            others = pair_neighbours([*rest[:place], *rest[place + 1 :]], met)
            if others is not None:
                return [(one, other), *others]
    return None


def _met(ranking: Ranking, rounds: int) -> Callable[[Response | None, Response | None], bool]:
    """Test of whether two have met; to have met None is to have sat out a round."""
    pairs = {frozenset((pair.a.id, pair.b.id)) for pair in ranking.judged}
    games = {
        response.id: sum(response.id in pair for pair in pairs) for response in ranking.responses
    }

    def met(one: Response | None, other: Response | None) -> bool:
        if one is None or other is None:
            player = one or other
            return player is not None and games[player.id] < rounds
        return frozenset((one.id, other.id)) in pairs

    return met
