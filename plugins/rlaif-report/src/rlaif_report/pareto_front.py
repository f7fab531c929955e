"""Averages of policies between rewards, and their rewards on two axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rlaif_report.charts import BOTTOM, LEFT, RIGHT, TOP
from rlaif_report.figures import is_number, number, tick

SOUP = "soup/"
"""Beginning of such figures: `soup/SHARES/REWARD`, SHARES like "helpful=0.25,safe=0.75"."""

RETURNED = "returned/"
"""Beginning of such figures: `returned/REWARD`, the share of the average that was returned."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One average.

    Attributes:
        x: Where it stands, in the chart's coordinates.
        y: The same, upward.
        shares: What it is made of, in words.
        across: What it earns of one reward, as text.
        upward: What it earns of the other.
        returned: Whether the training returned it.
    """

    x: float
    y: float
    shares: str
    across: str
    upward: str
    returned: bool


@dataclass(frozen=True)
class Front:
    """Two rewards against each other.

    Attributes:
        across: The reward on the horizontal axis.
        upward: The other.
        marks: The averages.
        ends: Least and greatest value across, then upward, as text.
    """

    across: str
    upward: str
    marks: list[Mark]
    ends: tuple[str, str, str, str]

    @property
    def line(self) -> str:
        """The marks joined, in the order of the first reward."""
        return " ".join(f"{mark.x},{mark.y}" for mark in sorted(self.marks, key=lambda m: m.x))


def front(section: Mapping[str, Any]) -> Front | None:
    """The front of an optimizer's figures; None if it averaged no policies of two rewards."""
    points: dict[str, dict[str, float]] = {}
    for key, value in section.items():
        if key.startswith(SOUP) and key.count("/") >= 2 and is_number(value):
            shares, name = key.removeprefix(SOUP).rsplit("/", 1)
            points.setdefault(shares, {})[name] = float(value)
    names = list(dict.fromkeys(name for rewards in points.values() for name in rewards))[:2]
    whole = {
        shares: rewards
        for shares, rewards in points.items()
        if all(name in rewards for name in names)
    }
    if len(names) < 2 or not whole:
        return None
    xs, ys = ([rewards[name] for rewards in whole.values()] for name in names)

    def place(value: float, values: list[float], start: float, end: float) -> float:
        low, high = min(values), max(values)
        return round(start + (value - low) / ((high - low) or 1.0) * (end - start), 1)

    marks = [
        Mark(
            place(x, xs, LEFT, RIGHT),
            place(y, ys, BOTTOM, TOP),
            _in_words(shares),
            number(x),
            number(y),
            _is_returned(shares, section),
        )
        for shares, x, y in zip(whole, xs, ys, strict=True)
    ]
    ends = (tick(min(xs)), tick(max(xs)), tick(min(ys)), tick(max(ys)))
    return Front(names[0], names[1], marks, ends)


def _in_words(shares: str) -> str:
    """`helpful=0.333333,safe=0.666667` for a reader: helpful 0.333, safe 0.667."""
    found = []
    for part in shares.split(","):
        name, _, share = part.partition("=")
        try:
            found.append(f"{name} {float(share):.3g}")
        except ValueError:
            found.append(part)
    return ", ".join(found)


def _is_returned(shares: str, section: Mapping[str, Any]) -> bool:
    """True for the shares of the average that the training returned."""
    returned = {
        key.removeprefix(RETURNED): share
        for key, share in section.items()
        if key.startswith(RETURNED) and is_number(share)
    }
    spelled = {f"{name}={share:g}" for name, share in returned.items()}
    return bool(spelled) and spelled == set(shares.split(","))
