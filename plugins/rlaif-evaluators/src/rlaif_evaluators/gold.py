"""The evaluator `gold`: policy and judge against the source's own truth, where it knows one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from rlaif_core.api import (
    Evaluation,
    Evaluator,
    Gold,
    JudgedPair,
    Measured,
    Measurement,
    Metric,
    Params,
)
from rlaif_evaluators.outcomes import outcome


class GoldTruth(Evaluator[Params]):
    """Gold score and gold win rate of the policy, and how often the judge agrees with the truth."""

    asks_models = False
    describes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "policy.gold_score": {
            "label": "Gold score",
            "description": "Mean gold score of the held-out responses, base and policy.",
            "higher_is_better": True,
            "headline": True,
            "heldout": True,
            "evidence": "gold",
        },
        "policy.gold_win_rate": {
            "label": "Win rate (gold)",
            "description": "Share of held-out prompts on which the gold score rose, ties one half.",
            "unit": "share",
            "higher_is_better": True,
            "headline": True,
            "heldout": True,
            "evidence": "gold",
        },
        "policy.gold_gain": {
            "label": "Gain in gold score",
            "headline": True,
            "heldout": True,
            "evidence": "gold",
        },
        "judge.gold_accuracy": {
            "label": "Judge accuracy (gold)",
            "unit": "share",
            "items": "pairs",
            "headline": True,
            "evidence": "gold",
        },
    }

    async def evaluate(self, evaluation: Evaluation) -> Measured:
        """Gold figures, which no judge and no trainer can see.

        Returns:
            `policy`: mean `gold_score` `before` and `after`, `gold_gain`, their difference with
            its interval (prompts are what was sampled), and `gold_win_rate` of after against
            before, ties one half, over the held-out prompts whose truth is known. `judge`:
            `gold_accuracy`, the share of `gold_comparisons` (training pairs that the judge
            decided and whose gold scores differ) in which both prefer the same response.
        """
        if evaluation.gold is None:
            return {}
        policy = _policy(evaluation, evaluation.gold) if evaluation.after else {}
        judge = _judge(evaluation, evaluation.gold)
        figures = {name: part for name, part in (("policy", policy), ("judge", judge)) if part}
        if not judge:
            return figures
        value, n = judge["gold_accuracy"], judge["gold_comparisons"]
        accuracy = Metric(name="gold_accuracy", value=value, n=n, group="judge")
        return Measurement(figures, [accuracy])


def _policy(evaluation: Evaluation, gold: Gold) -> dict[str, Any]:
    from rlaif_stats.intervals import mean_estimate, win_rate

    trios = zip(evaluation.prompts, evaluation.before, evaluation.after, strict=True)
    scored = [
        (prompt.id, gold(prompt, before.text), gold(prompt, after.text))
        for prompt, before, after in trios
    ]
    known = [
        (prompt, before, after)
        for prompt, before, after in scored
        if before is not None and after is not None
    ]
    if not known:
        return {}
    prompts, before, after = zip(*known, strict=True)
    outcomes = [outcome(new, old) for new, old in zip(after, before, strict=True)]
    figures = {
        "gold_score": {"before": sum(before) / len(known), "after": sum(after) / len(known)},
        "gold_win_rate": win_rate(outcomes, clusters=prompts).figure(),
    }
    gain = mean_estimate([new - old for _, old, new in known], clusters=prompts)
    if math.isfinite(gain.low):  # one prompt leaves no interval
        figures["gold_gain"] = gain.figure()
        base = figures["gold_score"]["before"]
        figures["gold_score"] |= {"low": base + gain.low, "high": base + gain.high}
    return figures


def _judge(evaluation: Evaluation, gold: Gold) -> dict[str, Any]:
    agreed = [agrees for pair in evaluation.judged() if (agrees := _agrees(pair, gold)) is not None]
    if not agreed:
        return {}
    return {"gold_accuracy": sum(agreed) / len(agreed), "gold_comparisons": len(agreed)}


def _agrees(pair: JudgedPair, gold: Gold) -> bool | None:
    """True if judge and truth prefer the same response; None where one of them prefers none."""
    if pair.p_a is None or pair.p_a == 0.5:
        return None
    a, b = gold(pair.prompt, pair.a.text), gold(pair.prompt, pair.b.text)
    if a is None or b is None or a == b:
        return None
    return (pair.p_a > 0.5) == (a > b)
