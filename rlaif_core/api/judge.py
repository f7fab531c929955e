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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rlaif_core.api.component import Component, P
from rlaif_core.api.filter import JudgeFacts
from rlaif_core.api.records import Comparison, Prompt, Response, Score, Verdict


@dataclass(frozen=True, slots=True)
class Settlement:
    """A judge's settlement of all its verdicts of a round.

    Attributes:
        verdicts: One for each that was given, in that order.
        figures: What it learned on the way, for the judge's section of metrics.json; JSON values.
    """

    verdicts: Sequence[Verdict]
    figures: Mapping[str, Any] = field(default_factory=dict)


class Judge(Component[P]):
    """Base of both kinds of judges."""

    kind: ClassVar[str]
    judges_itself: ClassVar[bool] = False
    """True if it is meant to be the policy itself. Any other judge that asks the policy makes
    a feedback loop, of which the user is warned; this one runs under the recipe's guards."""

    def warning(self, facts: JudgeFacts) -> str | None:
        """Warning about a likely mistake in how a recipe asks this judge; None if there is none.

        Asked while a recipe is checked, before anything runs and before `setup`.
        """
        return None


class PairwiseJudge(Judge[P]):
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

    def settle(self, comparisons: Sequence[Comparison], verdicts: Sequence[Verdict]) -> Settlement:
        """Look at all verdicts of a round together, before pairs are selected.

        For what no single comparison tells, such as how often each member of a jury is right.
        It depends on its arguments alone, and settling twice changes nothing more.

        Args:
            comparisons: Every comparison judged, as it was shown.
            verdicts: What `compare` said of each, abstentions included.

        Returns:
            The verdicts as they are, unless a judge overrides this.
        """
        return Settlement(verdicts)


class PointwiseJudge(Judge[P]):
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
