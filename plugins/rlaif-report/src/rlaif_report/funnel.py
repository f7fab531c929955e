"""From responses to preferences: the counts of each step, and the losses in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rlaif_core.runs.reasons import DUPLICATE, NO_PAIR, NO_RESPONSE, NOT_COMPARED, TIED, UNDECIDED
from rlaif_report.judge import JudgeCounts

RESPONSES, COMPARISONS, PAIRS = "responses", "comparisons", "pairs"
CANDIDATES, KEPT = "Candidate preferences", "Preferences kept"
SHOWN = 200
"""Reasons listed one by one; a plugin that writes a new one for each pair shall not fill a page."""


@dataclass(frozen=True)
class Counted:
    """Counts of a round's way to preferences, from the ledger and metrics.json.

    Attributes:
        section: The round in metrics.json.
        tally: The counts of its pairs.
        losses: Count by reason of what never became a candidate preference.
        dropped: Count by reason of the candidates that were dropped, the filter named in it.
        sampled: Whether the run drew the responses itself.
    """

    section: Mapping[str, Any]
    tally: JudgeCounts
    losses: Mapping[str, int]
    dropped: Mapping[str, int]
    sampled: bool

    @property
    def selected(self) -> bool:
        """True once preferences were selected."""
        return self.section.get("preferences") is not None

    def of(self, name: str) -> int:
        """A count of the section; 0 if it has none."""
        return int(self.section.get(name) or 0)


@dataclass(frozen=True)
class Step:
    """One step of the funnel.

    Attributes:
        name: What is left here.
        unit: What is counted: responses, comparisons or pairs.
        count: How many.
        losses: Why something did not get here from the step before: count by reason.
        asides: Counts by reason of something that is counted in another unit.
        whole: Count of the first step with the same unit, which bars are drawn against.
    """

    name: str
    unit: str
    count: int
    losses: Mapping[str, int]
    asides: Mapping[str, int]
    whole: int = 0

    @property
    def share(self) -> float:
        """Share of the first step with the same unit that is left here, in [0, 1]."""
        return min(1.0, self.count / self.whole) if self.whole else 0.0

    @property
    def listed(self) -> list[tuple[str, int]]:
        """The most frequent reasons, at most 200."""
        return sorted(self.losses.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]

    @property
    def unlisted(self) -> tuple[int, int]:
        """(reasons, things lost) beyond those."""
        listed = self.listed
        lost = sum(self.losses.values()) - sum(count for _, count in listed)
        return len(self.losses) - len(listed), lost


def funnel(counted: Counted) -> list[Step]:
    """The steps of one round, as far as it has come."""
    steps = [*_responses(counted), *_verdicts(counted)]
    if counted.tally.pairs:
        steps += _pairs(counted)
    if counted.selected:
        dropped = counted.dropped if counted.tally.pairs else counted.section.get("dropped") or {}
        steps.append(_step(KEPT, PAIRS, counted.of("preferences"), dropped))
    wholes: dict[str, int] = {}
    return [replace(step, whole=wholes.setdefault(step.unit, step.count)) for step in steps]


def _responses(counted: Counted) -> Iterator[Step]:
    if not counted.sampled:
        return
    responses = counted.of("responses")
    silent = {"prompts without a response": counted.losses.get(NO_RESPONSE, 0)}
    yield _step("Responses", RESPONSES, responses, {}, silent)
    duplicates = counted.losses.get(DUPLICATE, 0)
    equal = {"equal to another response to the same prompt": duplicates}
    if duplicates:
        yield _step("Distinct responses", RESPONSES, responses - duplicates, equal)


def _verdicts(counted: Counted) -> Iterator[Step]:
    yield _step("Comparisons asked", COMPARISONS, counted.of("comparisons"), {})
    judge = counted.section.get("judge")
    reasons = judge.get("abstentions") if isinstance(judge, Mapping) else None
    named = {f"abstained: {reason}": count for reason, count in (reasons or {}).items()}
    abstained = named or {"abstained": counted.of("abstentions")}
    yield _step("Verdicts", COMPARISONS, counted.of("verdicts"), abstained)


def _pairs(counted: Counted) -> Iterator[Step]:
    tally = counted.tally
    yield _step("Pairs judged", PAIRS, tally.pairs, {})
    undecided = {"every vote abstained": tally.pairs - tally.decided}
    yield _step("Pairs decided", PAIRS, tally.decided, undecided)
    if not counted.selected:
        return
    elsewhere = {DUPLICATE, NO_RESPONSE, NO_PAIR, NOT_COMPARED, UNDECIDED, TIED}
    lost = {why: count for why, count in counted.losses.items() if why not in elsewhere}
    lost["tie: the judge prefers neither"] = tally.ties
    lost["tie: people prefer neither"] = tally.people_ties
    lost["not chosen by the pairing"] = max(0, tally.unchosen - sum(lost.values()))
    asides = {
        "prompts left without a training pair": counted.losses.get(NO_PAIR, 0),
        "chosen pairs that were never compared": counted.losses.get(NOT_COMPARED, 0),
    }
    yield _step(CANDIDATES, PAIRS, tally.decided - tally.unchosen, lost, asides)


def _step(
    name: str,
    unit: str,
    count: int,
    losses: Mapping[str, int],
    asides: Mapping[str, int] | None = None,
) -> Step:
    def known(counts: Mapping[str, int]) -> dict[str, int]:
        return {why: number for why, number in counts.items() if number}

    return Step(name, unit, count, known(losses), known(asides or {}))
