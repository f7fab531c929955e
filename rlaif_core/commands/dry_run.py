"""A dry run: playing a recipe with models that only count their calls.

Every model is replaced by one that answers at once with text of an assumed length; sampler,
pairing, judges and evaluators are the recipe's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rlaif_core.api.chat import ChatReply, ChatRequest
from rlaif_core.api.evaluator import Evaluation, Evaluator
from rlaif_core.api.hook import hookimpl
from rlaif_core.api.judge import PairwiseJudge
from rlaif_core.api.model import Model
from rlaif_core.api.records import Abstention, Comparison, Prompt, Verdict
from rlaif_core.engine.calling import Caller
from rlaif_core.engine.calling.question import CHARACTERS_A_TOKEN
from rlaif_core.engine.components import Components
from rlaif_core.engine.hooks import StageHooks
from rlaif_core.engine.progress import Progress
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.store.ledger import Ledger

ANSWER_SHARE = 0.5
"""Share of `max_tokens` that an answer is assumed to fill."""

UNREADABLE = (ValueError, LookupError, TypeError)
"""Errors that a judge may raise over an answer that it never expected."""


@dataclass
class CallCounter:
    """Calls of one model.

    Attributes:
        calls: Questions.
        prompt_tokens: Estimated from the characters of what is asked.
        completion_tokens: Estimated from `max_tokens`.
    """

    calls: float = 0.0
    prompt_tokens: float = 0.0
    completion_tokens: float = 0.0

    def add(self, calls: float, prompt: float, completion: float) -> None:
        """Count so many more."""
        self.calls += calls
        self.prompt_tokens += prompt
        self.completion_tokens += completion


class _Counting(Caller):
    """Counts what it is asked, and answers at once."""

    def __init__(
        self, place: str, model: Model[Any], dry_run: DryRun, checkpoint: str | None
    ) -> None:
        self.identity = f"{place}@{checkpoint}" if checkpoint else place
        self._place = place
        self._model = model
        self._dry_run = dry_run
        self.asked = self.failed = 0
        self.last_failure = ""

    @property
    def capabilities(self) -> frozenset[str]:
        return self._model.capabilities

    async def chat(self, request: ChatRequest) -> ChatReply:
        key = request.key(self.identity)
        if key not in self._dry_run.answers:
            self._dry_run.answers[key] = self._answer(request)
        return self._dry_run.answers[key]

    def _answer(self, request: ChatRequest) -> ChatReply:
        texts = [*(turn.content for turn in request.messages), request.prefix, *request.options]
        characters = sum(map(len, texts))
        answer = 0 if request.options else max(1, round(request.max_tokens * ANSWER_SHARE))
        counter = self._dry_run.counters.setdefault(self._place, CallCounter())
        counter.add(1, characters / CHARACTERS_A_TOKEN, answer)
        if request.options:
            return ChatReply(option_logprobs=tuple(-1.0 for _ in request.options))
        # Answers differ, or they would be taken for duplicates of each other.
        text = f"{len(self._dry_run.answers)} ".ljust(answer * CHARACTERS_A_TOKEN, "x")
        return ChatReply(text)

    async def close(self) -> None:
        return None


class LenientHooks(StageHooks):
    """Nothing can be made of made-up answers, maybe; what was asked counts all the same."""

    @hookimpl(trylast=True)
    async def rlaif_evaluate(
        self, evaluation: Evaluation, evaluator: Evaluator
    ) -> Mapping[str, Mapping[str, Any]]:
        """Let an evaluator ask what it asks, and drop its figures."""
        if evaluator.asks_models:
            with suppress(Exception):  # of made-up answers it may make anything
                await super().rlaif_evaluate(evaluation, evaluator)
        return {}

    async def _compare(self, judge: PairwiseJudge[Any], comparison: Comparison) -> Verdict:
        try:
            return await super()._compare(judge, comparison)
        except UNREADABLE as error:
            return Verdict.abstain(Abstention.UNPARSED, str(error))


class _Indifferent:
    def load(self, checkpoint: str) -> None:
        return None

    def score(self, prompts: Sequence[Prompt], responses: Sequence[str]) -> list[float]:
        return [0.0] * len(responses)


class DryRun(Components):
    """Components whose models are neither set up nor asked.

    Attributes:
        counters: Calls since the last `take`, by place of the model.
        models: By place, not set up: they know their prices.
        answers: By content address: what was asked before costs nothing again.
    """

    def __init__(self, recipe: Recipe, ledger: Ledger) -> None:
        super().__init__(recipe, ledger, Progress())
        self.counters: dict[str, CallCounter] = {}
        self.models: dict[str, Model[Any]] = {}
        self.answers: dict[str, ChatReply] = {}

    def take(self) -> dict[str, CallCounter]:
        """The calls since this was last asked, by place of the model."""
        taken, self.counters = self.counters, {}
        return taken

    async def get(self, place: str, *given: Any, **named: Any) -> Any:
        """The component at `place`; a reward model that is trained by nobody likes all alike."""
        if place == "reward_model":
            return _Indifferent()
        return await super().get(place, *given, **named)

    async def model(self, place: str, checkpoint: str | None = None) -> Model[Any]:
        """The model at `place`, not set up."""
        if place not in self.models:
            built: Any = self.recipe.build(place)
            self.models[place] = built
        return self.models[place]

    async def caller(self, place: str, checkpoint: str | None = None) -> Caller:
        """The model at `place`, as one that only counts."""
        return _Counting(place, await self.model(place), self, checkpoint)
