"""Counts of a round's verdicts, made in one pass over its pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rlaif_core.runs import PairOutline
from rlaif_report.charts import TENTHS, Histogram, tenth
from rlaif_report.figures import Figure, figures, number, show
from rlaif_report.judge_quality import STRUCTURED, Quality, alarms, qualities
from rlaif_report.outlines import decided_by_people, sided


@dataclass
class JudgeCounts:
    """Counts over a round's pairs; give it every `PairOutline` once."""

    pairs: int = 0
    decided: int = 0
    verdicts: int = 0
    abstentions: int = 0
    unchosen: int = 0
    """Decided pairs that became no candidate preference."""
    ties: int = 0
    """Those among them that the judge left tied."""
    people_ties: int = 0
    """Those among them that people called a tie."""
    _p_first: Counter[int] = field(default_factory=Counter)
    _agreement: Counter[int] = field(default_factory=Counter)

    def add(self, outline: PairOutline, *, candidate: bool) -> None:
        """Count one pair, which is a candidate preference or is not."""
        self.pairs += 1
        self.decided += outline.p_a is not None
        if outline.p_a is not None and not candidate:
            self.unchosen += 1
            by_people = decided_by_people(outline)
            self.ties += outline.p_a == 0.5 and not by_people
            self.people_ties += by_people
        for _, _, p in outline.votes:
            if p is None:
                self.abstentions += 1
            else:
                self.verdicts += 1
                self._p_first[tenth(p)] += 1
        if outline.agreement is not None and sided(outline) > 1:
            self._agreement[tenth(outline.agreement)] += 1

    @property
    def histograms(self) -> list[Histogram]:
        """Distributions of verdicts and of agreement; empty without verdicts."""
        if not self.verdicts:
            return []
        drawn = [
            Histogram(
                "Verdicts by confidence",
                "probability that the response shown first is better",
                tuple(self._p_first[index] for index in range(TENTHS)),
            ),
            Histogram(
                "Pairs by agreement",
                "share of the verdicts asked that are on the majority's side",
                tuple(self._agreement[index] for index in range(TENTHS)),
            ),
        ]
        return [chart for chart in drawn if chart.total]


@dataclass(frozen=True)
class JudgeView:
    """The judge's part of a round.

    Attributes:
        alarms: What is wrong with it.
        qualities: How far it can be trusted, for each split.
        figures: What else was found out about it.
        abstentions: (reason, count), most frequent first.
        histograms: See `JudgeCounts.histograms`.
    """

    alarms: list[str]
    qualities: list[Quality]
    figures: list[Figure]
    abstentions: list[tuple[str, int]]
    histograms: list[Histogram]


COUNTED = (
    ("agreement", "agreement_pairs", "agreement_of_votes"),
    ("gold_accuracy", "gold_comparisons", "gold_accuracy"),
)
"""A figure, the number of pairs that it stands on, and the name under which both are shown."""


def judge_view(section: Mapping[str, Any], tally: JudgeCounts) -> JudgeView:
    """Put a round's `judge` section of metrics.json and its counts together."""
    reasons = section.get("abstentions")
    counted = dict(reasons) if isinstance(reasons, Mapping) else {}
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return JudgeView(
        alarms(section),
        qualities(section),
        figures(unstructured(section)),
        ordered,
        tally.histograms,
    )


def unstructured(section: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a `judge` section beyond its metrics and abstentions, none twice."""
    measures = section.get("measures")
    train = measures.get("train") if isinstance(measures, Mapping) else None
    shown = STRUCTURED | {"abstentions"} | (train.keys() if isinstance(train, Mapping) else set())
    left = {name: value for name, value in section.items() if name not in shown}
    found: dict[str, Any] = {}
    for name, count, called in COUNTED:
        value, pairs = left.pop(name, None), left.pop(count, None)
        if value is not None:
            basis = "" if pairs is None else f" on {number(pairs)} pairs"
            found[called] = f"{show(name, value)}{basis}"
    return found | left
