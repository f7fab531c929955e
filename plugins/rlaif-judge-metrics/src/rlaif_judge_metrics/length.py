"""Whether the longer response wins, and whether it still does at equal quality."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np

from rlaif_core.api.records import JudgedPair
from rlaif_judge_metrics.estimate import Findings, Measured, NotMeasured
from rlaif_judge_metrics.vote_table import Ballots
from rlaif_stats.length_control import longer_win_rate, longer_win_rate_at_equal_quality
from rlaif_stats.outcomes import sides

EQUAL_LENGTHS = "no decided pair has responses of different lengths"
AT_EQUAL_QUALITY = "longer_win_rate_at_equal_quality"
NO_OTHER_MEASURE = (
    "nothing but the judge itself says how good these responses are: give labels with the pairs, "
    "or a source that knows the truth and an evaluator"
)


def length(ballots: Ballots) -> Findings:
    """The win rate of the longer response, by the side of each pair's label."""
    known = ~(np.isnan(ballots.longer) | np.isnan(ballots.label))
    differs = known & (ballots.longer != 0.0)
    found: Findings = {AT_EQUAL_QUALITY: NotMeasured(NO_OTHER_MEASURE)}
    if not differs.any():
        found["longer_win_rate"] = NotMeasured(EQUAL_LENGTHS)
        return found
    won = sides(ballots.label[differs]) / 2.0 + 0.5
    rate = longer_win_rate(won, ballots.longer[differs], ballots.prompt[differs])
    found["longer_win_rate"] = Measured(rate)
    return found


def at_equal_quality(
    judged: Iterable[tuple[JudgedPair, float | None]], by: str
) -> Measured | NotMeasured:
    """The win rate of the longer response at equal quality.

    As AlpacaEval 2 reads a win rate at equal length from a logistic of the win on the difference
    in length (Dubois et al. 2404.04475), this reads the longer one's at equal quality from a
    logistic on the difference in quality; see `stats.length_control`.

    Args:
        judged: The pairs, those of a prompt together, and how much better A is than B by a
            measure the judge has no part in, in any unit; None where that does not know. Read
            once.
        by: What that measure is.
    """
    label, longer, better, prompts = array("d"), array("q"), array("d"), array("q")
    prompt, number = "", 0
    for pair, difference in judged:
        if pair.prompt.id != prompt:
            prompt, number = pair.prompt.id, number + 1
        lengths = len(pair.a.text) - len(pair.b.text)
        if pair.p_a is not None and lengths and difference is not None:
            label.append(pair.p_a)
            longer.append(lengths)
            better.append(difference)
            prompts.append(number)
    if not label:
        return NotMeasured(f"{EQUAL_LENGTHS} whose quality is known by {by}")
    won = sides(np.array(label)) / 2.0 + 0.5
    rate = longer_win_rate_at_equal_quality(
        won, np.array(longer), np.array(better), np.array(prompts)
    )
    return Measured(rate.win_rate, {"by": by})
