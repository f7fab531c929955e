"""Position bias: verdicts against the order shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlaif_core.api import Metric, Missing
from rlaif_judge_metrics.catalogue import Findings, metric
from rlaif_judge_metrics.vote_table import VoteTable
from rlaif_stats.intervals import Estimate, mean_estimate, win_rate
from rlaif_stats.outcomes import sides

ONE_ORDER = (
    "no pair was shown in both orders: `orders: both` shows them so; a judge that scores responses "
    "one by one is shown no order"
)
NO_VERDICTS = "every verdict abstained"


def position(table: VoteTable) -> Findings:
    """Consistency, fairness and the first position's rate; prompts are what was sampled."""
    ab, ba = table.both_orders()
    if not ab.size:
        return {
            "position_consistency": Missing("position_consistency", ONE_ORDER),
            "preference_fairness": Missing("preference_fairness", ONE_ORDER),
            "first_position_rate": _at_random(table),
        }
    prompt = table.prompt_of_vote[ab]
    lean = sides(table.p_a[ab]) - sides(table.p_a[ba])
    both = np.concatenate([ab, ba])
    consistent = metric("position_consistency", win_rate((lean == 0.0).astype(float), prompt))
    silent = np.isnan(table.p_a[both]).all()
    return {
        "position_consistency": (
            Missing("position_consistency", NO_VERDICTS) if silent else consistent
        ),
        "preference_fairness": _fairness(lean, prompt),
        "first_position_rate": _first_rate(table, both),
    }


def _fairness(lean: NDArray[np.float64], prompt: NDArray[np.int64]) -> Metric | Missing:
    answered = ~np.isnan(lean)
    if not answered.any():
        return Missing("preference_fairness", "no pair has a verdict in both orders")
    mean = mean_estimate(-np.sign(lean[answered]), prompt[answered])
    bounded = Estimate(mean.value, max(-1.0, mean.low), min(1.0, mean.high), mean.n)
    return metric("preference_fairness", bounded)


def _at_random(table: VoteTable) -> Metric | Missing:
    """With one order a pair, drawn at random, quality cancels on average."""
    if table.swapped.all() or not table.swapped.any():
        return Missing(
            "first_position_rate",
            "every pair was shown as proposed, so that position and quality cannot be told "
            "apart: `orders: both` or `random` shows them otherwise; a judge that scores responses "
            "one by one is shown no order",
        )
    return _first_rate(table, np.arange(table.pair.size))


def _first_rate(table: VoteTable, verdicts: NDArray[np.int64]) -> Metric | Missing:
    first = np.where(table.swapped, -1.0, 1.0)[verdicts] * sides(table.p_a[verdicts])
    if np.isnan(first).all():
        return Missing("first_position_rate", NO_VERDICTS)
    return metric(
        "first_position_rate", win_rate(first / 2.0 + 0.5, table.prompt_of_vote[verdicts])
    )
