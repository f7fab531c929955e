"""Outcomes of paired comparisons."""

from __future__ import annotations


def outcome(ours: float, theirs: float) -> float:
    """1 if ours is higher, 0 if theirs is, one half for a tie."""
    return 0.5 if ours == theirs else float(ours > theirs)
