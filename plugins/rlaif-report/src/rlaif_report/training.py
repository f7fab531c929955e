"""A training: its final figures and its curves."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rlaif_core.runs import Run
from rlaif_report.charts import Curve, curve
from rlaif_report.figures import Figure, figures
from rlaif_report.metric_labels import FIRST, interest, label

PART = "part"
"""The figure that tells which of several trainings one after another a step is of."""
CURVES = 8


@dataclass(frozen=True)
class Training:
    """A training of a reward model or a policy.

    Attributes:
        figures: What it came to.
        curves: At most eight training curves.
        other: Names of the figures that have no curve here.
    """

    figures: list[Figure]
    curves: list[Curve]
    other: list[str]


def training(section: Mapping[str, Any], run: Run, number: int, stage: str) -> Training:
    """The view of a training stage.

    Args:
        section: The round in metrics.json.
        run: The run.
        number: The round.
        stage: "reward_model" or "optimize".
    """
    steps = run.training(number, stage)
    names = _in_turn({name for _, values in steps for name in values} - {"epoch", PART})
    parts = sorted({values.get(PART, 0.0) for _, values in steps})
    drawn: list[Curve] = []
    other: list[str] = []
    for name in names:
        points = [
            [
                (at, values[name])
                for at, values in steps
                if name in values and values.get(PART, 0.0) == part
            ]
            for part in parts
        ]
        drawing = curve(label(name), *points)
        if drawing is not None and len(drawn) < CURVES:
            drawn.append(drawing)
        else:
            other.append(name)
    return Training(figures(final_figures(section, stage)), drawn, other)


def final_figures(section: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """The final figures of a training in order of interest."""
    found = section.get(stage)
    if not isinstance(found, Mapping):
        return {}
    names = list(found)
    parts = list(dict.fromkeys(_part(name) for name in names))
    ordered = sorted(names, key=lambda name: (parts.index(_part(name)), *_place(name)))
    return {name: found[name] for name in ordered}


def _part(name: str) -> str:
    """The part of a training in which `part/figure` was measured; empty if it has one only."""
    return name.rpartition("/")[0]


def _place(name: str) -> tuple[int, int]:
    """Sorts figures that are looked for by what they are, the plain one first."""
    kind = interest(name)
    return kind, len(name) if kind < len(FIRST) else 0


def _in_turn(names: Set[str]) -> list[str]:
    """One figure of each kind looked for, then a second of each; last what nobody looks for."""
    kinds = groupby(sorted(names, key=lambda name: (interest(name), _length(name))), interest)
    turns = [
        (kind >= len(FIRST), turn, kind, name)
        for kind, many in kinds
        for turn, name in enumerate(many)
    ]
    return [name for *_, name in sorted(turns, key=lambda turn: turn[:3])]


def _length(name: str) -> tuple[bool, int, str]:
    """Sorts the names of a kind: the plain one, then its mean, then extremes and the like."""
    return "mean" not in name and "/" in name, len(name), name
