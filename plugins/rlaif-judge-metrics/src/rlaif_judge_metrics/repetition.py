"""Repetition stability: agreement of a judge with itself when asked again."""

from __future__ import annotations

import numpy as np

from rlaif_core.api import Missing
from rlaif_judge_metrics.catalogue import Findings, metric
from rlaif_judge_metrics.vote_table import VoteTable
from rlaif_stats.intervals import win_rate
from rlaif_stats.outcomes import sides
from rlaif_stats.reliability import alpha_estimate

ASKED_ONCE = (
    "each question was asked once: `votes: 2` asks twice, of a judge that asks a model (any other "
    "one repeats itself)"
)
ALL_ABSTAINED = "every verdict abstained"


def repetition(table: VoteTable) -> Findings:
    """Stability and alpha over the votes on one pair in one order.

    An abstention was asked but agrees with nothing; where votes stop early, those asked count.
    """
    question = table.pair * 2 + table.swapped
    asked = np.bincount(question)
    repeated = asked >= 2
    if not repeated.any():
        return _missing(ASKED_ONCE)
    side = sides(table.p_a)
    counts = np.stack(
        [np.bincount(question[side == value], minlength=asked.size) for value in (-1.0, 0.0, 1.0)],
        axis=1,
    )[repeated]
    if not counts.any():
        return _missing(ALL_ABSTAINED)
    prompt = table.prompt[np.flatnonzero(repeated) // 2]
    shares = counts.max(axis=1) / asked[repeated]
    found: Findings = {
        "repetition_stability": metric("repetition_stability", win_rate(shares, prompt))
    }
    if (counts.sum(axis=1) >= 2).any():
        found["vote_alpha"] = metric("vote_alpha", alpha_estimate(counts, prompt))
    else:
        found["vote_alpha"] = Missing(
            "vote_alpha", "no question has two verdicts that are no abstentions"
        )
    return found


def _missing(reason: str) -> Findings:
    return {name: Missing(name, reason) for name in ("repetition_stability", "vote_alpha")}
