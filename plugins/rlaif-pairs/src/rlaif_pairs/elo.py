"""Pairing `elo`: best against worst by Elo scores that a lean towards one place does not move.

How Meta-Rewarding picks the best and the worst of several judgments (Wu et al. 2407.19594): every
pair is judged in both orders, and a win in the place that the judge favours counts less.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import Field

from rlaif_core.api import JudgedPair, JudgeFacts, Pair, Params, Ranking
from rlaif_pairs.pairings import EveryPair
from rlaif_pairs.selections import EQUAL


class EloParams(Params):
    """Parameters of `elo`."""

    k: int = Field(default=1, ge=1, description="pairs: i-th best with i-th worst, i = 1..k")
    first_rate: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="share of the wins that go to the response shown first; unless given, that "
        "of the prompt's own comparisons",
    )


class Elo(EveryPair[EloParams]):
    """Trains on the best against the worst by Elo, wins in the favoured place counting less."""

    Params = EloParams

    def select(self, ranking: Ranking) -> Sequence[Pair]:
        """The i-th best and the i-th worst, for i up to k, where their comparison was decided."""
        scores = self._scores(ranking)
        ordered = sorted(
            (response for response in ranking.responses if response.id in scores),
            key=lambda response: (-scores[response.id], response.id),
        )
        pairs = [(ordered[i], ordered[-1 - i]) for i in range(min(self.params.k, len(scores) // 2))]
        return [pair for pair in pairs if _decided(ranking, pair) and _lead(scores, pair) > EQUAL]

    def objection(self, judge: JudgeFacts) -> str | None:
        """There are no places to weigh where only one order is asked."""
        if judge.kind == "pointwise":
            return f"judge '{judge.name}' shows no two responses: use the pairing 'best-vs-worst'"
        if judge.verdicts <= judge.votes:
            return f"judge '{judge.name}' is asked in one order: set `orders: both`"
        return None

    def _scores(self, ranking: Ranking) -> Mapping[str, float]:
        """Elo of each response id that has a verdict."""
        from rlaif_stats.weighted_elo import elo_scores, first_rate, place_weights, weighted_wins

        games = [game for pair in ranking.judged for game in _games(pair)]
        met = dict.fromkeys(id_ for game in games for id_ in (game.a, game.b))
        if not met:
            return {}
        place = {id_: index for index, id_ in enumerate(met)}
        rate = self.params.first_rate
        if rate is None:
            # One order alone cannot tell a favoured place from a better response.
            both = [game for game in games if not math.isnan(game.ab + game.ba)]
            rate = first_rate([game.ab for game in both], [game.ba for game in both])
        wins = weighted_wins(
            [place[game.a] for game in games],
            [place[game.b] for game in games],
            [game.ab for game in games],
            [game.ba for game in games],
            place_weights(rate),
            len(place),
        )
        return dict(zip(place, map(float, elo_scores(wins)), strict=True))


class _Game(NamedTuple):
    """One vote on a pair: the probability that A is better in both orders, NaN for none."""

    a: str
    b: str
    ab: float
    ba: float


def _games(pair: JudgedPair) -> list[_Game]:
    by_vote: dict[int, dict[str, float]] = {}
    for vote in pair.votes:
        if vote.p_a is not None:
            by_vote.setdefault(vote.index, {})[vote.order] = vote.p_a
    return [
        _Game(pair.a.id, pair.b.id, by_order.get("ab", math.nan), by_order.get("ba", math.nan))
        for by_order in by_vote.values()
    ]


def _decided(ranking: Ranking, pair: Pair) -> bool:
    judged = ranking.find(*pair)
    return judged is not None and judged.p_a is not None


def _lead(scores: Mapping[str, float], pair: Pair) -> float:
    return scores[pair[0].id] - scores[pair[1].id]
