"""Every measure of a judge: what it says in a sentence, and from where on it is a warning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HELDOUT = "evaluation"
"""The split of the pairs that measure the policy."""

FEWEST = 30
"""Items below which a bad figure may be chance and is not warned about."""


@dataclass(frozen=True)
class Bounds:
    """Between what a figure should lie.

    Attributes:
        low: Warned about below.
        high: Warned about above.
        source: Who says so.
        advice: What it means to be outside, and what helps.
        neutral: If given, warned about only if the interval leaves out this value.
        p_value: If given, warned about only if the finding's own p-value is below.
    """

    low: float
    high: float
    source: str
    advice: str
    neutral: float | None = None
    p_value: float | None = None


@dataclass(frozen=True)
class Measure:
    """One measure.

    Attributes:
        label: What a page calls it.
        meaning: One plain sentence.
        unit: What its `n` counts.
        share: Whether it is a share in [0, 1], shown in percent.
        bounds: When to warn; None where no value is bad in itself.
    """

    label: str
    meaning: str
    unit: str
    share: bool = True
    bounds: Bounds | None = None


OURS = "set by this project"
HALF = 0.1
"""How far from one half a rate may be that should be one half."""

CATALOGUE: Mapping[str, Measure] = {
    "position_consistency": Measure(
        "Same verdict in both orders",
        "Share of pairs on which swapping the two responses left the verdict on the same side; "
        "a pair with an abstention counts against it.",
        "pairs and votes",
        bounds=Bounds(
            0.65,
            1.0,
            "GPT-4 had .65 and GPT-3.5 .46 in Zheng et al. 2306.05685",
            "the order decides many verdicts; both orders are averaged in the labels, but look at "
            "single comparisons before you train on them",
        ),
    ),
    "first_position_rate": Measure(
        "First response preferred",
        "How often the response shown first won, a tie counting half; without position bias it is "
        "one half.",
        "verdicts",
        bounds=Bounds(
            0.5 - HALF,
            0.5 + HALF,
            OURS,
            "the judge goes by position: both orders average that out of the labels, one order "
            "does not, and close pairs are noise in either case",
            neutral=0.5,
        ),
    ),
    "preference_fairness": Measure(
        "Preference fairness",
        "Which position is favoured where the two orders disagree, from −1 (always the first) to "
        "1 (always the last); 0 is fair (PF, Shi et al. 2406.07791, without its rescaling).",
        "pairs and votes",
        share=False,
    ),
    "repetition_stability": Measure(
        "Same answer when asked again",
        "Mean share of the votes on one question that gave the most frequent answer (RS, Shi et "
        "al. 2406.07791).",
        "questions",
        bounds=Bounds(
            0.8,
            1.0,
            f"{OURS}; good judges have .89 to 1 in Shi et al. 2406.07791",
            "labels change from call to call; ask more votes, lower the temperature, or take a "
            "stronger judge",
        ),
    ),
    "vote_alpha": Measure(
        "Agreement of repeated votes, α",
        "Krippendorff's α of the votes on one question: agreement beyond chance, 1 is perfect, 0 "
        "is chance.",
        "questions",
        share=False,
    ),
    "longer_win_rate": Measure(
        "Longer response preferred",
        "How often the longer response of a pair won, in characters; some of it may be quality.",
        "pairs",
    ),
    "longer_win_rate_at_equal_quality": Measure(
        "Longer response preferred at equal quality",
        "The same at equal quality: the logistic of the win on the difference in quality by a "
        "measure the judge has no part in, read at a difference of 0.",
        "pairs",
        bounds=Bounds(
            0.5 - HALF,
            0.5 + HALF,
            OURS,
            "length itself is rewarded or punished; a policy trained on these labels will learn "
            "it, so filter or pair by length",
            neutral=0.5,
        ),
    ),
    "cycle_rate": Measure(
        "Cycles",
        "Share of response triples in which each beats one and loses to one; a quarter if coins "
        "decided, and noise alone makes some.",
        "triples",
    ),
    "circularity": Measure(
        "Circularity beyond noise",
        "How far the cycles keep their direction when votes are repeated: 0 for every judge who "
        "ranks, however noisily, 1 for one who votes in a circle.",
        "prompts",
        share=False,
        bounds=Bounds(
            -1.0,
            0.05,
            f"{OURS}, together with p < .01 in the test",
            "preferences run in circles, which no ranking, reward model or DPO can represent",
            p_value=0.01,
        ),
    ),
    "juror_alpha": Measure(
        "Agreement of the jurors, α",
        "Krippendorff's α of the judges in the jury on the same pairs, each pooled over orders and "
        "votes.",
        "pairs",
        share=False,
        bounds=Bounds(
            0.667,
            1.0,
            "the least for tentative conclusions, Krippendorff (2004)",
            "the jurors do not mean the same thing; look at the pairs on which they differ, and "
            "at each one's accuracy",
        ),
    ),
    "principle_alpha": Measure(
        "Agreement of the principles, α",
        "Krippendorff's α of the verdicts under each principle of the constitution, pooled over "
        "orders and votes.",
        "pairs",
        share=False,
    ),
    "evaluation_judge_kappa": Measure(
        "Agreement with the evaluation judge, κ",
        "Cohen's κ of the training judge and the evaluation judge on the pairs that both saw.",
        "pairs",
        share=False,
        bounds=Bounds(
            0.4,
            1.0,
            "moderate agreement begins at .41, Landis & Koch (1977)",
            "what is trained for is not what is measured",
        ),
    ),
    "other_run_kappa": Measure(
        "Agreement with another run, κ",
        "Cohen's κ of this run's labels and those of another on the pairs that both have judged.",
        "pairs",
        share=False,
        bounds=Bounds(
            0.4,
            1.0,
            "moderate agreement begins at .41, Landis & Koch (1977)",
            "the labels are not those of another run; ask more votes, or find out what differs",
        ),
    ),
    "near_duplicate_consistency": Measure(
        "Same verdict on near-duplicate prompts",
        "Share of pairs of near-duplicate prompts, with the same two responses, that got verdicts "
        "on the same side.",
        "prompt pairs",
        bounds=Bounds(
            0.8,
            1.0,
            f"{OURS}, as for repeated votes",
            "the wording of a prompt moves the verdict; ask more votes or take a stronger judge",
        ),
    ),
}


def warnings(measures: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    """A line for each figure outside its bounds.

    Args:
        measures: Figures by split, then by name, as `judge.measures` of metrics.json.
    """
    return [
        f"on held-out pairs, {line}" if split == HELDOUT else line
        for split, figures in measures.items()
        for name, figure in figures.items()
        if (line := _warning(name, figure))
    ]


def _warning(name: str, figure: Mapping[str, Any]) -> str:
    known = CATALOGUE.get(name)
    value, items = _number(figure, "value"), _number(figure, "n")
    if known is None or known.bounds is None or not items >= FEWEST:
        return ""
    bounds, low, high = known.bounds, _number(figure, "low"), _number(figure, "high")
    if not (value < bounds.low or value > bounds.high):
        return ""
    if bounds.neutral is not None and low <= bounds.neutral <= high:
        return ""
    if bounds.p_value is not None and not _number(figure, "p_value") < bounds.p_value:
        return ""
    limit = f"below {bounds.low:g}" if value < bounds.low else f"above {bounds.high:g}"
    ends = "" if math.isnan(low + high) else f" [{low:.3f}, {high:.3f}]"
    return (
        f"{known.label.lower()}: {value:.3f}{ends} on {items:,.0f} {known.unit}, {limit}: "
        f"{bounds.advice} (limit: {bounds.source})"
    )


def _number(figure: Mapping[str, Any], name: str) -> float:
    """NaN for what is no number: evaluators may add figures of their own."""
    value = figure.get(name)
    return float(value) if isinstance(value, int | float) else math.nan
