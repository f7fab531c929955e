"""What the order shown does to verdicts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlaif_judge_metrics.estimate import Findings, Measured, NotMeasured
from rlaif_judge_metrics.vote_table import Ballots
from rlaif_stats.intervals import Estimate, mean_estimate, win_rate
from rlaif_stats.outcomes import sides

ONE_ORDER = (
    "no pair was shown in both orders: `orders: both` shows them so; a judge that scores responses "
    "one by one is shown no order"
)
NO_VERDICTS = "every verdict abstained"


def position(ballots: Ballots) -> Findings:
    """Consistency, fairness and the first position's rate; prompts are what was sampled."""
    ab, ba = ballots.both_orders()
    if not ab.size:
        return {
            "position_consistency": NotMeasured(ONE_ORDER),
            "preference_fairness": NotMeasured(ONE_ORDER),
            "first_position_rate": _at_random(ballots),
        }
    prompt = ballots.prompt_of_vote[ab]
    lean = sides(ballots.p_a[ab]) - sides(ballots.p_a[ba])
    both = np.concatenate([ab, ba])
    consistent = Measured(win_rate((lean == 0.0).astype(float), prompt))
    silent = np.isnan(ballots.p_a[both]).all()
    return {
        "position_consistency": NotMeasured(NO_VERDICTS) if silent else consistent,
        "preference_fairness": _fairness(lean, prompt),
        "first_position_rate": _first_rate(ballots, both),
    }


def _fairness(lean: NDArray[np.float64], prompt: NDArray[np.int64]) -> Measured | NotMeasured:
    answered = ~np.isnan(lean)
    if not answered.any():
        return NotMeasured("no pair has a verdict in both orders")
    one = mean_estimate(-np.sign(lean[answered]), prompt[answered])
    return Measured(Estimate(one.value, max(-1.0, one.low), min(1.0, one.high), one.n))


def _at_random(ballots: Ballots) -> Measured | NotMeasured:
    """With one order a pair, drawn at random, quality cancels on average."""
    if ballots.swapped.all() or not ballots.swapped.any():
        return NotMeasured(
            "every pair was shown as proposed, so that position and quality cannot be told "
            "apart: `orders: both` or `random` shows them otherwise; a judge that scores responses "
            "one by one is shown no order"
        )
    return _first_rate(ballots, np.arange(ballots.pair.size))


def _first_rate(ballots: Ballots, verdicts: NDArray[np.int64]) -> Measured | NotMeasured:
    first = np.where(ballots.swapped, -1.0, 1.0)[verdicts] * sides(ballots.p_a[verdicts])
    if np.isnan(first).all():
        return NotMeasured(NO_VERDICTS)
    return Measured(win_rate(first / 2.0 + 0.5, ballots.prompt_of_vote[verdicts]))
