"""The judge `self-rewarding`: a model scores responses, its own among them, by points that add up.

After Yuan et al. (2401.10020): five points, one each for more and more quality, and the mean of
several samples. Meta-judging, the guards against collapse and the length control of training pairs
look at whole rounds, so they are not a judge's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from rlaif_core.api import (
    ChatReply,
    Context,
    Params,
    PointwiseJudge,
    Prompt,
    ResourcePath,
    Response,
    Score,
)
from rlaif_judges.asking import Asker, AskingParams, only_model
from rlaif_judges.fence import fence
from rlaif_judges.replies import Silence
from rlaif_judges.stated import stated_option

if TYPE_CHECKING:
    from rlaif_judges.template import PromptTemplate

POINTS: Final = ("0", "1", "2", "3", "4", "5")


class SelfRewardingParams(Params):
    """Parameters of `self-rewarding`."""

    samples: int = Field(default=3, ge=1, le=99, description="scores whose mean is taken")
    prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/self_rewarding.jinja",
        description="a jinja2 template with the rubric",
    )
    answer_prefix: str = Field(
        default="Score:", min_length=1, description="what stands before the score"
    )
    temperature: float = Field(default=0.7, ge=0, description="of each sample")
    max_tokens: int = Field(default=512, ge=1, description="of each sample")
    scale: float | None = Field(
        default=None,
        gt=0,
        description="a mean that is so many points higher is better with probability 0.73; unless "
        "given, the higher mean wins outright",
    )


class SelfRewarding(PointwiseJudge[SelfRewardingParams]):
    """Scores one response from 0 to 5 by points that add up, the mean of several samples."""

    Params = SelfRewardingParams
    needs_model = True
    _template: PromptTemplate
    _asker: Asker

    def __init__(self, params: SelfRewardingParams) -> None:
        super().__init__(params)
        self.scale = params.scale

    async def setup(self, context: Context) -> None:
        """Read the template.

        Raises:
            PluginError: If there is not exactly one model, or the template cannot be used.
        """
        from rlaif_judges.template import PromptTemplate

        await super().setup(context)
        asking = AskingParams(
            answer_prefix=self.params.answer_prefix,
            temperature=self.params.temperature,
            max_tokens=self.params.max_tokens,
        )
        self._asker = Asker(only_model("self-rewarding", context), asking)
        self._template = PromptTemplate(
            self.params.prompt, self._values("p", "r"), shown=("prompt", "response")
        )

    async def score(self, prompt: Prompt, response: Response, vote: int = 0) -> Score:
        """The mean of the samples that could be read, in [0, 5]; none read is an abstention."""
        text = self._template.render(self._values(prompt.text, response.text))
        key = ("self-rewarding", prompt.id, response.id, vote)
        seeds = [
            self.context.rng(*key, sample).getrandbits(31) for sample in range(self.params.samples)
        ]
        replies = await asyncio.gather(*(self._asker.reply(text, seed) for seed in seeds))
        told = [self._points(reply, response.text) for reply in replies]
        points = [one for one in told if not isinstance(one, Silence)]
        explanation = "\n\n".join(reply.text.strip() for reply in replies)
        silences = [one for one in told if isinstance(one, Silence)]
        if not points:
            return Score(None, *silences[0], explanation=explanation)
        return Score(sum(points) / len(points), explanation=explanation)

    def _points(self, reply: ChatReply, response: str) -> int | Silence:
        return stated_option(reply, self.params.answer_prefix, POINTS, response)

    def _values(self, prompt: str, response: str) -> dict[str, Any]:
        return {
            "prompt": prompt,
            "response": response,
            "fence": fence(self.context.secret, prompt, response),
            "answer_prefix": self.params.answer_prefix,
        }
