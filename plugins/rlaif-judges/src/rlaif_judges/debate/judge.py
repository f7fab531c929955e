"""The judge `debate`: two debaters argue, and who sees only the transcript decides.

After Khan et al. (2402.06782): private thinking, quotations that are checked, both assignments of
responses to debaters. Their baselines are protocols too: a consultant who argues for one response,
and the judge alone. Debate has helped where debaters know what the judge does not, and little
elsewhere (Kenton et al. 2024), at many times the cost: compare it with `single`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from rlaif_core.api import ChatModel, Comparison, Context, PluginError, Verdict
from rlaif_judges.asking.compare import Comparing, ComparingJudge, clipped
from rlaif_judges.asking.fence import fence
from rlaif_judges.debate.case import Case
from rlaif_judges.debate.params import DebateParams
from rlaif_judges.jury.pool import Member, pooled

if TYPE_CHECKING:
    from rlaif_judges.asking.template import PromptTemplate
    from rlaif_judges.debate.debater import Debaters
    from rlaif_judges.debate.speech import Speech

ROLES: Final = ("debater", "judge")


class Debate(ComparingJudge[DebateParams]):
    """Lets two debaters argue for the responses; who sees only the transcript decides."""

    Params = DebateParams
    _debaters: Debaters
    _comparing: Comparing
    _in_place_of_a_speech: Comparing
    _template: PromptTemplate

    async def setup(self, context: Context) -> None:
        """Read the templates, and see what the judge's model can do.

        Raises:
            PluginError: If the models are not one, or `debater` and `judge`, or a template cannot
                be used.
        """
        from rlaif_judges.asking.template import PromptTemplate
        from rlaif_judges.debate.debater import SAMPLE, Debaters
        from rlaif_judges.debate.speech import Speech

        await super().setup(context)
        if len(context.models) != 1 and set(context.models) != set(ROLES):
            raise PluginError(
                "judge 'debate' asks one model for everything, or two by role: "
                "`model: {debater: ..., judge: ...}`"
            )
        # What is clipped is the verdict, not each assignment's share in it.
        each = self.params.model_copy(update={"clip": 0.0})
        self._comparing = Comparing(self._playing("judge"), each)
        as_long = each.model_copy(update={"max_tokens": self.params.debater_tokens})
        self._in_place_of_a_speech = Comparing(self._playing("judge"), as_long)
        self._debaters = Debaters(self._playing("debater"), self.params, context)
        values = self._values(SAMPLE, [Speech("A", 1, "so")])
        shown = ["prompt"]
        if values["shows_responses"]:
            shown += ["first", "second"]
        if self.params.protocol != "single":
            shown += ["transcript"]
        elif self.params.source:
            shown += ["source"]
        self._template = PromptTemplate(self.params.verdict_prompt, values, tuple(shown))

    async def compare(self, comparison: Comparison) -> Verdict:
        """Run both assignments; the explanation holds one JSON line for each, with transcript."""
        case = Case.of(comparison, self.params.source)
        for_first, for_second = await asyncio.gather(
            self._decided(case), self._decided(case.swapped)
        )
        members = [
            Member("the response shown first", for_first),
            Member("the response shown second", _turned(for_second)),
        ]
        return clipped(pooled(members, "A stands for"), self.params.clip)

    async def _decided(self, case: Case) -> Verdict:
        """The verdict on one assignment: whether A's response is better."""
        if self.params.protocol == "single":
            return await self._alone(case)
        transcript = await self._debaters.transcript(case)
        verdict = await self._asked(case, transcript, 0)
        speeches = [f"{item.speaker}, round {item.round}: {item.text}" for item in transcript]
        return replace(verdict, explanation="\n".join([*speeches, f"Judge: {verdict.explanation}"]))

    async def _alone(self, case: Case) -> Verdict:
        """As many verdicts as a debate has speeches and verdicts, and as long each at most."""
        calls = 2 * self.params.rounds + 1
        verdicts = await asyncio.gather(*(self._asked(case, (), call) for call in range(calls)))
        members = [Member(str(call), verdict) for call, verdict in enumerate(verdicts)]
        return pooled(members, "call")

    async def _asked(self, case: Case, transcript: Sequence[Speech], call: int) -> Verdict:
        """The verdict; every call but the first stands for a speech of the debate."""
        text = self._template.render(self._values(case, transcript))
        seed = self.context.rng("debate", *case.key, call).getrandbits(31)
        judged = (*case.texts, *(item.text for item in transcript))
        comparing = self._comparing if call == 0 else self._in_place_of_a_speech
        return await comparing.verdict(text, seed, judged)

    def _playing(self, role: str) -> ChatModel:
        return self.context.models.get(role) or self.model

    def _values(self, case: Case, transcript: Sequence[Speech]) -> dict[str, Any]:
        alone = self.params.protocol == "single"
        source = case.source if alone else ""
        texts = (case.prompt.text, case.a.text, case.b.text, source)
        return {
            "prompt": case.prompt.text,
            "first": case.a.text,
            "second": case.b.text,
            "source": source,
            "transcript": transcript,
            "protocol": self.params.protocol,
            "shows_responses": alone or self.params.judge_sees == "responses",
            "fence": fence(self.context.secret, *texts, *(item.text for item in transcript)),
            **self._comparing.form,
        }


def _turned(verdict: Verdict) -> Verdict:
    """The same verdict about the responses the other way round."""
    p = verdict.p_first
    return verdict if p is None else replace(verdict, p_first=1.0 - p)
