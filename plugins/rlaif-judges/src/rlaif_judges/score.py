"""The judge `score`: how good one response is, from 1 to 10, as a reward in [-1, 1].

Direct scoring of d-RLAIF (Lee et al. 2309.00267, section 2.3). From a model that tells how
probable each whole score is it takes the expected score over all ten; any other model's last line
is read.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any, ClassVar, Final

from pydantic import Field, model_validator

from rlaif_core.api import ChatReply, JudgeFacts, Prompt, ResourcePath, Response, Score
from rlaif_judges.asking.ask import AskingParams, repetition_warning
from rlaif_judges.asking.criteria import DEFAULT_CRITERIA, Criterion, both, unread_warning
from rlaif_judges.asking.replies import Silence, option_probabilities, own_words
from rlaif_judges.asking.score import Scoring, ScoringParams

SCORES: Final = tuple(f" {score}" for score in range(1, 11))

ONE_POINT: Final = 2 / 9
"""What one of the ten points is as a reward in [-1, 1]."""


class DirectScoreParams(ScoringParams, AskingParams):
    """Parameters of `score`."""

    criteria: tuple[Criterion, ...] = Field(
        default=DEFAULT_CRITERIA, min_length=1, description="what to judge by: name and text each"
    )
    prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/score.jinja", description="a jinja2 template"
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
        for option, other in permutations(self.options, 2):
            if not self.end_of_turn and other.startswith(option):
                raise ValueError(
                    f"option {other!r} begins with {option!r}, so their probabilities overlap: "
                    "leave `end_of_turn` on, or take options like ' A' to ' J'"
                )
        return self


class DirectScore(Scoring[DirectScoreParams]):
    """Scores one response by a rubric from 1 to 10, weighted by probability, into [-1, 1]."""

    Params = DirectScoreParams
    name: ClassVar[str] = "score"

    async def score(self, prompt: Prompt, response: Response, vote: int = 0) -> Score:
        """Score one response: `(E[score] - 5.5) / 4.5`, in [-1, 1]."""
        text = self.question(prompt, response)
        seed = self.seed(prompt, response, vote)
        stated: tuple[float, ...] | Silence
        if self._weighed:
            reasoned, reply = await self.asker.probabilities(
                text,
                self.params.options,
                seed,
                reasoning=self.params.reasoning,
                end_of_turn=self.params.end_of_turn,
            )
            stated = option_probabilities(reply, len(self.params.options), self.params.least_mass)
        else:
            reply = await self.asker.reply(text, seed)
            reasoned, stated = own_words(reply.text.strip()), self._certain(reply, response)
        if isinstance(stated, Silence):
            return Score(None, *stated, explanation=reasoned)
        return Score(_reward(stated), explanation=reasoned)

    def warning(self, facts: JudgeFacts) -> str | None:
        """Votes want a temperature at which they differ, and criteria a template with them."""
        return both(
            repetition_warning(facts, self.params.temperature),
            unread_warning(self.params, self.params.prompt),
        )

    @property
    def _weighed(self) -> bool:
        """True if the model can say how probable each whole score is."""
        asker = self.asker
        able = asker.weighs_endings if self.params.end_of_turn else asker.gives_options
        return able and asker.continues

    def _certain(self, reply: ChatReply, response: Response) -> tuple[float, ...] | Silence:
        """All the probability on the score that the reply states."""
        option = self.stated(reply, response, self.params.options)
        if isinstance(option, Silence):
            return option
        return tuple(float(place == option) for place in range(len(self.params.options)))

    def values(self, prompt: str, response: str) -> dict[str, Any]:
        """The template's variables."""
        return super().values(prompt, response) | {
            "criteria": self.params.criteria,
            "reasoning": self.params.reasoning,
            "options": self.params.options,
        }


def _reward(probabilities: tuple[float, ...]) -> float:
    from rlaif_stats.labels import direct_score

    return float(direct_score(probabilities))
