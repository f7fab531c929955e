"""The models that wrote the responses, ranked by who wins against whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlaif_judge_metrics.vote_table import VoteTable
from rlaif_stats.bradley_terry import BradleyTerryFit, fit_bradley_terry
from rlaif_stats.outcomes import sides
from rlaif_stats.ranking import elo_ratings

JSON = dict[str, Any]

PRIOR = 1.0
"""Ridge that holds ratings finite where one model never lost: a normal prior of deviation 1."""


def rank_models(rounds: Iterable[VoteTable]) -> JSON | None:
    """Bradley-Terry and Elo of the models that met, best first.

    Verdicts count as won, tied (half) or lost; those on one pair add up to one comparison. With
    both orders among them, the advantage of being shown first is fitted beside the ratings.
    Intervals take pairs as independent.

    Args:
        rounds: The rounds in turn, which Elo depends on; each is looked at once.

    Returns:
        `models` (each with its rating in log-odds, interval, Elo points and comparisons),
        `order_effect` if it was fitted, `prior` if ratings would be infinite without it. None if
        no two models met.
    """
    numbers: dict[str, int] = {}
    games = [_games(table, numbers) for table in rounds]
    if not any(outcome.size for _, _, outcome, _ in games):
        return None
    first, second, outcome, weight = map(np.concatenate, zip(*games, strict=True))
    met = np.unique(np.concatenate([first, second]))
    first, second = np.searchsorted(met, first), np.searchsorted(met, second)
    fit, prior = _fit(first, second, outcome, weight, met.size)
    intervals = fit.intervals()
    elo = elo_ratings(first, second, outcome, players=met.size)
    played = np.bincount(first, weight, met.size) + np.bincount(second, weight, met.size)
    names = list(numbers)
    ranking: JSON = {
        "models": [
            {
                "model": names[met[place]],
                "rating": _interval(float(fit.ratings[place]), *map(float, intervals[place])),
                "elo": float(elo[place]),
                "comparisons": round(float(played[place])),
            }
            for place in np.argsort(-fit.ratings, kind="stable")
        ]
    }
    if fit.order_effect is not None:
        effect = fit.order_effect
        ranking["order_effect"] = _interval(effect.value, effect.low, effect.high)
    if prior:
        ranking["prior"] = prior
    return ranking


def _interval(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


Games = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]


def _games(table: VoteTable, numbers: dict[str, int]) -> Games:
    """Shown first, shown second, outcome for the first, weight: of verdicts between models."""
    place = np.array([numbers.setdefault(name, len(numbers)) for name in table.models] or [0])
    a, b = table.model_a[table.pair], table.model_b[table.pair]
    side = sides(table.p_a)
    counted = (a >= 0) & (b >= 0) & (a != b) & ~np.isnan(side)
    pair = table.pair[counted]
    verdicts = np.bincount(pair, minlength=table.prompt.size)
    a, b, swapped = place[a[counted]], place[b[counted]], table.swapped[counted]
    won = side[counted] / 2.0 + 0.5
    return (
        np.where(swapped, b, a),
        np.where(swapped, a, b),
        np.where(swapped, 1.0 - won, won),
        1.0 / verdicts[pair],
    )


def _fit(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    outcome: NDArray[np.float64],
    weight: NDArray[np.float64],
    players: int,
) -> tuple[BradleyTerryFit, float]:
    """The richest fit that is finite, and the prior it needed."""
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    both_orders = any((b, a) in pairs for a, b in pairs)
    for prior in (0.0, PRIOR):
        for order_effect in (True, False) if both_orders else (False,):
            try:
                fit = fit_bradley_terry(
                    first,
                    second,
                    outcome,
                    weight=weight,
                    players=players,
                    order_effect=order_effect,
                    ridge=prior,
                )
            except ValueError:
                continue
            return fit, prior
    raise AssertionError("with a prior and without an order effect, ratings are always finite")
