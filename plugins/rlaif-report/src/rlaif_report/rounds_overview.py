"""All rounds together: which policy is best, and reward against the held-out measure over √KL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rlaif_report.charts import Plot, Scale
from rlaif_report.figures import ends, is_number, number, tick
from rlaif_report.metric_labels import label
from rlaif_stats.overoptimization import OveroptimizationLaw

LAW_POINTS = 80


@dataclass(frozen=True)
class RoundsOverview:
    """All rounds together.

    Attributes:
        best: A sentence on the best round; empty if there is none.
        turned: A warning; empty if the reward was not exploited.
        law: A sentence on the fitted law; empty without one.
        plots: At most two: the held-out measure and the training reward.
    """

    best: str
    turned: str
    law: str
    plots: list[Plot]


def rounds_overview(found: Mapping[str, Any]) -> RoundsOverview | None:
    """The view of the figures of all rounds together; None if there are none."""
    best, proxy_gap = _mapping(found.get("best")), _mapping(found.get("overoptimization"))
    points = [point for point in proxy_gap.get("points") or [] if isinstance(point, Mapping)]
    if not best and not points:
        return None
    law = _law(_mapping(proxy_gap.get("law")))
    by = label(str(best.get("by", "")).rpartition(".")[2])
    sentence = ""
    if best:
        sentence = (
            f"Round {best['round']} is the best by {by.lower()} ({_value(best)}), which training "
            f"never learned from.{_doubt(best)}"
        )
    turned = ""
    if proxy_gap.get("turned") is not None:
        turned = (
            f"In round {proxy_gap['turned']} the training reward rose while {by.lower()} fell: the "
            "policy exploits its reward."
        )
    plots = [
        plot
        for name, title, curve in (
            ("heldout", f"Gain in {by.lower()} over the base", law),
            ("proxy", "Gain in training reward over the base", None),
        )
        if (plot := _plot(title, points, name, curve)) is not None
    ]
    return RoundsOverview(sentence, turned, _law_sentence(proxy_gap), plots)


def _value(best: Mapping[str, Any]) -> str:
    if not (is_number(best.get("low")) and is_number(best.get("high"))):
        return number(best["value"])
    return f"{number(best['value'])}, {ends(number(best['low']), number(best['high']))}"


def _doubt(best: Mapping[str, Any]) -> str:
    """A sentence on the rounds whose intervals overlap the best one's."""
    near = best.get("near")
    if not isinstance(near, list) or not near:
        return ""
    numbers = ", ".join(str(number) for number in near)
    if len(near) == 1:
        sentence = f"The interval of round {numbers} overlaps its own"
    else:
        sentence = f"The intervals of rounds {numbers} overlap its own"
    return f" {sentence}: that it is the best may be chance."


def _law_sentence(proxy_gap: Mapping[str, Any]) -> str:
    law = _mapping(proxy_gap.get("law"))
    if not law:
        return ""
    points = sum(isinstance(point, Mapping) for point in proxy_gap.get("points") or [])
    sentence = (
        f"The law d(α − β log d) of Gao et al. (2210.10760), drawn through {points} rounds, has "
        f"α {number(law['alpha'])} and β {number(law['beta'])}"
    )
    optimum = _mapping(law.get("optimum"))
    if not optimum:
        return (
            f"{sentence}: it has no optimum, since the gain does not level off as the law has it. "
            "It does not tell how far to train."
        )
    return (
        f"{sentence}; its peak is at √KL {number(optimum['distance'])} with a gain of "
        f"{number(optimum['heldout'])}, a hint as long as the points are few."
    )


def _law(law: Mapping[str, Any]) -> OveroptimizationLaw | None:
    known = is_number(law.get("alpha")) and is_number(law.get("beta"))
    if not (known and law.get("optimum")):
        return None  # it does not describe what was measured
    return OveroptimizationLaw("rl", law["alpha"], law["beta"])


def _plot(
    title: str, points: Sequence[Mapping[str, Any]], name: str, law: OveroptimizationLaw | None
) -> Plot | None:
    known = [
        point for point in points if is_number(point.get(name)) and is_number(point.get("distance"))
    ]
    if not known:
        return None
    farthest = max(point["distance"] for point in known) or 1.0
    across = np.linspace(0.0, farthest, LAW_POINTS)
    curve = [] if law is None else [float(y) for y in law.reward(across)]
    values = [0.0, *(float(point[name]) for point in known), *curve]
    place = Scale(0.0, farthest, min(values), max(values))
    ordered = sorted(known, key=lambda point: point["distance"])
    return Plot(
        title,
        "√KL from the base; the numbers are rounds",
        [place(point["distance"], float(point[name])) for point in ordered],
        [str(point["round"]) for point in ordered],
        tick(min(values)),
        tick(max(values)),
        "0",
        tick(farthest),
        place(0.0, 0.0)[1],
        " ".join(f"{x},{y}" for x, y in map(place, across, curve)) if curve else "",
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
