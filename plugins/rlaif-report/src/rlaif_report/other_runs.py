"""Agreement of a run's labels with those of another run on the same pairs."""

from __future__ import annotations

from array import array

import numpy as np

from rlaif_core.runs import Run, in_common
from rlaif_report.figures import ends, number, share
from rlaif_report.judge_quality import Line
from rlaif_stats.agreement import krippendorff_alpha
from rlaif_stats.outcomes import sides
from rlaif_stats.reliability import kappa_estimate

MODERATE = 0.4
"""Kappa below which agreement is less than moderate (Landis & Koch 1977)."""

FEWEST = 30
"""Pairs below which a low kappa may be chance and is not warned about."""


def against(run: Run, other: Run) -> tuple[str, Line | str]:
    """(the other run, Cohen's kappa of the two training judges, or why there is none)."""
    name = str(other.path)
    if not (run.has_ledger and other.has_ledger):
        return name, "one of the two runs has no ledger here"
    prompts, labels, others = array("q"), array("d"), array("d")
    prompt, cluster = "", 0
    for ours, theirs in in_common(run.labels(0), other.labels(0)):
        if ours.prompt_id != prompt:
            prompt, cluster = ours.prompt_id, cluster + 1
        prompts.append(cluster)
        labels.append(ours.p_first)
        others.append(theirs.p_first)
    if not prompts:
        return name, "the two runs have judged no pair in common"
    first, second = sides(np.array(labels)), sides(np.array(others))
    kappa = kappa_estimate(first, second, np.array(prompts))
    if not np.isfinite(kappa.value):
        return name, "every label is the same: chance alone would agree as much"
    same, alpha = float(np.mean(first == second)), krippendorff_alpha(np.stack([first, second]))
    return name, Line(
        "Agreement with another run, κ",
        f"{number(kappa.value)} ({ends(number(kappa.low), number(kappa.high))})",
        f"{number(kappa.n)} pairs, {share(same)} on the same side, α {number(alpha)}",
        "Cohen's κ of this run's labels and those of another on the pairs that both have judged.",
        kappa.n >= FEWEST and kappa.value < MODERATE,
    )
