"""`rlaif compare`: policies against each other, pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rlaif_report.figures import ends, is_interval, number, show, signed


@dataclass(frozen=True, slots=True)
class ContestRow:
    """Two policies.

    Attributes:
        a: The name of one.
        b: The name of the other.
        win_rate: Of A over B, with its interval.
        at_equal_length: The same with length held equal.
        prompts: How many both answered.
        ties: Of these.
        abstentions: Of these, without a verdict.
        gold_gain: A's mean gold score less B's, with its interval; empty without a known truth.
    """

    a: str
    b: str
    win_rate: str
    at_equal_length: str
    prompts: str
    ties: str
    abstentions: str
    gold_gain: str


@dataclass(frozen=True)
class Contests:
    """All of them.

    Attributes:
        rows: One for each two policies.
        gold: (policy, mean gold score with its interval), where the truth is known.
    """

    rows: Sequence[ContestRow]
    gold: Sequence[tuple[str, str]]


def contests(found: Sequence[Mapping[str, Any]], gold: Mapping[str, Any]) -> Contests:
    """The `contests` and `gold_score` of metrics.json as the page shows them."""
    return Contests(
        [_row(contest) for contest in found],
        [(name, _estimate("gold_score", score)) for name, score in gold.items()],
    )


def _row(contest: Mapping[str, Any]) -> ContestRow:
    return ContestRow(
        str(contest.get("a", "")),
        str(contest.get("b", "")),
        show("win_rate", contest.get("win_rate")),
        show("win_rate", contest.get("win_rate_length_controlled")),
        number(contest.get("prompts")),
        number(contest.get("ties")),
        number(contest.get("abstentions")),
        _gain(contest.get("gold_gain")),
    )


def _estimate(name: str, estimate: Mapping[str, Any]) -> str:
    """The value with its interval, alone where a single prompt leaves none."""
    return show(name, estimate) if is_interval(estimate) else number(estimate.get("value"))


def _gain(estimate: Mapping[str, Any] | None) -> str:
    if estimate is None:
        return ""
    value = signed(estimate["value"])
    if not is_interval(estimate):
        return value
    return f"{value} ({ends(signed(estimate['low']), signed(estimate['high']))})"
