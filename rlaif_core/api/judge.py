"""Kind `judges`: how to ask which response is better, and how to read the answer.

Votes, both orders, juries and calibration are the engine's. A judge is one coroutine:

    from rlaif_core.api import Comparison, PairwiseJudge, Verdict

    class Shorter(PairwiseJudge):
        async def compare(self, comparison: Comparison) -> Verdict:
            first, second = len(comparison.first.text), len(comparison.second.text)
            return Verdict(p_first=0.5 if first == second else float(first < second))
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from rlaif_core.api.component import Component, P
from rlaif_core.api.records import Comparison, Prompt, Response, Score, Verdict


class PairwiseJudge(Component[P]):
    """Compares two responses."""

    kind: ClassVar[str] = "pairwise"

    @abstractmethod
    async def compare(self, comparison: Comparison) -> Verdict:
        """Judge one comparison as it is shown: `first` before `second`.

        The engine calls this for many comparisons at once.

        Returns:
            A verdict. What cannot be read is `Verdict.abstain(...)`, never a guess.

        Raises:
            ModelError: Left to pass; the engine records an abstention.
        """


class PointwiseJudge(Component[P]):
    """Scores one response at a time; the engine turns scores into verdicts.

    Attributes:
        scale: A difference of `scale` between two scores means p = sigmoid(1) = 0.73. None means
            that the higher score wins outright, and equal scores tie.
    """

    kind: ClassVar[str] = "pointwise"
    scale: float | None = None

    @abstractmethod
    async def score(self, prompt: Prompt, response: Response, vote: int = 0) -> Score:
        """Score one response; higher is better.

        Raises:
            ModelError: Left to pass; the engine records an abstention.
        """
