"""The judge `self-rewarding`: a model scores responses, its own among them, by points that add up.

After Yuan et al. (2401.10020): five points, one each for more and more quality, and the mean of
several samples. How such judgments are judged in turn is in `rlaif_judges.meta`; the guards
against collapse look at whole rounds and are the engine's.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from pydantic import Field

from rlaif_core.api import JudgeFacts, Prompt, ResourcePath, Response, Score
from rlaif_judges.asking.replies import Silence, own_words
from rlaif_judges.asking.score import Scoring, ScoringParams

POINTS: Final = ("0", "1", "2", "3", "4", "5")


class SelfRewardingParams(ScoringParams):
    """Parameters of `self-rewarding`."""

    samples: int = Field(default=3, ge=1, le=99, description="scores whose mean is taken")
    prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/self_rewarding.jinja",
        description="a jinja2 template with the rubric",
    )
    temperature: float = Field(default=0.7, ge=0, description="of each sample")
    max_tokens: int = Field(default=512, ge=1, description="of each sample")


class SelfRewarding(Scoring[SelfRewardingParams]):
    """Scores one response from 0 to 5 by an additive rubric, the mean of several samples."""

    Params = SelfRewardingParams
    judges_itself: ClassVar[bool] = True
    name: ClassVar[str] = "self-rewarding"

    async def score(self, prompt: Prompt, response: Response, vote: int = 0) -> Score:
        """The mean of the samples that could be read, in [0, 5]; none read is an abstention."""
        text = self.question(prompt, response)
        seeds = [self.seed(prompt, response, vote, index) for index in range(self.params.samples)]
        replies = await asyncio.gather(*(self.asker.reply(text, seed) for seed in seeds))
        told = [self.stated(reply, response, POINTS) for reply in replies]
        points = [item for item in told if not isinstance(item, Silence)]
        explanation = own_words("\n\n".join(reply.text.strip() for reply in replies))
        silences = [item for item in told if isinstance(item, Silence)]
        if not points:
            return Score(None, *silences[0], explanation=explanation)
        return Score(sum(points) / len(points), explanation=explanation)

    def warning(self, facts: JudgeFacts) -> str | None:
        """Samples drawn without temperature are all alike."""
        if self.params.samples > 1 and self.params.temperature == 0:
            return (
                f"{self.params.samples} samples at temperature 0 are {self.params.samples} times "
                "the same: set `samples: 1` or a temperature"
            )
        return None
