"""Asking one model which of two responses is better, by probabilities or by a structured answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import Field, model_validator
from typing_extensions import TypeVar

from rlaif_core.api import ChatModel, JudgeFacts, PairwiseJudge, ResourcePath, Verdict
from rlaif_judges.asking.ask import Asker, AskingParams, repetition_warning
from rlaif_judges.asking.replies import option_verdict
from rlaif_judges.asking.structured import answer_schema, answer_verdict


class ComparingParams(AskingParams):
    """Parameters of judges that ask which of two responses is better."""

    answer_prefix: str = Field(
        default="Better response:",
        min_length=1,
        description="what stands before the answer where option probabilities are asked",
    )
    options: tuple[str, str] = Field(
        default=(" A", " B"), description="the answers for the first and the second response"
    )
    answer_prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/answer.jinja",
        description="a jinja2 template: asks for the answer after the reasoning, where a model "
        "gives option probabilities but continues no prefix",
    )
    clip: float = Field(
        default=0.0, ge=0, lt=0.5, description="keep probabilities within [clip, 1 - clip]"
    )

    @model_validator(mode="after")
    def _options_differ(self) -> ComparingParams:
        if not all(self.options) or self.options[0] == self.options[1]:
            raise ValueError("options must be two different strings, neither of them empty")
        return self


D = TypeVar("D", bound=ComparingParams, default=ComparingParams, covariant=True)


class ComparingJudge(PairwiseJudge[D]):
    """Base of judges that ask models which of two responses is better."""

    needs_model = True

    def warning(self, facts: JudgeFacts) -> str | None:
        """Several votes want a temperature at which they differ, and not by chance."""
        return repetition_warning(facts, self.params.temperature)


class Comparing:
    """Asks one model for verdicts.

    Args:
        model: The model.
        params: How to ask it.

    Attributes:
        structured: Whether it is asked for a JSON object, since it gives no probabilities.
        form: What templates are told about the answer that is asked for.

    Raises:
        PluginError: If the template of the answer's request cannot be used.
    """

    def __init__(self, model: ChatModel, params: ComparingParams) -> None:
        from rlaif_judges.asking.template import PromptTemplate

        self._asker = Asker(model, params)
        self._params = params
        self.structured = not self._asker.gives_options
        # A turn that cannot be begun with the prefix begins with the answer, unless it reasons.
        bare = not (self.structured or self._asker.continues or params.reasoning)
        self.form: dict[str, Any] = {
            "reasoning": params.reasoning,
            "structured": self.structured,
            "answer_prefix": "" if bare else params.answer_prefix,
            "options": tuple(option.strip() for option in params.options)
            if bare
            else params.options,
        }
        asking = {"options": params.options}
        self._request = PromptTemplate(params.answer_prompt, asking, shown=()).render(asking)

    async def verdict(self, text: str, seed: int, judged: Sequence[str]) -> Verdict:
        """The verdict that the model gives.

        Args:
            text: The question.
            seed: Of the reasoning or the answer.
            judged: Those parts of the question that others wrote: no answer is read from them.
        """
        if self.structured:
            verdict = await self._answered(text, seed, judged)
        else:
            verdict = await self._weighed(text, seed)
        return clipped(verdict, self._params.clip)

    async def _weighed(self, text: str, seed: int) -> Verdict:
        reasoned, reply = await self._asker.probabilities(
            text,
            self._params.options,
            seed,
            reasoning=self._params.reasoning,
            request=self._request,
        )
        return option_verdict(reply, self._params.least_mass, explanation=reasoned)

    async def _answered(self, text: str, seed: int, judged: Sequence[str]) -> Verdict:
        enforced = self._asker.enforces_schema
        schema = answer_schema(explained=self._params.reasoning) if enforced else None
        return answer_verdict(await self._asker.reply(text, seed, schema=schema), judged)


def clipped(verdict: Verdict, clip: float) -> Verdict:
    """The verdict with its probability kept within [clip, 1 - clip]."""
    if verdict.p_first is None:
        return verdict
    return replace(verdict, p_first=min(max(verdict.p_first, clip), 1.0 - clip))
