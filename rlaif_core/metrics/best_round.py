"""How a run's rounds went, taken together: which policy is best, and whether the proxy still holds.

The best round is chosen by what training never learned from, not by the training reward. Reward
that goes on rising while that measure falls is over-optimisation (Gao et al. 2210.10760).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from rlaif_core.recipe.sections import EvaluationSection
from rlaif_stats.overoptimization import fit_law

JSON = dict[str, Any]

FEWEST_POINTS = 3
"""Rounds before the law's two coefficients mean anything."""


def course(rounds: Sequence[Mapping[str, Any]], section: EvaluationSection) -> JSON:
    """What metrics.json says of all rounds together.

    Args:
        rounds: The rounds' own figures, in turn.
        section: The recipe's `evaluation`, whose `watch` names the measure.

    Returns:
        `best`: round, by (the measure) and value, with its interval (low, high) where there is
        one and `near`, the rounds whose intervals overlap it; `overoptimization`: points (round,
        distance √KL in √nats, proxy and held-out gain over the base, with its interval), the
        fitted law (alpha, beta and, if it has one, its optimum), and `turned`, the first round in
        which the proxy rose while the held-out measure fell by more than its interval. Either is
        left out if it cannot be said.
    """
    measured = [(one["round"], *found) for one in rounds if (found := _heldout(one, section))]
    told: JSON = {}
    if measured:
        number, by, value = max(measured, key=lambda one: one[2])
        told["best"] = {"round": number, "by": by, "value": value, **_interval(rounds, number, by)}
    points = [point for one in rounds if (point := _point(one, section))]
    if points:
        told["overoptimization"] = {"points": points, **_law(points), **_turn(points)}
    return told


def _heldout(round: Mapping[str, Any], section: EvaluationSection) -> tuple[str, float] | None:
    policy = round.get("policy", {})
    if section.watch != "judge" and "gold_score" in policy:
        return "policy.gold_score", policy["gold_score"]["after"]
    if "win_rate" in policy:
        return "policy.win_rate", policy["win_rate"]["value"]
    return None


def _interval(rounds: Sequence[Mapping[str, Any]], best: int, by: str) -> JSON:
    ends = {one["round"]: found for one in rounds if (found := _ends(one, by))}
    if best not in ends:
        return {}
    low, high = ends.pop(best)
    near = [number for number, (_, their_high) in ends.items() if their_high >= low]
    return {"low": low, "high": high, "near": near}


def _ends(round: Mapping[str, Any], by: str) -> tuple[float, float] | None:
    """The interval of a round's measure; that of a gold score is its gain's over the base."""
    policy = round.get("policy", {})
    gold = by == "policy.gold_score"
    found = policy.get("gold_gain" if gold else "win_rate")
    if found is None:
        return None
    base = policy["gold_score"]["before"] if gold else 0.0
    return base + found["low"], base + found["high"]


def _point(round: Mapping[str, Any], section: EvaluationSection) -> JSON | None:
    """Where a round stands; its gains are over the base, so the base is at the origin."""
    policy = round.get("policy", {})
    found = _heldout(round, section)
    if found is None or "kl" not in policy:
        return None
    by, value = found
    origin = policy["gold_score"]["before"] if by == "policy.gold_score" else 0.5
    point: JSON = {"round": round["round"], "distance": math.sqrt(max(0.0, policy["kl"]))}
    point |= {"by": by, "heldout": value - origin}
    ends = _ends(round, by)
    if ends is not None:
        point |= {"low": ends[0] - origin, "high": ends[1] - origin}
    if "reward" in policy:
        point["proxy"] = policy["reward"]["after"] - policy["reward"]["before"]
    return point


def _law(points: Sequence[JSON]) -> JSON:
    away = [one for one in points if one["distance"] > 0.0]
    if len(away) < FEWEST_POINTS:
        return {}
    try:
        law = fit_law([one["distance"] for one in away], [one["heldout"] for one in away], "rl")
    except ValueError:  # the rounds are all equally far from the base
        return {}
    told: JSON = {"alpha": law.alpha, "beta": law.beta}
    optimum = law.optimum()
    if optimum is not None:
        told["optimum"] = {"distance": optimum[0], "heldout": optimum[1]}
    return {"law": told}


def _turn(points: Sequence[JSON]) -> JSON:
    for before, after in pairwise(points):
        rose = "proxy" in before and "proxy" in after and after["proxy"] > before["proxy"]
        if rose and after.get("high", after["heldout"]) < before["heldout"]:
            return {"turned": after["round"]}
    return {}
