"""Length bias: the longer response's win rate, plain and at equal quality."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np

from rlaif_core.api import JudgedPair, Metric, Missing
from rlaif_judge_metrics.catalogue import Findings, metric
from rlaif_judge_metrics.vote_table import VoteTable
from rlaif_stats.length_control import longer_win_rate, longer_win_rate_at_equal_quality
from rlaif_stats.outcomes import sides

EQUAL_LENGTHS = "no decided pair has responses of different lengths"
AT_EQUAL_QUALITY = "longer_win_rate_at_equal_quality"
NO_OTHER_MEASURE = (
    "nothing but the judge itself says how good these responses are: give labels with the pairs, "
    "or a source that knows the truth and an evaluator"
)


def length(table: VoteTable) -> Findings:
    """The win rate of the longer response, by the side of each pair's label."""
    known = ~(np.isnan(table.longer) | np.isnan(table.label))
    differs = known & (table.longer != 0.0)
    found: Findings = {AT_EQUAL_QUALITY: Missing(AT_EQUAL_QUALITY, NO_OTHER_MEASURE)}
    if not differs.any():
        found["longer_win_rate"] = Missing("longer_win_rate", EQUAL_LENGTHS)
        return found
    won = sides(table.label[differs]) / 2.0 + 0.5
    rate = longer_win_rate(won, table.longer[differs], table.prompt[differs])
    found["longer_win_rate"] = metric("longer_win_rate", rate)
    return found


def at_equal_quality(
    judged: Iterable[tuple[JudgedPair, float | None]], by: str
) -> Metric | Missing:
    """The win rate of the longer response at equal quality.

    As AlpacaEval 2 reads a win rate at equal length from a logistic of the win on the difference
    in length (Dubois et al. 2404.04475), this reads the longer one's at equal quality from a
    logistic on the difference in quality; see `rlaif_stats.length_control`.

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
        return Missing(AT_EQUAL_QUALITY, f"{EQUAL_LENGTHS} whose quality is known by {by}")
    won = sides(np.array(label)) / 2.0 + 0.5
    rate = longer_win_rate_at_equal_quality(
        won, np.array(longer), np.array(better), np.array(prompts)
    )
    return metric(AT_EQUAL_QUALITY, rate.win_rate, {"by": by})
