"""The judge `pairwise`: which of two responses is better, by criteria, for any model that chats.

From a model that gives option probabilities it reads a soft label, as Lee et al. (2309.00267) do:
one request lets the model reason, a second asks how probable "A" and "B" are after that. Any
other model is asked for a structured answer: explanation, preference, confidence.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field
from typing_extensions import TypeVar

from rlaif_core.api import Comparison, Context, JudgeFacts, ResourcePath, Verdict
from rlaif_judges.asking.ask import ending_line, only_model
from rlaif_judges.asking.compare import Comparing, ComparingJudge, ComparingParams
from rlaif_judges.asking.criteria import DEFAULT_CRITERIA, Criterion, Example, both, unread_warning
from rlaif_judges.asking.fence import fence

if TYPE_CHECKING:
    from rlaif_judges.asking.template import PromptTemplate


class PairwiseParams(ComparingParams):
    """Parameters of `pairwise`."""

    criteria: tuple[Criterion, ...] = Field(
        default=DEFAULT_CRITERIA, min_length=1, description="what to judge by: name and text each"
    )
    examples: tuple[Example, ...] = Field(default=(), description="few-shot examples")
    prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/pairwise.jinja", description="a jinja2 template"
    )


W = TypeVar("W", bound=PairwiseParams, default=PairwiseParams, covariant=True)


class Pairwise(ComparingJudge[W]):
    """LLM-as-a-judge: asks which of two responses is better, by criteria, reasoning first."""

    Params = PairwiseParams
    name: ClassVar[str] = "pairwise"
    _template: PromptTemplate
    _comparing: Comparing
    _examples: list[dict[str, str]]

    async def setup(self, context: Context) -> None:
        """Read the template, and see what the model can do.

        Raises:
            PluginError: If there is not exactly one model, or the template cannot be used.
        """
        from rlaif_judges.asking.template import PromptTemplate

        await super().setup(context)
        self._comparing = Comparing(only_model(self.name, context), self.params)
        self._examples = [self._shown(example) for example in self.params.examples]
        self._template = PromptTemplate(
            self.params.prompt, self._values("p", "a", "b"), shown=("prompt", "first", "second")
        )

    def warning(self, facts: JudgeFacts) -> str | None:
        """Besides what holds for votes: criteria and examples want a template that shows them."""
        return both(super().warning(facts), unread_warning(self.params, self.params.prompt))

    async def compare(self, comparison: Comparison) -> Verdict:
        """Judge one comparison, by option probabilities or by a structured answer."""
        judged = (comparison.prompt.text, comparison.first.text, comparison.second.text)
        text = self._template.render(self._values(*judged))
        return await self._comparing.verdict(text, self._seed(comparison), judged)

    def _seed(self, comparison: Comparison) -> int:
        first, second = comparison.first.id, comparison.second.id
        rng = self.context.rng(self.name, comparison.prompt.id, first, second, comparison.vote)
        return rng.getrandbits(31)

    def _values(self, prompt: str, first: str, second: str) -> dict[str, Any]:
        return {
            "prompt": prompt,
            "first": first,
            "second": second,
            "fence": fence(self.context.secret, prompt, first, second),
            "criteria": self.params.criteria,
            "examples": self._examples,
            **self._comparing.form,
        }

    def _shown(self, example: Example) -> dict[str, str]:
        """An example between marks of its own, with the right answer in the form asked for."""
        if not self._comparing.structured:
            explanation = example.explanation if self.params.reasoning else ""
            option = self._comparing.form["options"][example.better == "B"]
            prefix = self._comparing.form["answer_prefix"]
            answer = ending_line(explanation) + prefix + option
        else:
            reply: dict[str, object] = {}
            if self.params.reasoning:
                reply["explanation"] = example.explanation
            reply |= {"preference": example.better, "confidence": example.confidence}
            answer = json.dumps(reply, ensure_ascii=False)
        return {
            "prompt": example.prompt,
            "first": example.first,
            "second": example.second,
            "answer": answer,
            "fence": fence(self.context.secret, example.prompt, example.first, example.second),
        }
