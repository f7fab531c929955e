"""The judge `score`: how good one response is, from 1 to 10, as a reward in [-1, 1].

Direct scoring of d-RLAIF (Lee et al. 2309.00267, section 2.3). From a model that gives option
probabilities it takes the expected score over all ten; any other model's last line is read.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field, model_validator

from rlaif_core.api import ChatReply, Context, PointwiseJudge, Prompt, ResourcePath, Response, Score
from rlaif_judges.asking import Asker, AskingParams, only_model
from rlaif_judges.criteria import DEFAULT_CRITERIA, Criterion
from rlaif_judges.fence import fence
from rlaif_judges.replies import Silence, option_probabilities
from rlaif_judges.stated import stated_option

if TYPE_CHECKING:
    from rlaif_judges.template import PromptTemplate

SCORES: Final = tuple(f" {score}" for score in range(1, 11))

ONE_POINT: Final = 2 / 9
"""What one of the ten points is as a reward in [-1, 1]."""


class DirectScoreParams(AskingParams):
    """Parameters of `score`."""

    criteria: tuple[Criterion, ...] = Field(
        default=DEFAULT_CRITERIA, min_length=1, description="what to judge by: name and text each"
    )
    prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/score.jinja", description="a jinja2 template"
    )
    answer_prefix: str = Field(
        default="Score:", min_length=1, description="what stands before the score"
    )
    options: tuple[str, ...] = Field(
        default=SCORES, min_length=10, max_length=10, description="ten scores, the worst first"
    )
    end_of_turn: bool = Field(
        default=True,
        description="a score is probable only with the end of the turn after it, since 10 begins "
        "with 1",
    )
    scale: float | None = Field(
        default=ONE_POINT,
        gt=0,
        description="a reward that is so much higher is better with probability 0.73: one point "
        "by default; null lets the higher reward win outright",
    )

    @model_validator(mode="after")
    def _options_apart(self) -> DirectScoreParams:
        words = [option.strip() for option in self.options]
        if not all(words) or len(set(words)) < len(words):
            raise ValueError("options must be ten different words")
        for one, other in permutations(self.options, 2):
            if not self.end_of_turn and other.startswith(one):
                raise ValueError(
                    f"option {other!r} begins with {one!r}, so their probabilities overlap: leave "
                    "`end_of_turn` on, or take options like ' A' to ' J'"
                )
        return self


class DirectScore(PointwiseJudge[DirectScoreParams]):
    """Scores one response from 1 to 10, weighted by probability, as a reward in [-1, 1]."""

    Params = DirectScoreParams
    needs_model = True
    _template: PromptTemplate
    _asker: Asker

    def __init__(self, params: DirectScoreParams) -> None:
        super().__init__(params)
        self.scale = params.scale

    async def setup(self, context: Context) -> None:
        """Read the template, and see what the model can do.

        Raises:
            PluginError: If there is not exactly one model, or the template cannot be used.
        """
        from rlaif_judges.template import PromptTemplate

        await super().setup(context)
        self._asker = Asker(only_model("score", context), self.params)
        self._template = PromptTemplate(
            self.params.prompt, self._values("p", "r"), shown=("prompt", "response")
        )

    async def score(self, prompt: Prompt, response: Response, vote: int = 0) -> Score:
        """Score one response: `(E[score] - 5.5) / 4.5`, in [-1, 1]."""
        text = self._template.render(self._values(prompt.text, response.text))
        seed = self.context.rng("score", prompt.id, response.id, vote).getrandbits(31)
        if self._asker.by_options:
            reasoning, reply = await self._asker.probabilities(
                text, self.params.options, seed, end_of_turn=self.params.end_of_turn
            )
            told = option_probabilities(reply, len(self.params.options), self.params.least_mass)
        else:
            reply = await self._asker.reply(text, seed)
            reasoning, told = reply.text.strip(), self._stated(reply, response.text)
        if isinstance(told, Silence):
            return Score(None, *told, explanation=reasoning)
        return Score(_reward(told), explanation=reasoning)

    def _stated(self, reply: ChatReply, response: str) -> tuple[float, ...] | Silence:
        """All the probability on the score that the reply states."""
        told = stated_option(reply, self.params.answer_prefix, self.params.options, response)
        if isinstance(told, Silence):
            return told
        return tuple(float(place == told) for place in range(len(self.params.options)))

    def _values(self, prompt: str, response: str) -> dict[str, Any]:
        return {
            "prompt": prompt,
            "response": response,
            "fence": fence(self.context.secret, prompt, response),
            "criteria": self.params.criteria,
            "reasoning": self.params.reasoning,
            "answer_prefix": self.params.answer_prefix,
            "options": self.params.options,
        }


def _reward(probabilities: tuple[float, ...]) -> float:
    from rlaif_core.stats.labels import direct_score

    return float(direct_score(probabilities))
