"""One round as the page shows it; all its pairs are passed once, for counts and for the browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rlaif_core.runs import Run
from rlaif_report.charts import Interval, intervals
from rlaif_report.figures import Figure, figures
from rlaif_report.funnel import CANDIDATES, Counted, Step, funnel
from rlaif_report.judge import JudgeCounts, JudgeView, judge_view, unstructured
from rlaif_report.judge_quality import lines_by_label
from rlaif_report.metric_records import NOT_MEASURED, RECORDS, MetricGroup, metric_groups
from rlaif_report.outlines import fates
from rlaif_report.sample import (
    Sample,
    SeenPair,
    contest_outcomes,
    heldout_outcomes,
    policies,
    training_outcomes,
)
from rlaif_report.training import Training, final_figures, training

SECTIONS = ("judge", "reward_model", "optimize", "policy")
COUNTS = frozenset(
    {"round", "responses", "comparisons", "verdicts", "abstentions", "preferences", "dropped"}
)
MISSING = ("_abstentions", "_unmeasured", "_failed")
"""Ends of the names that count what could not be measured."""
CELL = 60
"""Characters that fit into a column beside others; what is longer stands with its round."""


@dataclass(frozen=True)
class RoundView:
    """One round.

    Attributes:
        number: From 0.
        steps: The funnel.
        judge: What is known of the judge.
        reward_model: The reward model's training.
        optimizer: The policy's training.
        policy: What was measured of the policy.
        intervals: The policy's estimates with their intervals.
        more: Figures of evaluators in sections of their own: (section, figures).
        policy_metrics: The policy's metrics that have records; None if it has none.
        metrics: Other metrics that have records, by group.
    """

    number: int
    steps: list[Step]
    judge: JudgeView
    reward_model: Training
    optimizer: Training
    policy: list[Figure]
    intervals: list[Interval]
    more: list[tuple[str, list[Figure]]]
    policy_metrics: MetricGroup | None
    metrics: list[MetricGroup]

    @property
    def candidates(self) -> int | None:
        """Number of candidate preferences, if any were selected."""
        return next((step.count for step in self.steps if step.name == CANDIDATES), None)


def round_view(section: Mapping[str, Any], run: Run, sample: Sample, *, sampled: bool) -> RoundView:
    """Make one round's view.

    Args:
        section: The round in metrics.json.
        run: The run.
        sample: Is shown every pair of the round.
        sampled: Whether the run drew the responses itself.
    """
    number = int(section.get("round") or 0)
    tally = JudgeCounts()
    _pass_pairs(run, number, tally, sample)
    losses = {row.reason: row.total for row in run.excluded(number)}
    dropped = {f"{row.reason} ({row.stage})": row.total for row in run.dropped(number)}
    groups = {group.name: group for group in metric_groups(section)}
    section = _without_recorded(section, groups)
    policy = _section(section, "policy")
    own = {
        name: value
        for name, value in section.items()
        if value and name not in COUNTS | {RECORDS, NOT_MEASURED} and name not in SECTIONS
        if isinstance(value, Mapping)
    }
    return RoundView(
        number,
        funnel(Counted(section, tally, losses, dropped, sampled)),
        judge_view(_section(section, "judge"), tally),
        training(section, run, number, "reward_model"),
        training(section, run, number, "optimize"),
        figures(_measured(policy)),
        intervals(policy),
        [(name, figures(value)) for name, value in own.items()],
        groups.pop("policy", None),
        list(groups.values()),
    )


def _without_recorded(
    section: Mapping[str, Any], groups: Mapping[str, MetricGroup]
) -> Mapping[str, Any]:
    """The section without the figures that are shown by their records."""
    left = dict(section)
    for name, group in groups.items():
        recorded = {metric.name for metric in group.metrics}
        figures = _section(section, name)
        left[name] = {
            key: value
            for key, value in figures.items()
            if key not in recorded and key.partition("/")[0] not in recorded
        }
    return left


def _measured(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a policy, counts of what is missing last."""
    return {name: policy[name] for name in sorted(policy, key=lambda name: name.endswith(MISSING))}


def _pass_pairs(run: Run, number: int, tally: JudgeCounts, sample: Sample) -> None:
    known = fates(run, number)
    contestants = run.authors(number) if run.is_comparison else None
    for pair in run.pairs(number):
        tally.add(pair, candidate=(pair.prompt_id, frozenset((pair.a, pair.b))) in known)
        if contestants is None:
            outcomes = training_outcomes(pair, known)
        else:
            outcomes = contest_outcomes(pair, contestants)
        sample.add(SeenPair(number, "train", pair, outcomes))
    authors = {
        id_: author
        for author, round_index, split in policies(number)
        for id_ in run.authors(round_index, split)
    }
    for pair in run.pairs(number, "evaluation"):
        sample.add(SeenPair(number, "evaluation", pair, heldout_outcomes(pair, authors)))


def _section(section: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = section.get(name)
    return found if isinstance(found, Mapping) else {}


def side_by_side(sections: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """(figure, its text in each round) of everything any round measured; "" where it did not."""
    columns = [dict(_cells(section)) for section in sections]
    labels = dict.fromkeys(name for column in columns for name in column)
    return [(name, [column.get(name, "") for column in columns]) for name in labels]


def _cells(section: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    groups = {group.name: group for group in metric_groups(section)}
    for group in groups.values():
        yield from ((metric.label, metric.text) for metric in group.metrics)
    section = _without_recorded(section, groups)
    for name, value in section.items():
        if name == "judge":
            judge = _section(section, "judge")
            yield from ((f"Judge: {name}", text) for name, text in lines_by_label(judge))
            value = unstructured(judge)
        if name in {"reward_model", "optimize"}:
            value = final_figures(section, name)
        if name not in {"round", "dropped", RECORDS, NOT_MEASURED}:
            lines = figures({name: value})
            yield from ((line.label, line.text) for line in lines if len(line.text) <= CELL)
