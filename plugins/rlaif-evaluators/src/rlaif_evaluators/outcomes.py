"""Outcomes of paired comparisons, and their estimates as metrics.json holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlaif_stats.intervals import Estimate


def interval(estimate: Estimate) -> dict[str, float]:
    """An estimate's value and the ends of its 95 % interval."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def outcome(ours: float, theirs: float) -> float:
    """1 if ours is higher, 0 if theirs is, one half for a tie."""
    return 0.5 if ours == theirs else float(ours > theirs)
