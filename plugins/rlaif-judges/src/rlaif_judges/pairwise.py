"""The judge `pairwise`: which of two responses is better, by criteria, for any model that chats.

From a model that gives option probabilities it reads a soft label, as Lee et al. (2309.00267) do:
one request lets the model reason, a second asks how probable "A" and "B" are after that. Any
other model is asked for a structured answer: explanation, preference, confidence.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from rlaif_core.api import (
    ChatRequest,
    Comparison,
    Context,
    Message,
    PairwiseJudge,
    Params,
    PluginError,
    ResourcePath,
    Verdict,
)
from rlaif_judges.answer import answer_schema, answer_verdict
from rlaif_judges.criteria import DEFAULT_CRITERIA, Criterion, Example
from rlaif_judges.fence import fence
from rlaif_judges.replies import option_verdict, refusal

if TYPE_CHECKING:
    from rlaif_judges.template import PromptTemplate


class PairwiseParams(Params):
    """Parameters of `pairwise`."""

    criteria: tuple[Criterion, ...] = Field(
        default=DEFAULT_CRITERIA, min_length=1, description="what to judge by: name and text each"
    )
    reasoning: bool = Field(default=True, description="reason first, then answer")
    examples: tuple[Example, ...] = Field(default=(), description="few-shot examples")
    prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/pairwise.jinja", description="a jinja2 template"
    )
    answer_prefix: str = Field(
        default="Better response:",
        min_length=1,
        description="what stands before the answer where option probabilities are asked",
    )
    options: tuple[str, str] = Field(
        default=(" A", " B"), description="the answers for the first and the second response"
    )
    temperature: float = Field(default=0.5, ge=0, description="of the reasoning")
    max_tokens: int = Field(default=512, ge=1, description="of the reasoning or the answer")
    clip: float = Field(
        default=0.0, ge=0, lt=0.5, description="keep probabilities within [clip, 1 - clip]"
    )
    least_mass: float = Field(
        default=0.01, ge=0, le=1, description="abstain if both options are less probable together"
    )

    @model_validator(mode="after")
    def _options_differ(self) -> PairwiseParams:
        if not all(self.options) or self.options[0] == self.options[1]:
            raise ValueError("options must be two different strings, neither of them empty")
        return self


class Pairwise(PairwiseJudge[PairwiseParams]):
    """Asks which of two responses is better, by criteria, reasoning first."""

    Params = PairwiseParams
    needs_model = True
    _template: PromptTemplate
    _by_options: bool

    async def setup(self, context: Context) -> None:
        """Read the template, and see what the model can do.

        Raises:
            PluginError: If there is not exactly one model, or the template cannot be used.
        """
        from rlaif_judges.template import PromptTemplate

        await super().setup(context)
        if len(context.models) != 1:
            raise PluginError(
                f"judge 'pairwise' asks one model, and the recipe gives it "
                f"{len(context.models)}: set `model:` beside `use: pairwise`"
            )
        self._by_options = {"options", "prefix"} <= self.model.capabilities
        self._template = PromptTemplate(
            self.params.prompt, self._values("p", "a", "b"), shown=("prompt", "first", "second")
        )

    async def compare(self, comparison: Comparison) -> Verdict:
        """Judge one comparison, by option probabilities or by a structured answer."""
        text = self._template.render(
            self._values(comparison.prompt.text, comparison.first.text, comparison.second.text)
        )
        ask = self._ask_options if self._by_options else self._ask_answer
        verdict = await ask((Message("user", text),), self._seed(comparison))
        if verdict.p_first is None:
            return verdict
        clip = self.params.clip
        return replace(verdict, p_first=min(max(verdict.p_first, clip), 1.0 - clip))

    async def _ask_options(self, messages: tuple[Message, ...], seed: int) -> Verdict:
        reasoning = ""
        if self.params.reasoning:
            reply = await self.model.chat(
                self._sampled(messages, seed, stop=(self.params.answer_prefix,))
            )
            refused = refusal(reply)
            if refused is not None:
                return refused
            reasoning = reply.text
        # Nothing is sampled here: without a seed, equal questions have equal addresses.
        question = ChatRequest(
            messages,
            prefix=_ending_line(reasoning) + self.params.answer_prefix,
            options=self.params.options,
        )
        reply = await self.model.chat(question)
        return option_verdict(reply, self.params.least_mass, explanation=reasoning.strip())

    async def _ask_answer(self, messages: tuple[Message, ...], seed: int) -> Verdict:
        enforced = "schema" in self.model.capabilities
        schema = answer_schema(explained=self.params.reasoning) if enforced else None
        return answer_verdict(await self.model.chat(self._sampled(messages, seed, schema=schema)))

    def _sampled(self, messages: tuple[Message, ...], seed: int, **rest: Any) -> ChatRequest:
        return ChatRequest(
            messages,
            max_tokens=self.params.max_tokens,
            temperature=self.params.temperature,
            seed=seed,
            **rest,
        )

    def _seed(self, comparison: Comparison) -> int:
        first, second = comparison.first.id, comparison.second.id
        rng = self.context.rng("pairwise", comparison.prompt.id, first, second, comparison.vote)
        return rng.getrandbits(31)

    def _values(self, prompt: str, first: str, second: str) -> dict[str, Any]:
        return {
            "prompt": prompt,
            "first": first,
            "second": second,
            "fence": fence(self.context.secret, prompt, first, second),
            "criteria": self.params.criteria,
            "examples": [self._shown(example) for example in self.params.examples],
            "reasoning": self.params.reasoning,
            "structured": not self._by_options,
            "answer_prefix": self.params.answer_prefix,
            "options": self.params.options,
        }

    def _shown(self, example: Example) -> dict[str, str]:
        """An example with the answer that the judge should have given, in the form asked for."""
        if self._by_options:
            explanation = example.explanation if self.params.reasoning else ""
            option = self.params.options[example.better == "B"]
            answer = _ending_line(explanation) + self.params.answer_prefix + option
        else:
            said: dict[str, object] = {}
            if self.params.reasoning:
                said["explanation"] = example.explanation
            said |= {"preference": example.better, "confidence": example.confidence}
            answer = json.dumps(said, ensure_ascii=False)
        return {
            "prompt": example.prompt,
            "first": example.first,
            "second": example.second,
            "answer": answer,
        }


def _ending_line(text: str) -> str:
    """The text, with a line end after it unless there is white space already."""
    return text if not text or text[-1].isspace() else text + "\n"
