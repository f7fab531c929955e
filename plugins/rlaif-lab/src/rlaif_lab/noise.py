"""Label noise on purpose, to measure what a worse judge costs the policy."""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Sequence
from dataclasses import replace
from typing import Any

from pydantic import Field

from rlaif_core.api import Comparison, Hook, Params, Verdict, hookimpl


class NoiseParams(Params):
    """Parameters of `noise`."""

    flip: float = Field(ge=0, le=0.5, description="share of verdicts flipped; 0.5 is a coin")


class Noise(Hook[NoiseParams]):
    """Flips a share of the judge's verdicts, the same ones in every repetition of a run."""

    Params = NoiseParams

    @hookimpl(wrapper=True)
    def rlaif_judge(
        self, comparisons: Sequence[Comparison]
    ) -> Generator[None, Any, Awaitable[list[Verdict]]]:
        """Let the judge answer, then flip a share of its verdicts."""
        answer: Awaitable[Sequence[Verdict]] = yield

        async def noisy() -> list[Verdict]:
            verdicts = await answer
            return [
                self._flipped(comparison, verdict)
                for comparison, verdict in zip(comparisons, verdicts, strict=True)
            ]

        return noisy()

    def _flipped(self, comparison: Comparison, verdict: Verdict) -> Verdict:
        key = (comparison.first.id, comparison.second.id, comparison.vote)
        drawn = self.context.rng("noise", comparison.prompt.id, *key).random()
        if verdict.p_first is None or drawn >= self.params.flip:
            return verdict
        return replace(verdict, p_first=1.0 - verdict.p_first)
