"""The geometry of the page's small charts; the template `charts.html` draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rlaif_report.figures import ends, is_interval, is_number, number, share, tick
from rlaif_report.metric_labels import is_share, label

TENTHS = 11
"""Bins of a histogram over [0, 1]: each value goes to the nearest tenth, so 0.5 has its own."""

POINTS = 160
"""Points of a curve: as many as its width can show."""

LEFT, RIGHT, TOP, BOTTOM = 58.0, 312.0, 10.0, 122.0
"""The frame of a chart, in its own coordinates; `tick` fits to the left of it."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts by tenths of [0, 1].

    Attributes:
        title: What is counted.
        x_label: What the axis says.
        counts: 11 counts, for 0, 0.1, …, 1.
    """

    title: str
    x_label: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """Number of values counted."""
        return sum(self.counts)

    @property
    def heights(self) -> list[float]:
        """Each bar's share of the highest."""
        top = max(self.counts) or 1
        return [count / top for count in self.counts]


def tenth(value: float) -> int:
    """The bin of a value in [0, 1]."""
    return min(TENTHS - 1, max(0, int(value * 10 + 0.5)))


@dataclass(frozen=True, slots=True)
class Curve:
    """One training figure over the steps.

    Attributes:
        title: The figure.
        lines: "x,y x,y …" in the chart's coordinates, one of each training.
        low: The least value, as text.
        high: The greatest value, as text.
        first: The first step.
        last: The last step.
        end: The last value of each, as text.
        dots: Where the last values are.
    """

    title: str
    lines: list[str]
    low: str
    high: str
    first: int
    last: int
    end: str
    dots: list[Point]


Steps = Sequence[tuple[int, float]]


def curve(title: str, *trainings: Steps) -> Curve | None:
    """The curve of (step, value) points in the order of steps; None if no value is finite.

    Args:
        title: The figure.
        trainings: The points of each of several trainings one after another, which are not joined.
    """
    known = [
        [(step, float(value)) for step, value in points if is_number(value)] for points in trainings
    ]
    drawn = [_thinned(points) for points in known if points]
    if not drawn:
        return None
    steps = [step for points in drawn for step, _ in points]
    values = [value for points in drawn for _, value in points]
    low, high, first, last = min(values), max(values), min(steps), max(steps)

    def place(step: int, value: float) -> Point:
        across = (step - first) / (last - first) if last > first else 0.5
        # Halves, since the difference of the largest floats is infinite.
        up = (value / 2 - low / 2) / (high / 2 - low / 2) if high / 2 > low / 2 else 0.5
        return round(LEFT + across * (RIGHT - LEFT), 1), round(BOTTOM - up * (BOTTOM - TOP), 1)

    spots = [[place(*point) for point in points] for points in drawn]
    return Curve(
        title,
        [" ".join(f"{x},{y}" for x, y in line) for line in spots],
        tick(low),
        tick(high),
        first,
        last,
        ", ".join(number(points[-1][1]) for points in drawn),
        [line[-1] for line in spots],
    )


def _thinned(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most `POINTS` of them and the last."""
    left = points[:: -(-len(points) // POINTS)]
    return left if left[-1] == points[-1] else [*left, points[-1]]


@dataclass(frozen=True)
class Plot:
    """A measure at a few places: dots with their names, joined.

    Attributes:
        title: The measure.
        across: What the horizontal axis is, and what the dots' names are.
        dots: In the chart's coordinates.
        names: Of the dots, in their order.
        low: The least value, as text.
        high: The greatest, as text.
        left: Where the horizontal axis begins, as text.
        right: Where it ends.
        zero: Where a value of nothing is; None if it is not marked.
        law: A fitted curve as "x,y x,y …"; empty without one.
        joined: Whether a line joins the dots.
    """

    title: str
    across: str
    dots: list[Point]
    names: list[str]
    low: str
    high: str
    left: str
    right: str
    zero: float | None = None
    law: str = ""
    joined: bool = True

    @property
    def line(self) -> str:
        """The dots joined; empty if they are not."""
        if not self.joined:
            return ""
        return " ".join(f"{x},{y}" for x, y in self.dots)


@dataclass(frozen=True)
class Scale:
    """From values to the chart's coordinates; a range of nothing is drawn at its beginning."""

    left: float
    right: float
    low: float
    high: float

    def __call__(self, across: float, value: float) -> Point:
        """The place of a value."""
        x = LEFT + (across - self.left) / ((self.right - self.left) or 1.0) * (RIGHT - LEFT)
        y = BOTTOM - (value - self.low) / ((self.high - self.low) or 1.0) * (BOTTOM - TOP)
        return round(x, 1), round(y, 1)


@dataclass(frozen=True, slots=True)
class Interval:
    """A share with its interval, on an axis from 0 to 1."""

    label: str
    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """The figures in words."""
        return f"{share(self.value)} ({ends(share(self.low), share(self.high))})"


def intervals(section: Mapping[str, Any]) -> list[Interval]:
    """Every share of a section that has an interval."""
    return [
        Interval(label(name), figure["value"], figure["low"], figure["high"])
        for name, figure in section.items()
        if is_share(name)
        and is_interval(figure)
        and 0.0 <= figure["low"] <= figure["value"] <= figure["high"] <= 1.0
    ]
