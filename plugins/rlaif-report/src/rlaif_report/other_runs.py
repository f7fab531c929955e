"""Agreement of a run's labels with those of another run on the same pairs."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np

from rlaif_core.runs import Run, in_common
from rlaif_report.figures import ends, number, share
from rlaif_report.judge_quality import Line
from rlaif_stats.agreement import krippendorff_alpha
from rlaif_stats.intervals import Estimate
from rlaif_stats.outcomes import sides
from rlaif_stats.reliability import kappa_estimate

MODERATE = 0.4
"""Kappa below which agreement is less than moderate (Landis & Koch 1977)."""

FEWEST = 30
"""Pairs below which a low kappa may be chance and is not warned about."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two runs' labels on the pairs that both have judged.

    Attributes:
        kappa: Cohen's kappa, its interval clustered by prompt.
        same_side: Share of the pairs with labels on the same side, in [0, 1].
        alpha: Krippendorff's alpha.
    """

    kappa: Estimate
    same_side: float
    alpha: float


def agreement(run: Run, other: Run) -> Agreement | str:
    """Agreement of the two training judges of round 0, or why there is none."""
    prompts, labels, others = array("q"), array("d"), array("d")
    prompt, cluster = "", 0
    for ours, theirs in in_common(run.labels(0), other.labels(0)):
        if ours.prompt_id != prompt:
            prompt, cluster = ours.prompt_id, cluster + 1
        prompts.append(cluster)
        labels.append(ours.p_first)
        others.append(theirs.p_first)
    if not prompts:
        return "the two runs have judged no pair in common"
    first, second = sides(np.array(labels)), sides(np.array(others))
    kappa = kappa_estimate(first, second, np.array(prompts))
    if not np.isfinite(kappa.value):
        return "every label is the same: chance alone would agree as much"
    same = float(np.mean(first == second))
    return Agreement(kappa, same, krippendorff_alpha(np.stack([first, second])))


def against(run: Run, other: Run) -> tuple[str, Line | str]:
    """(the other run, the agreement with it as a line, or why there is none)."""
    name = str(other.path)
    if not (run.has_ledger and other.has_ledger):
        return name, "one of the two runs has no ledger here"
    found = agreement(run, other)
    if isinstance(found, str):
        return name, found
    kappa, same, alpha = found.kappa, found.same_side, found.alpha
    return name, Line(
        "Agreement with another run, κ",
        f"{number(kappa.value)} ({ends(number(kappa.low), number(kappa.high))})",
        f"{number(kappa.n)} pairs, {share(same)} on the same side, α {number(alpha)}",
        "Cohen's κ of this run's labels and those of another on the pairs that both have judged.",
        kappa.n >= FEWEST and kappa.value < MODERATE,
    )
