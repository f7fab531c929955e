"""Pairing `merge-sort`: the full order of the responses in few comparisons."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from rlaif_core.api import Pair, Pairing, Params, Ranking, Response
from rlaif_pairs.results import Results, drawn
from rlaif_pairs.selections import decided


class MergeSort(Pairing[Params]):
    """Judges what a merge sort asks: at most N ceil(log2 N) - 2^ceil(log2 N) + 1 comparisons."""

    def propose(self, ranking: Ranking) -> Sequence[Pair]:
        """The next comparison of every merge that can go on, all at once."""
        results = Results(ranking)
        _sorted(drawn(self, ranking), results)
        return results.wanted

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """Each response with the next best one: a merge sort has compared all neighbours."""
        order = _sorted(drawn(self, ranking), Results(ranking)) or ()
        clear = {(better.id, worse.id) for better, worse in decided(ranking)}
        return [pair for pair in pairwise(order) if (pair[0].id, pair[1].id) in clear]


def _sorted(responses: Sequence[Response], results: Results) -> list[Response] | None:
    """Best first; None where a comparison is still wanted."""
    if len(responses) < 2:
        return list(responses)
    middle = len(responses) // 2
    first = _sorted(responses[:middle], results)
    second = _sorted(responses[middle:], results)
    if first is None or second is None:
        return None
    merged: list[Response] = []
    one, other = deque(first), deque(second)
    while one and other:
        better = results.winner(one[0], other[0])
        if better is None:
            return None
        merged.append((one if better is one[0] else other).popleft())
    return [*merged, *one, *other]
