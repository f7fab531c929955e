"""From responses to preferences: what each step left, and what went where in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rlaif_core.engine.pairing import NO_PAIR, UNDECIDED
from rlaif_core.engine.round import DUPLICATE, NO_RESPONSE
from rlaif_core.report.judge import Tally

RESPONSES, COMPARISONS, PAIRS = "responses", "comparisons", "pairs"
SHOWN = 200
"""Reasons listed one by one; a plugin that writes a new one for each pair shall not fill a page."""

Loss = tuple[str, int]
"""A reason, with its count."""


@dataclass(frozen=True)
class Step:
    """One step of the funnel.

    Attributes:
        name: What is left here.
        unit: What is counted: responses, comparisons or pairs.
        count: How many.
        share: Of the first step of the same unit.
        losses: Why something did not get here from the step before.
        unlisted: (reasons, count) beyond the first 200.
    """

    name: str
    unit: str
    count: int
    share: float
    losses: Sequence[Loss]
    unlisted: tuple[int, int] = (0, 0)


def funnel(
    section: Mapping[str, Any],
    tally: Tally,
    losses: Sequence[tuple[str, str, int]],
    dropped: Sequence[tuple[str, str, int]],
    *,
    sampled: bool,
) -> list[Step]:
    """The steps of one round.

    Args:
        section: The round in metrics.json.
        tally: The counts of its pairs.
        losses: `Reader.losses` of the round.
        dropped: `OutlineReader.dropped` of the round.
        sampled: Whether the run drew the responses itself.
    """
    first: dict[str, int] = {}
    steps = []
    for name, unit, count, lost in _steps(section, tally, losses, dropped, sampled=sampled):
        reference = first.setdefault(unit, count) or 1
        hidden = lost[SHOWN:]
        unlisted = len(hidden), sum(one for _, one in hidden)
        steps.append(Step(name, unit, count, min(1.0, count / reference), lost[:SHOWN], unlisted))
    return steps


def _steps(
    section: Mapping[str, Any],
    tally: Tally,
    losses: Sequence[tuple[str, str, int]],
    dropped: Sequence[tuple[str, str, int]],
    *,
    sampled: bool,
) -> Iterator[tuple[str, str, int, list[Loss]]]:
    lost = {reason: count for _, reason, count in losses}
    duplicates = lost.pop(DUPLICATE, 0)
    silent, undecided = lost.pop(NO_RESPONSE, 0), lost.pop(UNDECIDED, 0)
    pairless = lost.pop(NO_PAIR, 0)
    responses = int(section.get("responses") or 0)
    if sampled:
        yield "Responses", RESPONSES, responses, _named({"prompts without a response": silent})
        if duplicates:
            named = _named({"equal to another response to the same prompt": duplicates})
            yield "Distinct responses", RESPONSES, responses - duplicates, named
    asked = int(section.get("comparisons") or 0)
    yield "Comparisons asked", COMPARISONS, asked, []
    reasons = (section.get("judge") or {}).get("abstentions")
    abstained = {f"abstained: {reason}": count for reason, count in (reasons or {}).items()}
    if not abstained:
        abstained = {"abstained": int(section.get("abstentions") or 0)}
    yield "Verdicts", COMPARISONS, int(section.get("verdicts") or 0), _named(abstained)
    kept = int(section.get("preferences") or 0)
    if not tally.pairs:
        why = section.get("dropped") or {}
        yield "Preferences kept", PAIRS, kept, _named(why)
        return
    yield "Pairs judged", PAIRS, tally.pairs, []
    silent_pairs = {"every vote abstained": tally.pairs - tally.decided}
    yield "Pairs decided", PAIRS, tally.decided, _named(silent_pairs)
