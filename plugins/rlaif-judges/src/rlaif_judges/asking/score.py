"""Common part of judges that ask one model, by a template, how good a response is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field
from typing_extensions import TypeVar

from rlaif_core.api import ChatReply, Context, PointwiseJudge, Prompt, ResourcePath, Response
from rlaif_judges.asking.ask import Asker, ReplyParams, only_model
from rlaif_judges.asking.fence import fence
from rlaif_judges.asking.replies import Silence
from rlaif_judges.asking.stated import stated_option

if TYPE_CHECKING:
    from rlaif_judges.asking.template import PromptTemplate


class ScoringParams(ReplyParams):
    """Parameters of judges that score."""

    prompt: ResourcePath = Field(description="a jinja2 template")
    answer_prefix: str = Field(
        default="Score:", min_length=1, description="what stands before the score"
    )
    scale: float | None = Field(
        default=None,
        gt=0,
        description="a score that is so much higher is better with probability 0.73; null lets "
        "the higher score win outright",
    )


S = TypeVar("S", bound=ScoringParams, default=ScoringParams, covariant=True)


class Scoring(PointwiseJudge[S]):
    """Base of judges that ask one model for a score.

    Attributes:
        name: What a recipe calls the judge.
        asker: Asks the model.
    """

    needs_model = True
    name: ClassVar[str]
    asker: Asker
    _template: PromptTemplate

    def __init__(self, params: S) -> None:
        super().__init__(params)
        self.scale = params.scale

    async def setup(self, context: Context) -> None:
        """Read the template, and see what the model can do.

        Raises:
            PluginError: If there is not exactly one model, or the template cannot be used.
        """
        from rlaif_judges.asking.template import PromptTemplate

        await super().setup(context)
        self.asker = Asker(only_model(self.name, context), self.params)
        self._template = PromptTemplate(
            self.params.prompt, self.values("p", "r"), shown=("prompt", "response")
        )

    def question(self, prompt: Prompt, response: Response) -> str:
        """The question to the model about a response."""
        return self._template.render(self.values(prompt.text, response.text))

    def stated(self, reply: ChatReply, response: Response, options: Sequence[str]) -> int | Silence:
        """The index of the option that a reply's last line states, or why there is none."""
        return stated_option(reply, self.params.answer_prefix, options, response.text)

    def seed(self, prompt: Prompt, response: Response, *key: object) -> int:
        """A seed of its own for each request about a response."""
        return self.context.rng(self.name, prompt.id, response.id, *key).getrandbits(31)

    def values(self, prompt: str, response: str) -> dict[str, Any]:
        """The template's variables."""
        return {
            "prompt": prompt,
            "response": response,
            "fence": fence(self.context.secret, prompt, response),
            "answer_prefix": self.params.answer_prefix,
        }
