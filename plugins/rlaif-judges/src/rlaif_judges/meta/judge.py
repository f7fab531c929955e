"""The judge `meta`: which of two judgments of a response is the better one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import Field

from rlaif_core.api import ChatReply, Comparison, ResourcePath, Response, Settlement, Verdict
from rlaif_judges.asking.criteria import Criterion
from rlaif_judges.asking.stated import stated_option
from rlaif_judges.pairwise import Pairwise, PairwiseParams
from rlaif_judges.self_rewarding import POINTS

CRITERIA: Final = (
    Criterion(
        name="accuracy",
        text="what it says of the response is so; it overlooks no fault and no merit, and invents "
        "none",
    ),
    Criterion(
        name="faithfulness",
        text="it goes by the rubric in the question and by nothing else, and its score is what its "
        "own reasons add up to",
    ),
    Criterion(name="clarity", text="its reasons can be followed and checked, and it ends as asked"),
)


class MetaParams(PairwiseParams):
    """Parameters of `meta`: those of `pairwise`, with defaults for judgments."""

    criteria: tuple[Criterion, ...] = Field(
        default=CRITERIA, min_length=1, description="what to judge by: name and text each"
    )
    prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/meta.jinja", description="a jinja2 template"
    )
    score_prefix: str = Field(
        default="Score:",
        min_length=1,
        description="what stands before the score in a judgment, to measure whether higher scores "
        "win",
    )


class Meta(Pairwise[MetaParams]):
    """Says which of two judgments of the same response is better, reasoning first."""

    Params = MetaParams
    judges_itself: ClassVar[bool] = True
    name: ClassVar[str] = "meta"

    def settle(self, comparisons: Sequence[Comparison], verdicts: Sequence[Verdict]) -> Settlement:
        """The verdicts as they are, and how often the higher of two scores won.

        A meta-judge that has come to prefer high scores, whatever the reasons, makes all scores
        high: 0.977 was measured where that had happened (Wu et al. 2407.19594).
        """
        won = [
            wins
            for comparison, verdict in zip(comparisons, verdicts, strict=True)
            if (wins := self._higher_won(comparison, verdict)) is not None
        ]
        return Settlement(verdicts, {"higher_score_wins": sum(won) / len(won)} if won else {})

    def _higher_won(self, comparison: Comparison, verdict: Verdict) -> float | None:
        """1 if the judgment with the higher score won, 0.5 for a tie; None if there is none."""
        first, second = self._points(comparison.first), self._points(comparison.second)
        if first is None or second is None or first == second or verdict.p_first is None:
            return None
        won = 0.5 + 0.5 * ((verdict.p_first > 0.5) - (verdict.p_first < 0.5))
        return won if first > second else 1.0 - won

    def _points(self, judgment: Response) -> int | None:
        reply = ChatReply(judgment.text, judgment.finish_reason)
        points = stated_option(reply, self.params.score_prefix, POINTS)
        return points if isinstance(points, int) else None
