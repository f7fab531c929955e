"""Conformance of judges."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeVar

from rlaif_core.api import (
    Abstention,
    ChatModel,
    ChatReply,
    ChatRequest,
    Comparison,
    Judge,
    JudgeFacts,
    ModelError,
    PairwiseJudge,
    PointwiseJudge,
    Prompt,
    Response,
    Verdict,
)
from rlaif_core.testing.conformance import Conformance, run
from rlaif_core.testing.sample import make_prompt, make_responses
from rlaif_core.testing.scripted import Line, ScriptedModel

PROMPT: Final = make_prompt("How much is two and two?", prompt_id="id-of-the-prompt")
BETTER: Final = "Four, for two and two more make four."
WORSE: Final = "Five, and stop asking."
MALFORMED: Final = (
    "",
    "  \n",
    "I would rather not say.",
    "{",
    '{"preference": "neither", "confidence": 7, "score": "high"}',
    "[" * 5_000,
    "\x00",
)
NO_LOGPROBS: Final = (None, (), (-math.inf, -math.inf), (math.nan, -0.1))


J = TypeVar("J", bound=Judge[Any])


class JudgeConformance(Conformance[J]):
    """Base of the judges' classes.

    A judge that asks a model overrides `reply`. One that asks none sets `asks_model = False`.

    Attributes:
        asks_model: Whether it asks a model.
        model_roles: The roles under which a recipe gives it models; all are one here.
        capabilities: What that model can do, as in `Model.capabilities`.
    """

    asks_model: ClassVar[bool] = True
    model_roles: ClassVar[Sequence[str]] = ("model",)
    capabilities: ClassVar[Iterable[str]] = ()

    def models(self) -> Mapping[str, ChatModel]:
        """A model that recognises the better response and says so by `reply`."""
        return self._asked(self._honest) if self.asks_model else {}

    def _honest(self, request: ChatRequest) -> Line:
        raise NotImplementedError

    def _tried_on(self) -> tuple[Prompt, Sequence[Response]]:
        """The prompt and responses that `_judge` asks the judge about."""
        raise NotImplementedError

    def _asked(self, script: Any) -> Mapping[str, ChatModel]:
        return dict.fromkeys(self.model_roles, ScriptedModel(script, self.capabilities))

    def _needs_model(self) -> None:
        if not self.asks_model:
            import pytest

            pytest.skip("this judge asks no model")

    def test_its_warning_is_one_line_or_none(self) -> None:
        """Asked while a recipe is checked, before it is set up."""
        judge = self.component(self.component.Params.model_validate(dict(self.params)))
        for votes in (1, 5):
            told = judge.warning(JudgeFacts("it", judge.kind, 2 * votes, votes))
            assert told is None or (told and "\n" not in told), f"{told!r} is no line"

    async def _judge(self, judge: J) -> Any:
        """One thing to judge, for checks on what the model says."""
        raise NotImplementedError

    def _judged_with(self, script: Any) -> Any:
        async def judged() -> Any:
            async with self.running(self._asked(script)) as judge:
                return await self._judge(judge)

        return run(judged())

    def test_a_malformed_reply_is_an_abstention_and_never_a_guess(self) -> None:
        """A guess looks like a verdict, and trains the policy on noise."""
        self._needs_model()
        for text in MALFORMED:
            for logprobs in NO_LOGPROBS:
                verdict = self._judged_with(
                    lambda request, text=text, logprobs=logprobs: (
                        ChatReply(option_logprobs=logprobs) if request.options else text
                    )
                )
                assert verdict.abstention is not None, f"{text[:60]!r}, {logprobs} gave {verdict}"

    def test_a_refusal_is_an_abstention(self) -> None:
        """Also one that a service's filter decided."""
        self._needs_model()
        for reason in ("refusal", "content_filter"):
            verdict = self._judged_with(lambda request, reason=reason: ChatReply("", reason))
            assert verdict.abstention is not None, f"finish_reason {reason!r} gave {verdict}"

    def test_a_model_error_is_left_to_the_engine(self) -> None:
        """It retries, and records what failed."""
        import pytest

        self._needs_model()
        with pytest.raises(ModelError, match="overloaded"):
            self._judged_with(lambda request: ModelError("overloaded", transient=True))

    def test_the_model_is_shown_no_ids_and_no_names_of_models(self) -> None:
        """A judge must not recognise the writer of a response."""
        self._needs_model()
        asked: list[ChatRequest] = []

        def remember(request: ChatRequest) -> Line:
            asked.append(request)
            return self._honest(request)

        self._judged_with(remember)
        shown = "\n".join(_shown(request) for request in asked)
        assert asked, "it never asked its model"
        prompt, responses = self._tried_on()
        for secret in {
            prompt.id,
            *(s for response in responses for s in (response.id, response.model)),
        } - {""}:
            assert secret not in shown, f"the model is shown {secret!r}"


class PairwiseJudgeConformance(JudgeConformance[PairwiseJudge[Any]]):
    """Checks a judge that compares."""

    def comparisons(self) -> Sequence[Comparison]:
        """Comparisons to try it on; the response shown first is the better one.

        Unless overridden, a right and kind response against a wrong, rude and shorter one.
        """
        better, worse = _responses(PROMPT)
        return [Comparison(PROMPT, better, worse)]

    def reply(self, request: ChatRequest, first_is_better: bool) -> Line:
        """Answer of the model to a request of this judge, sure of itself."""
        raise NotImplementedError("say how the judge's model answers, or set asks_model = False")

    async def exercise(self, component: PairwiseJudge[Any]) -> Sequence[Verdict]:
        """Verdicts on `comparisons` in both orders, all asked at once."""
        shown = [item for pair in self.comparisons() for item in (pair, pair.swapped)]
        return await asyncio.gather(*(component.compare(item) for item in shown))

    def test_it_prefers_the_better_response_in_either_order(self) -> None:
        """Verdicts are about what is shown first, so that they turn round with the order."""
        verdicts = run(self.exercised())
        for pair, forward, backward in zip(
            self.comparisons(), verdicts[::2], verdicts[1::2], strict=True
        ):
            case = (
                f"of the better {pair.first.text!r} and {pair.second.text!r}; a judge that goes by "
                "something else overrides `comparisons` with a pair on which it is sure"
            )
            assert forward.p_first is not None, f"{forward} on a clear case, {case}"
            assert backward.p_first is not None, f"{backward} on a clear case, {case}"
            assert forward.p_first > 0.5, f"{forward} where the first is better, {case}"
            assert backward.p_first < 0.5, f"{backward} where the second is better, {case}"

    def test_settling_answers_every_verdict_and_changes_nothing_twice(self) -> None:
        """The engine pairs verdicts with comparisons, and a resumed run settles again."""

        async def settled() -> tuple[Sequence[Verdict], Sequence[Verdict], int]:
            async with self.running() as judge:
                shown = [item for pair in self.comparisons() for item in (pair, pair.swapped)]
                said = [*await asyncio.gather(*(judge.compare(item) for item in shown))]
                said[-1] = Verdict.abstain(Abstention.FAILED, "the service is down")
                first = judge.settle(shown, said).verdicts
                return first, judge.settle(shown, first).verdicts, len(shown)

        first, second, asked = run(settled())
        assert len(first) == asked, f"{asked} verdicts given, {len(first)} settled"
        assert list(first) == list(second)

    async def _judge(self, judge: PairwiseJudge[Any]) -> Verdict:
        return await judge.compare(self.comparisons()[0])

    def _tried_on(self) -> tuple[Prompt, Sequence[Response]]:
        pair = self.comparisons()[0]
        return pair.prompt, (pair.first, pair.second)

    def _honest(self, request: ChatRequest) -> Line:
        shown = _shown(request)
        for pair in self.comparisons():
            better, worse = shown.find(pair.first.text), shown.find(pair.second.text)
            if better >= 0 and worse >= 0:
                return self.reply(request, first_is_better=better < worse)
        raise AssertionError(
            f"the model is not shown both responses of a pair as they are, so that the kit cannot "
            f"tell which is better: override `models`. It is shown: {shown}"
        )


class PointwiseJudgeConformance(JudgeConformance[PointwiseJudge[Any]]):
    """Checks a judge that scores.

    Attributes:
        prompt: What the responses answer; with the columns that the judge reads.
    """

    prompt: ClassVar[Prompt] = PROMPT

    def responses(self) -> tuple[Response, Response]:
        """Responses to try it on: a better and a worse one to `prompt`.

        Unless overridden, a right and kind response and a wrong, rude and shorter one.
        """
        return _responses(self.prompt)

    def reply(self, request: ChatRequest, is_better: bool) -> Line:
        """Answer of the model to a request about the better or the worse response."""
        raise NotImplementedError("say how the judge's model answers, or set asks_model = False")

    async def exercise(self, component: PointwiseJudge[Any]) -> Any:
        """Scores of both responses, asked at once."""
        responses = self.responses()
        return await asyncio.gather(
            *(component.score(self.prompt, response) for response in responses)
        )

    def test_the_better_response_scores_higher(self) -> None:
        """Higher is better, whatever the scale."""
        better, worse = run(self.exercised())
        good, bad = self.responses()
        case = (
            f"of the better {good.text!r} and {bad.text!r}; a judge that goes by something else "
            "overrides `responses`, and `prompt` if it reads columns"
        )
        assert better.value is not None, f"{better} on a clear case, {case}"
        assert worse.value is not None, f"{worse} on a clear case, {case}"
        assert better.value > worse.value, f"better {better}, worse {worse}, {case}"

    async def _judge(self, judge: PointwiseJudge[Any]) -> Any:
        return await judge.score(self.prompt, self.responses()[0])

    def _tried_on(self) -> tuple[Prompt, Sequence[Response]]:
        return self.prompt, self.responses()[:1]

    def _honest(self, request: ChatRequest) -> Line:
        return self.reply(request, is_better=self.responses()[0].text in _shown(request))


def _responses(prompt: Prompt) -> tuple[Response, Response]:
    better, worse = make_responses(prompt, BETTER, WORSE, model="name-of-the-writer")
    return better, worse


def _shown(request: ChatRequest) -> str:
    return "\n".join([*(turn.content for turn in request.messages), request.prefix])
