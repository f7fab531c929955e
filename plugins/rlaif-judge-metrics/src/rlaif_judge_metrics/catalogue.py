"""The judge metrics: meaning, unit and limits of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rlaif_core.api import Bounds, Metric, Missing
from rlaif_stats.intervals import Estimate

Findings = dict[str, "Metric | Missing"]


@dataclass(frozen=True)
class Described:
    """The fixed part of a metric.

    Attributes:
        label: A few words for a table's row.
        description: One plain sentence.
        items: Items that its `n` counts.
        share: Whether it is a share in [0, 1], shown in percent.
        bounds: When to warn; None where no value is bad in itself.
        headline: Whether the terminal's summary shows it.
    """

    label: str
    description: str
    items: str
    share: bool = True
    bounds: Bounds | None = None
    headline: bool = False


def _between(
    low: float,
    high: float,
    source: str,
    advice: str,
    neutral: float | None = None,
    p_value: float | None = None,
) -> Bounds:
    return Bounds(
        low=low, high=high, source=source, advice=advice, neutral=neutral, p_value=p_value
    )


OURS = "set by this project"
HALF = 0.1
"""How far from one half a rate may be that should be one half."""

CATALOGUE: Mapping[str, Described] = {
    "position_consistency": Described(
        "Same verdict in both orders",
        "Share of pairs on which swapping the two responses left the verdict on the same side; "
        "a pair with an abstention counts against it.",
        "pairs and votes",
        headline=True,
        bounds=_between(
            0.65,
            1.0,
            "GPT-4 had .65 and GPT-3.5 .46 in Zheng et al. 2306.05685",
            "the order decides many verdicts; both orders are averaged in the labels, but look at "
            "single comparisons before you train on them",
        ),
    ),
    "first_position_rate": Described(
        "First response preferred",
        "How often the response shown first won, a tie counting half; without position bias it is "
        "one half.",
        "verdicts",
        bounds=_between(
            0.5 - HALF,
            0.5 + HALF,
            OURS,
            "the judge goes by position: both orders average that out of the labels, one order "
            "does not, and close pairs are noise in either case",
            neutral=0.5,
        ),
    ),
    "preference_fairness": Described(
        "Preference fairness",
        "Which position is favoured where the two orders disagree, from −1 (always the first) to "
        "1 (always the last); 0 is fair (PF, Shi et al. 2406.07791, without its rescaling).",
        "pairs and votes",
        share=False,
    ),
    "repetition_stability": Described(
        "Same answer when asked again",
        "Mean share of the votes on one question that gave the most frequent answer (RS, Shi et "
        "al. 2406.07791).",
        "questions",
        bounds=_between(
            0.8,
            1.0,
            f"{OURS}; good judges have .89 to 1 in Shi et al. 2406.07791",
            "labels change from call to call; ask more votes, lower the temperature, or take a "
            "stronger judge",
        ),
    ),
    "vote_alpha": Described(
        "Agreement of repeated votes, α",
        "Krippendorff's α of the votes on one question: agreement beyond chance, 1 is perfect, 0 "
        "is chance.",
        "questions",
        share=False,
    ),
    "longer_win_rate": Described(
        "Longer response preferred",
        "How often the longer response of a pair won, in characters: length bias, though some of "
        "it may be quality.",
        "pairs",
    ),
    "longer_win_rate_at_equal_quality": Described(
        "Longer response preferred at equal quality",
        "Length bias at equal quality: the logistic of the win on the difference in quality by "
        "a measure the judge has no part in, read at a difference of 0.",
        "pairs",
        bounds=_between(
            0.5 - HALF,
            0.5 + HALF,
            OURS,
            "length itself is rewarded or punished; a policy trained on these labels will learn "
            "it, so filter or pair by length",
            neutral=0.5,
        ),
    ),
    "cycle_rate": Described(
        "Cycles",
        "Share of response triples in which each beats one and loses to one; a quarter if coins "
        "decided, and noise alone makes some.",
        "triples",
    ),
    "circularity": Described(
        "Circularity beyond noise",
        "How far the cycles keep their direction when votes are repeated: 0 for every judge who "
        "ranks, however noisily, 1 for one who votes in a circle.",
        "prompts",
        share=False,
        bounds=_between(
            -1.0,
            0.05,
            f"{OURS}, together with p < .01 in the test",
            "preferences run in circles, which no ranking, reward model or DPO can represent",
            p_value=0.01,
        ),
    ),
    "juror_alpha": Described(
        "Agreement of the jurors, α",
        "Krippendorff's α of the judges in the jury on the same pairs, each pooled over orders and "
        "votes.",
        "pairs",
        share=False,
        bounds=_between(
            0.667,
            1.0,
            "the least for tentative conclusions, Krippendorff (2004)",
            "the jurors do not mean the same thing; look at the pairs on which they differ, and "
            "at each one's accuracy",
        ),
    ),
    "principle_alpha": Described(
        "Agreement of the principles, α",
        "Krippendorff's α of the verdicts under each principle of the constitution, pooled over "
        "orders and votes.",
        "pairs",
        share=False,
    ),
    "evaluation_judge_kappa": Described(
        "Agreement with the evaluation judge, κ",
        "Cohen's κ of the training judge and the evaluation judge on the pairs that both saw.",
        "pairs",
        headline=True,
        share=False,
        bounds=_between(
            0.4,
            1.0,
            "moderate agreement begins at .41, Landis & Koch (1977)",
            "what is trained for is not what is measured",
        ),
    ),
    "near_duplicate_consistency": Described(
        "Same verdict on near-duplicate prompts",
        "Share of pairs of near-duplicate prompts, with the same two responses, that got verdicts "
        "on the same side.",
        "prompt pairs",
        bounds=_between(
            0.8,
            1.0,
            f"{OURS}, as for repeated votes",
            "the wording of a prompt moves the verdict; ask more votes or take a stronger judge",
        ),
    ),
}


def metric(
    name: str, estimate: Estimate, details: Mapping[str, Any] | None = None
) -> Metric | Missing:
    """A metric of the catalogue.

    A value that is not finite is no measurement: labels that are all alike have no kappa.
    """
    if not math.isfinite(estimate.value):
        return Missing(name, "every label is the same: chance alone would agree as much")
    described = CATALOGUE[name]
    ends = (estimate.low, estimate.high)
    low, high = ends if all(map(math.isfinite, ends)) else (None, None)
    return Metric(
        name=name,
        value=estimate.value,
        low=low,
        high=high,
        n=estimate.n,
        unit="share" if described.share else "",
        items=described.items,
        label=described.label,
        description=described.description,
        headline=described.headline,
        group="judge",
        chart="interval",
        details=details or {},
        bounds=described.bounds,
    )
