"""The results of a tournament so far, read from the verdicts alone.

A tournament keeps no state of its own: it is played again from the beginning whenever it is
asked, and stops at the matches whose results are not known yet. So prompts may run interleaved,
and a resumed run goes on where the verdicts end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rlaif_core.api import Component, Pair, Ranking, Response


class Results:
    """Looks matches up, and collects those that are still to be judged.

    Args:
        ranking: What was judged so far.

    Attributes:
        wanted: The matches that somebody asked for and that have no result yet.
    """

    def __init__(self, ranking: Ranking) -> None:
        self._p_a = {(pair.a.id, pair.b.id): pair.p_a for pair in ranking.judged}
        self.wanted: list[Pair] = []

    def winner(self, one: Response, other: Response) -> Response | None:
        """The better of the two; None if they have not met, and are then wanted.

        A tie or an abstention lets `one` go on: the match was paid for, and somebody must.
        """
        if (one.id, other.id) in self._p_a:
            p = self._p_a[one.id, other.id]
            return other if p is not None and p < 0.5 else one
        if (other.id, one.id) in self._p_a:
            p = self._p_a[other.id, one.id]
            return other if p is not None and p > 0.5 else one
        self.wanted.append((one, other))
        return None

    def loser(self, one: Response, other: Response) -> Response | None:
        """The one that is not the winner."""
        winner = self.winner(one, other)
        return winner and (other if winner is one else one)


def drawn(component: Component, ranking: Ranking) -> list[Response]:
    """The prompt's responses in an order drawn by the run's seed, whatever order they came in."""
    responses = sorted(ranking.responses, key=lambda response: response.id)
    component.context.rng("draw", ranking.prompt.id).shuffle(responses)
    return responses


def last_standing(
    entrants: Sequence[Response], goes_on: Callable[[Response, Response], Response | None]
) -> Response | None:
    """The response left of a knockout; all matches of a round are asked at once.

    An odd one out goes on without a match, and meets somebody in the next round.

    Args:
        entrants: n responses, in the order of the draw.
        goes_on: Which of two goes on; None if that is not known yet.

    Returns:
        The last one after n - 1 matches; None if there are no entrants, or not all is known.
    """
    left = list(entrants)
    while len(left) > 1:
        matches = list(zip(left[::2], left[1::2], strict=False))
        through = [goes_on(*match) for match in matches]
        odd = left[2 * len(matches) :]
        left = odd + [item for item in through if item is not None]
        if None in through:
            return None
    return left[0] if left else None
