"""Scores of a pointwise judge, and the verdict that two of them imply."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rlaif_core.api.errors import ModelError
from rlaif_core.api.executor import Executor
from rlaif_core.api.judge import PointwiseJudge
from rlaif_core.api.records import Abstention, Prompt, Response, Score, Verdict

Scored = tuple[Prompt, Response, int]
"""A response to a prompt, and which vote on it."""


async def scores(
    judge: PointwiseJudge[Any], items: Sequence[Scored], executor: Executor[Any]
) -> list[Score]:
    """The score of each item, in their order; a failed call is an abstention."""

    async def score(item: Scored) -> Score:
        try:
            return await judge.score(*item)
        except ModelError as error:
            return Score(abstention=Abstention.FAILED, detail=str(error))

    return list(await executor.map(score, items))


def verdict_of_scores(first: Score, second: Score, scale: float | None) -> Verdict:
    """The verdict that two scores imply: `sigmoid((first - second) / scale)`.

    Args:
        first: Score of the response shown first.
        second: Score of the other.
        scale: See `PointwiseJudge.scale`; None lets the higher score win outright.
    """
    for score in (first, second):
        if score.abstention is not None:
            return Verdict.abstain(score.abstention, score.detail, score.explanation)
    assert first.value is not None
    assert second.value is not None
    gap = first.value - second.value
    if scale is None:
        p = 0.5 if gap == 0 else float(gap > 0)
    else:
        p = 1.0 / (1.0 + math.exp(-max(-500.0, min(500.0, gap / scale))))
    explanations = [
        f"{place}: {score.value:g} {score.explanation}".rstrip()
        for place, score in (("first", first), ("second", second))
    ]
    return Verdict(p, explanation="\n".join(explanations))
