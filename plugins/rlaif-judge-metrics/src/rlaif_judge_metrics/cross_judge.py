"""Agreement of the training judge and the evaluation judge on pairs that both have judged."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np

from rlaif_core.api import Metric, Missing
from rlaif_core.runs import PairLabel, Run, in_common
from rlaif_judge_metrics.catalogue import metric
from rlaif_stats.agreement import krippendorff_alpha
from rlaif_stats.outcomes import sides
from rlaif_stats.reliability import kappa_estimate

SECOND = "second"
"""The split of the training pairs that the evaluation judge judged too."""


def evaluation_judge(run: Run, round_index: int) -> Metric | Missing:
    """Cohen's kappa of the training judge and the evaluation judge, which got a sample to judge."""
    name = "evaluation_judge_kappa"
    ours, theirs = (run.labels(round_index, split) for split in ("train", SECOND))
    agreement = _agreement(name, ours, theirs)
    if agreement is not None:
        return agreement
    if shown := sum(1 for _ in run.pairs(round_index, SECOND)):
        return Missing(name, f"the evaluation judge abstained on all {shown} pairs it was shown")
    return Missing(
        name,
        "no training pair was judged by a second judge: name one under evaluation.judge, with "
        "evaluation.second_opinions above 0",
    )


def _agreement(
    name: str, ours: Iterable[PairLabel], theirs: Iterable[PairLabel]
) -> Metric | Missing | None:
    prompts, first, second = array("q"), array("d"), array("d")
    prompt, number = "", 0
    for label, other in in_common(ours, theirs):
        if label.prompt_id != prompt:
            prompt, number = label.prompt_id, number + 1
        prompts.append(number)
        first.append(label.p_first)
        second.append(other.p_first)
    if not prompts:
        return None
    mine, others = sides(np.array(first)), sides(np.array(second))
    details = {
        "same_side": float(np.mean(mine == others)),
        "alpha": krippendorff_alpha(np.stack([mine, others])),
    }
    return metric(name, kappa_estimate(mine, others, np.array(prompts)), details)
