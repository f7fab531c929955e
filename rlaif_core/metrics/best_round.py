"""Best checkpoint and reward over-optimisation across rounds.

The best round is chosen by a metric on held-out evidence, not by the training reward. Reward that
goes on rising while that metric falls is over-optimisation (Gao et al. 2210.10760).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rlaif_core.api.metric import Metric
from rlaif_core.recipe.sections import EvaluationSection
from rlaif_stats.overoptimization import law_of_rounds, turning_point

JSON = dict[str, Any]

EVIDENCE = ("gold", "people", "judge")
"""What a metric may rest on that ranks rounds, the most trusted first."""


def summarise(rounds: Sequence[Mapping[str, Any]], section: EvaluationSection) -> JSON:
    """The part of metrics.json about all rounds together.

    Args:
        rounds: The rounds' own figures with their records, in turn.
        section: The recipe's `evaluation`: `best_by` names the metric; without it `watch` says
            what kind of evidence comes first.

    Returns:
        `best`: round, by (the metric) and value, with its interval (low, high) where there is
        one, `near`, the rounds whose intervals overlap it, and `selected_of`, the number of rounds
        it was chosen from: a selected maximum flatters; `unranked`, why there is none although
        `best_by` asks for one; `overoptimization`: points (round, distance √KL in √nats, proxy and
        held-out gain over the base, with its interval), the fitted law (alpha, beta and, if it has
        one, its optimum), and `turned`, the first round in which the proxy rose while the held-out
        metric fell by more than its interval. Each is left out if it cannot be said.
    """
    by = _ranking(rounds, section)
    if by is None:
        return {"unranked": _unranked(section)} if section.best_by else {}
    ranked = {round_["round"]: metric for round_ in rounds if (metric := _find(round_, by))}
    number, best = max(ranked.items(), key=lambda item: _goodness(item[1]))
    summary: JSON = {
        "best": {
            "round": number,
            "by": by,
            "value": best.value,
            **_overlaps(ranked, number),
            "selected_of": len(ranked),
        }
    }
    points = [point for round_ in rounds if (point := _point(round_, by))]
    if points:
        summary["overoptimization"] = {"points": points, **_law(points), **_turn(points)}
    return summary


def _metrics(round_: Mapping[str, Any]) -> Iterator[Metric]:
    for part in round_.get("records", {}).values():
        yield from map(Metric.of, part.values())


def _name(metric: Metric) -> str:
    return f"{metric.group}.{metric.name}"


def _find(round_: Mapping[str, Any], name: str) -> Metric | None:
    return next((metric for metric in _metrics(round_) if _name(metric) == name), None)


def _ranking(rounds: Sequence[Mapping[str, Any]], section: EvaluationSection) -> str | None:
    """The metric that ranks rounds, as "group.name"."""
    able = [
        metric
        for round_ in rounds
        for metric in _metrics(round_)
        if metric.heldout and metric.higher_is_better is not None
    ]
    if section.best_by:
        wanted = (section.best_by, f"policy.{section.best_by}")
        return next((_name(metric) for metric in able if _name(metric) in wanted), None)
    order = ("judge", *EVIDENCE) if section.watch == "judge" else EVIDENCE
    for evidence in order:
        for metric in able:
            if metric.evidence == evidence and metric.group == "policy":
                return _name(metric)
    return None


def _unranked(section: EvaluationSection) -> str:
    return (
        f"no round has a metric {section.best_by!r} that is measured on held-out prompts and says "
        "whether higher is better: see `describes` of its evaluator"
    )


def _goodness(metric: Metric) -> float:
    return metric.value if metric.higher_is_better else -metric.value


def _overlaps(ranked: Mapping[int, Metric], number: int) -> JSON:
    best = ranked[number]
    if best.low is None or best.high is None:
        return {}
    near = [
        other
        for other, metric in ranked.items()
        if other != number
        and metric.low is not None
        and metric.high is not None
        and metric.high >= best.low
        and metric.low <= best.high
    ]
    return {"low": best.low, "high": best.high, "near": near}


def _point(round_: Mapping[str, Any], by: str) -> JSON | None:
    """A round's place; its gains are over the base, so the base is at the origin."""
    metric = _find(round_, by)
    policy = [found for found in _metrics(round_) if found.group == "policy"]
    distance = next((found for found in policy if found.evidence == "divergence"), None)
    if metric is None or distance is None:
        return None
    origin = metric.baseline
    if origin is None:
        origin = 0.5 if metric.unit == "share" else 0.0
    point: JSON = {"round": round_["round"], "distance": math.sqrt(max(0.0, distance.value))}
    point |= {"by": by, "heldout": metric.value - origin}
    if metric.low is not None and metric.high is not None:
        point |= {"low": metric.low - origin, "high": metric.high - origin}
    proxy = next((found for found in policy if found.evidence == "reward"), None)
    if proxy is not None and proxy.baseline is not None:
        point["proxy"] = proxy.value - proxy.baseline
    return point


def _law(points: Sequence[JSON]) -> JSON:
    law = law_of_rounds(
        [point["distance"] for point in points], [point["heldout"] for point in points]
    )
    if law is None:
        return {}
    fitted: JSON = {"alpha": law.alpha, "beta": law.beta}
    optimum = law.optimum()
    if optimum is not None:
        fitted["optimum"] = {"distance": optimum[0], "heldout": optimum[1]}
    return {"law": fitted}


def _turn(points: Sequence[JSON]) -> JSON:
    turned = turning_point(
        [point.get("proxy", math.nan) for point in points],
        [point["heldout"] for point in points],
        [point["high"] if "high" in point else point["heldout"] for point in points],
    )
    return {} if turned is None else {"turned": points[turned]["round"]}
