"""How far two judges agree, or one with itself in another run, on pairs that both have judged."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import numpy as np

from rlaif_core.runs import PairLabel, in_common
from rlaif_core.store.ledger import Reader
from rlaif_judge_metrics.estimate import Measured, NotMeasured
from rlaif_stats.agreement import krippendorff_alpha
from rlaif_stats.outcomes import sides
from rlaif_stats.reliability import kappa_estimate

SECOND = "second"
"""The split of the training pairs that the evaluation judge judged too."""


def evaluation_judge(ledger: Reader, round: int) -> Measured | NotMeasured:
    """Cohen's kappa of the training judge and the evaluation judge, which got a sample to judge."""
    ours, theirs = (ledger.labels(round, split) for split in ("train", SECOND))
    found = _agreement(ours, theirs)
    if found is not None:
        return found
    if shown := ledger.counts(round, SECOND)["pairs"]:
        return NotMeasured(f"the evaluation judge abstained on all {shown} pairs it was shown")
    return NotMeasured(
        "no training pair was judged by a second judge: name one under evaluation.judge, with "
        "evaluation.second_opinions above 0"
    )


def other_run(ledger: Reader, other: Reader, round: int) -> Measured | NotMeasured:
    """Cohen's kappa of the training judges of two runs."""
    ours, theirs = (one.labels(round, "train") for one in (ledger, other))
    return _agreement(ours, theirs) or NotMeasured("the two runs have judged no pair in common")


def _agreement(ours: Iterator[PairLabel], theirs: Iterator[PairLabel]) -> Measured | None:
    prompts, one, other = array("q"), array("d"), array("d")
    prompt, number = "", 0
    for label, their in in_common(ours, theirs):
        if label.prompt_id != prompt:
            prompt, number = label.prompt_id, number + 1
        prompts.append(number)
        one.append(label.p_first)
        other.append(their.p_first)
    if not prompts:
        return None
    first, second = sides(np.array(one)), sides(np.array(other))
    told = {
        "same_side": float(np.mean(first == second)),
        "alpha": krippendorff_alpha(np.stack([first, second])),
    }
    return Measured(kappa_estimate(first, second, np.array(prompts)), told)
