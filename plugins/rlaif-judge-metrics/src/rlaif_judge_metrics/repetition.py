"""Whether a judge says the same when it is asked the same again."""

from __future__ import annotations

import numpy as np

from rlaif_judge_metrics.estimate import Findings, Measured, NotMeasured
from rlaif_judge_metrics.vote_table import Ballots
from rlaif_stats.intervals import win_rate
from rlaif_stats.outcomes import sides
from rlaif_stats.reliability import alpha_estimate

ASKED_ONCE = (
    "each question was asked once: `votes: 2` asks twice, of a judge that asks a model (any other "
    "one repeats itself)"
)
ALL_ABSTAINED = "every verdict abstained"


def repetition(ballots: Ballots) -> Findings:
    """Stability and alpha over the votes on one pair in one order.

    An abstention was asked but agrees with nothing; where votes stop early, those asked count.
    """
    question = ballots.pair * 2 + ballots.swapped
    asked = np.bincount(question)
    repeated = asked >= 2
    if not repeated.any():
        return dict.fromkeys(("repetition_stability", "vote_alpha"), NotMeasured(ASKED_ONCE))
    side = sides(ballots.p_a)
    counts = np.stack(
        [np.bincount(question[side == one], minlength=asked.size) for one in (-1.0, 0.0, 1.0)],
        axis=1,
    )[repeated]
    if not counts.any():
        return dict.fromkeys(("repetition_stability", "vote_alpha"), NotMeasured(ALL_ABSTAINED))
    prompt = ballots.prompt[np.flatnonzero(repeated) // 2]
    shares = counts.max(axis=1) / asked[repeated]
    found: Findings = {"repetition_stability": Measured(win_rate(shares, prompt))}
    if (counts.sum(axis=1) >= 2).any():
        found["vote_alpha"] = Measured(alpha_estimate(counts, prompt))
    else:
        found["vote_alpha"] = NotMeasured("no question has two verdicts that are no abstentions")
    return found
