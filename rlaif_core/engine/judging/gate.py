"""A verifier before the judge: right beats wrong, and only the right are judged.

So a verifier is never added to a judge's opinion: no style can outweigh a wrong result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rlaif_core.api.executor import Executor
from rlaif_core.api.judge import PointwiseJudge
from rlaif_core.api.pairing import Pair
from rlaif_core.api.records import Prompt, Score, Verdict
from rlaif_core.engine.judging.pointwise import scores


class Gate:
    """Asks a pointwise judge which responses pass.

    Args:
        judge: The verifier, set up.
        passes: Score from which a response passes.
        executor: Runs the pieces of work.
    """

    def __init__(self, judge: PointwiseJudge[Any], passes: float, executor: Executor[Any]) -> None:
        self._judge = judge
        self._passes = passes
        self._executor = executor

    async def decide(self, items: Sequence[tuple[Prompt, Pair]]) -> list[Verdict | None]:
        """Verdicts of the gate alone on each pair, shown as proposed.

        Returns:
            None where both responses pass, so that the judge is to be asked. Otherwise a verdict:
            the one that passes wins, two that fail tie, and a score that is missing abstains.
        """
        wanted = {
            (prompt.id, response.id): (prompt, response)
            for prompt, pair in items
            for response in pair
        }
        asked = [(*item, 0) for item in wanted.values()]
        scored = dict(zip(wanted, await scores(self._judge, asked, self._executor), strict=True))
        return [
            self._verdict(*(scored[prompt.id, response.id] for response in pair))
            for prompt, pair in items
        ]

    def _verdict(self, a: Score, b: Score) -> Verdict | None:
        for score in (a, b):
            if score.abstention is not None:
                return Verdict.abstain(score.abstention, f"gate: {score.detail}")
        first, second = (
            score.value is not None and score.value >= self._passes for score in (a, b)
        )
        if first and second:
            return None
        if not first and not second:
            return Verdict(0.5, explanation="gate: neither passes")
        return Verdict(float(bool(first)), explanation="gate: only one of the two passes")
