"""The judge `constitutional`: which of two responses is more as a principle says.

As the feedback model of Constitutional AI (Bai et al. 2212.08073, section 4.1): one principle
drawn at random for each comparison, or all of them, averaged (the paper's ensembling).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from rlaif_core.api import Comparison, Context, ResourcePath, Verdict
from rlaif_judges.asking.ask import only_model
from rlaif_judges.asking.compare import Comparing, ComparingJudge, ComparingParams, clipped
from rlaif_judges.asking.fence import fence
from rlaif_judges.constitution import Principle, read_constitution
from rlaif_judges.jury.pool import Member, pooled

if TYPE_CHECKING:
    from rlaif_judges.asking.template import PromptTemplate
    from rlaif_judges.constitution import Constitution


class ConstitutionalParams(ComparingParams):
    """Parameters of `constitutional`."""

    constitution: ResourcePath = Field(
        default="rlaif_judges:constitutions/hhh.yaml", description="a YAML file of principles"
    )
    principles: Literal["one", "all"] = Field(
        default="one",
        description="one drawn at random for each comparison, or all, their log-odds averaged",
    )
    prompt: ResourcePath = Field(
        default="rlaif_judges:prompts/constitutional.jinja", description="a jinja2 template"
    )


class Constitutional(ComparingJudge[ConstitutionalParams]):
    """Asks which of two responses is more as the principles of a constitution say."""

    Params = ConstitutionalParams
    _constitution: Constitution
    _template: PromptTemplate
    _comparing: Comparing

    async def setup(self, context: Context) -> None:
        """Read constitution and template, and see what the model can do.

        Raises:
            PluginError: If there is not exactly one model, or the template cannot be used.
            DataError: If the constitution is wrong, naming its lines.
        """
        from rlaif_judges.asking.template import PromptTemplate

        await super().setup(context)
        # What is clipped is the verdict, not each principle's share in it.
        each = self.params.model_copy(update={"clip": 0.0})
        self._comparing = Comparing(only_model("constitutional", context), each)
        self._constitution = read_constitution(self.params.constitution)
        self._template = PromptTemplate(
            self.params.prompt,
            self._values("p", "a", "b", "honest"),
            shown=("prompt", "first", "second", "principle"),
        )

    async def compare(self, comparison: Comparison) -> Verdict:
        """Judge one comparison by one principle or by all; the explanation names each."""
        principles = self._constitution.principles
        if self.params.principles == "one":
            principles = (self._drawn(comparison),)
        verdicts = await asyncio.gather(
            *(self._by(principle, comparison) for principle in principles)
        )
        members = [
            Member(principle.id, verdict, principle.weight)
            for principle, verdict in zip(principles, verdicts, strict=True)
        ]
        return clipped(pooled(members, "principle"), self.params.clip)

    def _drawn(self, comparison: Comparison) -> Principle:
        """The same principle for both orders, another for another vote."""
        principles = self._constitution.principles
        pair = sorted((comparison.first.id, comparison.second.id))
        rng = self.context.rng("principle", comparison.prompt.id, *pair, comparison.vote)
        return rng.choices(principles, [principle.weight for principle in principles])[0]

    async def _by(self, principle: Principle, comparison: Comparison) -> Verdict:
        first, second = comparison.first, comparison.second
        judged = (comparison.prompt.text, first.text, second.text)
        text = self._template.render(self._values(*judged, principle.principle))
        rng = self.context.rng(
            "constitutional",
            principle.id,
            comparison.prompt.id,
            first.id,
            second.id,
            comparison.vote,
        )
        return await self._comparing.verdict(text, rng.getrandbits(31), judged)

    def _values(self, prompt: str, first: str, second: str, principle: str) -> dict[str, Any]:
        return {
            "prompt": prompt,
            "first": first,
            "second": second,
            "fence": fence(self.context.secret, prompt, first, second),
            "principle": principle,
            **self._comparing.form,
        }
