"""Gains of choosing among n responses of the base, drawn over n."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rlaif_report.charts import Plot, Scale
from rlaif_report.figures import is_number, number, tick

NAME = "best_of_n"
"""The figure of the `policy` section that holds the rows."""


@dataclass(frozen=True)
class BestOfN:
    """The curves and their figures.

    Attributes:
        plots: Reward and, where the truth is known, gold score over n.
        rows: (n, reward, gold score, bound on the KL in nats, prompts).
    """

    plots: list[Plot]
    rows: list[tuple[str, ...]]


def best_of_n(policy: Mapping[str, Any]) -> BestOfN | None:
    """The view of a `policy` section's rows; None if it has none."""
    found = policy.get(NAME)
    rows = [row for row in found if _is_row(row)] if isinstance(found, list) else []
    if not rows:
        return None
    rows.sort(key=lambda row: row["n"])
    drawn = [_plot(title, rows, name) for name, title in TITLES.items()]
    shown = ("n", "reward", "gold", "kl_bound", "prompts")
    cells = [tuple(number(row.get(name)) for name in shown) for row in rows]
    return BestOfN([plot for plot in drawn if plot is not None], cells)


TITLES = {"reward": "Reward of the best of n", "gold": "Gold score of the best of n"}


def _is_row(row: Any) -> bool:
    return isinstance(row, Mapping) and is_number(row.get("n")) and row["n"] >= 1


def _plot(title: str, rows: Sequence[Mapping[str, Any]], name: str) -> Plot | None:
    known = [(math.log2(row["n"]), row[name]) for row in rows if is_number(row.get(name))]
    if len(known) < 2:
        return None
    low, high = min(y for _, y in known), max(y for _, y in known)
    place = Scale(known[0][0], known[-1][0], low, high)
    counts = [number(row["n"]) for row in rows if is_number(row.get(name))]
    return Plot(
        title,
        "n responses, chosen among by the reward model",
        [place(*point) for point in known],
        counts,
        tick(low),
        tick(high),
        "",
        "",
    )
