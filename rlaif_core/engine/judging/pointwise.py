"""Asking a pointwise judge for many scores at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rlaif_core.api.errors import ModelError
from rlaif_core.api.executor import Executor
from rlaif_core.api.judge import PointwiseJudge
from rlaif_core.api.records import Abstention, Prompt, Response, Score

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
