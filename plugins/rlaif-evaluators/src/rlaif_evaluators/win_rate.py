"""The evaluator `win-rate`: how often the judge prefers the new policy to the base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from rlaif_core.api import (
    Evaluation,
    Evaluator,
    JudgedPair,
    Measured,
    Measurement,
    Missing,
    Params,
    Response,
)
from rlaif_evaluators.outcomes import outcome


class WinRate(Evaluator[Params]):
    """Win rate of the new policy over the base and over the last round's, ties one half."""

    uses_judge = needs_heldout = needs_optimizer = True
    describes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "policy.win_rate": {
            "label": "Win rate",
            "description": "Share of held-out prompts on which the judge prefers the policy to the "
            "base, ties one half.",
            "unit": "share",
            "higher_is_better": True,
            "headline": True,
            "heldout": True,
            "evidence": "judge",
        },
        "policy.win_rate_length_controlled": {
            "label": "Win rate at equal length",
            "description": "The win rate that a logistic model reads off at equal length.",
            "unit": "share",
            "higher_is_better": True,
            "heldout": True,
            "evidence": "judge",
        },
        "policy.win_rate_abstentions": {"label": "Prompts on which the judge abstained"},
    }

    async def evaluate(self, evaluation: Evaluation) -> Measured:
        """Share of held-out prompts won, both orders judged, with abstentions counted.

        A prompt is won if the judge's verdicts add up to more than one half, however little.
        Responses of one text are a tie, and nobody is asked. Where the judge abstained in every
        order, the prompt is left out.

        Returns:
            `policy`: `win_rate` over the base with its interval, and `win_rate_abstentions`;
            `win_rate_length_controlled`, what it would be at equal length, and `length_effect`, the
            log-odds that a longer response adds (AlpacaEval 2, 2404.04475; see
            `rlaif_stats.length_control`). From the second round on the same over the
            last round's policy: `win_rate_previous` and so on. Nothing if there is no new policy;
            `win_rate` is missing, with the reason, if nothing was decided.
        """
        if not evaluation.after:
            return {}
        figures = await _against(evaluation, evaluation.before, "")
        if evaluation.previous:
            figures |= await _against(evaluation, evaluation.previous, "_previous")
        names = {"win_rate": "Win rate"}
        if evaluation.previous:
            names["win_rate_previous"] = "Win rate over the last policy"
        why = f"the judge abstained on all {len(evaluation.after):,} held-out prompts"
        missing = [
            Missing(name, why, label=label) for name, label in names.items() if name not in figures
        ]
        return Measurement({"policy": figures}, missing)


async def _against(
    evaluation: Evaluation, theirs: Sequence[Response], suffix: str
) -> dict[str, Any]:
    from rlaif_stats.intervals import win_rate
    from rlaif_stats.length_control import length_controlled_win_rate

    trios = list(zip(evaluation.prompts, evaluation.after, theirs, strict=True))
    asked = [(prompt, (ours, other)) for prompt, ours, other in trios if ours.text != other.text]
    judged = await evaluation.judge(asked)
    won = {pair.prompt.id: _won(pair) for pair in judged}
    decided = [
        (prompt.id, mine, len(ours.text) - len(other.text))
        for prompt, ours, other in trios
        if (mine := won.get(prompt.id, 0.5)) is not None
    ]
    figures: dict[str, Any] = {f"win_rate{suffix}_abstentions": len(trios) - len(decided)}
    if decided:
        prompts, wins, leads = zip(*decided, strict=True)
        figures[f"win_rate{suffix}"] = win_rate(wins, clusters=prompts).figure()
        parity = length_controlled_win_rate(wins, leads, clusters=prompts)
        figures[f"win_rate{suffix}_length_controlled"] = parity.win_rate.figure()
        figures[f"length_effect{suffix}"] = parity.coefficient
    return figures


def _won(pair: JudgedPair) -> float | None:
    return None if pair.p_a is None else outcome(pair.p_a, 0.5)
