"""Figures as people read them: names, percentages, intervals, durations.

metrics.json is open: evaluators add what they measure. So any mapping can be shown, and the
tables here only make what is known look better.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from rlaif_report.metric_labels import A_SHARE, is_share, label

NOT_MEASURED = "not measured"
PERCENT = "\u00a0%"

SUMMARY = "summary"
"""A stage's phrase for the progress line; its figures say the same."""

INTERVAL = frozenset({"value", "low", "high"})
CHANGE = frozenset({"before", "after"})
LIMIT = frozenset({"value", "limit", "tripped"})
"""A guard's measure."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a table of figures."""

    name: str
    label: str
    text: str


def share(value: Any) -> str:
    """A share in [0, 1] as a percentage."""
    return f"{100 * value:.1f}{PERCENT}" if is_number(value) else NOT_MEASURED


def ends(low: str, high: str) -> str:
    """The two ends of an interval; a percent sign stands once."""
    return f"{low.removesuffix(PERCENT)} to {high}"


def number(value: Any) -> str:
    """A number with three or four figures that matter; counts in full."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not is_number(value):
        return NOT_MEASURED
    if isinstance(value, int) or value == int(value):
        text = f"{int(value):,}"
    elif 0.01 <= abs(value) < 1000:
        text = f"{value:.3f}"
    else:
        mantissa, _, exponent = f"{value:.3g}".partition("e")
        text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
    return text.replace("-", "−")


def signed(value: float) -> str:
    """A difference, its sign always there."""
    return f"{value:+.3f}".replace("-", "−")


def money(value: Any) -> str:
    """US dollars; small sums with the figures that matter."""
    if not is_number(value):
        return NOT_MEASURED
    return f"${value:,.2f}" if value == 0 or value >= 1 else f"${value:.3g}"


def duration(seconds: Any) -> str:
    """A length of time in its two largest units."""
    if not is_number(seconds):
        return NOT_MEASURED
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def show(name: str, value: Any) -> str:
    """Any JSON value of the figure `name`, as a phrase."""
    if isinstance(value, Mapping):
        if is_interval(value):
            shown = {key: _one(name, item) for key, item in value.items() if key in INTERVAL}
            return f"{shown['value']} ({ends(shown['low'], shown['high'])})"
        if is_change(value):
            before, after = value["before"], value["after"]
            return f"{number(before)} → {number(after)} ({signed(after - before)})"
        if value.keys() >= LIMIT:
            tripped = ", tripped" if value["tripped"] else ""
            return f"{number(value['value'])} (limit {number(value['limit'])}{tripped})"
        return ", ".join(
            f"{label(str(key))}: {show(str(key), item)}" for key, item in value.items()
        )
    if isinstance(value, list | tuple):
        return ", ".join(show(name, item) for item in value)
    return _one(name, value)


def tick(value: float) -> str:
    """A number on an axis, at most eight characters wide."""
    if value == 0 or 0.001 <= abs(value) < 1000:
        text = f"{value:.3g}"
    elif abs(value) < 100_000 and value == int(value):
        text = f"{int(value):,}"
    else:
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def figures(section: Mapping[str, Any]) -> list[Figure]:
    """The lines of a section, nested sections spelled out."""
    return list(_lines(section, "", shares=False))


def is_number(value: Any) -> TypeGuard[float]:
    """True for a finite number (and no boolean)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_interval(value: Any) -> TypeGuard[Mapping[str, float]]:
    """True for an estimate with its interval, all three known."""
    return _holds(value, INTERVAL)


def is_change(value: Any) -> TypeGuard[Mapping[str, float]]:
    """True for a value before and after, both known."""
    return _holds(value, CHANGE)


def _holds(value: Any, keys: frozenset[str]) -> bool:
    return (
        isinstance(value, Mapping)
        and keys <= value.keys()
        and all(is_number(value[key]) for key in keys)
    )


def _one(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if name == "usd":
        return money(value)
    return share(value) if is_share(name) and isinstance(value, float) else number(value)


def _lines(section: Mapping[str, Any], parent: str, *, shares: bool) -> Iterator[Figure]:
    for name, value in with_intervals(section).items():
        if name == SUMMARY:
            continue
        named = f"{parent}{label(name)}"
        if isinstance(value, Mapping) and not _is_leaf(value):
            yield from _lines(value, f"{named}: ", shares=shares or is_share(name))
        else:
            shown_as = A_SHARE if shares else name
            yield Figure(name, named, show(shown_as, value))


def with_intervals(section: Mapping[str, Any]) -> dict[str, Any]:
    """The same section, with `x`, `x_low` and `x_high` as one estimate."""
    found = dict(section)
    for name, value in section.items():
        bounds = {end: section.get(f"{name}_{end}") for end in ("low", "high")}
        if is_interval({"value": value, **bounds}):
            found[name] = {"value": value, **bounds}
            for end in bounds:
                found.pop(f"{name}_{end}", None)
    return found


def _is_leaf(value: Mapping[str, Any]) -> bool:
    return is_interval(value) or is_change(value) or value.keys() >= LIMIT
