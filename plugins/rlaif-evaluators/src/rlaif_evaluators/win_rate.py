"""The evaluator `win-rate`: how often the judge prefers the new policy to the base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlaif_core.api import Evaluation, Evaluator, JudgedPair, Params
from rlaif_evaluators.outcomes import interval, outcome


class WinRate(Evaluator[Params]):
    """Win rate of the new policy over the base by the evaluation judge, ties one half."""

    async def evaluate(self, evaluation: Evaluation) -> Mapping[str, Mapping[str, Any]]:
        """Share of held-out prompts won, both orders judged, with abstentions counted.

        A prompt is won if the judge's verdicts add up to more than one half, however little.
        Responses of one text are a tie, and nobody is asked. Where the judge abstained in every
        order, the prompt is left out.

        Returns:
            `policy`: `win_rate` with its interval, absent if nothing was decided, and
            `win_rate_abstentions`; nothing if there is no new policy.
        """
        if not evaluation.after:
            return {}
        from rlaif_core.stats.intervals import win_rate

        trios = zip(evaluation.prompts, evaluation.after, evaluation.before, strict=True)
        asked = [
            (prompt, (after, before))
            for prompt, after, before in trios
            if after.text != before.text
        ]
        judged = await evaluation.judge(asked)
        outcomes = [(pair.prompt.id, _won(pair)) for pair in judged]
        differing = {prompt.id for prompt, _ in asked}
        outcomes += [(one.id, 0.5) for one in evaluation.prompts if one.id not in differing]
        decided = [(prompt, won) for prompt, won in outcomes if won is not None]
        figures: dict[str, Any] = {"win_rate_abstentions": len(outcomes) - len(decided)}
        if decided:
            prompts, won = zip(*decided, strict=True)
            figures["win_rate"] = interval(win_rate(won, clusters=prompts))
        return {"policy": figures}


def _won(pair: JudgedPair) -> float | None:
    return None if pair.p_a is None else outcome(pair.p_a, 0.5)
