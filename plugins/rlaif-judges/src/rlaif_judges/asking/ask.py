"""Asking a model: it reasons first, and then gives a probability for each answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from rlaif_core.api import (
    ChatModel,
    ChatReply,
    ChatRequest,
    Context,
    JudgeFacts,
    Message,
    Params,
    PluginError,
)
from rlaif_judges.asking.replies import own_words

VOTING_TEMPERATURES: Final = (0.3, 0.7)
"""Below, repeated votes are nearly the same one; above, they are mostly noise."""


class ReplyParams(Params):
    """Parameters of every judge that lets a model reply."""

    answer_prefix: str = Field(
        default="Answer:", min_length=1, description="what stands before the answer"
    )
    temperature: float = Field(default=0.5, ge=0, description="of the reasoning")
    max_tokens: int = Field(default=512, ge=1, description="of the reasoning or the answer")


class AskingParams(ReplyParams):
    """Parameters of every judge that reasons and then weighs given answers."""

    reasoning: bool = Field(default=True, description="reason first, then answer")
    least_mass: float = Field(
        default=0.01, ge=0, le=1, description="abstain if all options are less probable together"
    )


class Asker:
    """Asks one model.

    Args:
        model: The model.
        params: How to ask it.

    Attributes:
        gives_options: Whether the model tells how probable given answers are.
        continues: Whether it continues a given beginning of its turn, such as its own reasoning.
    """

    def __init__(self, model: ChatModel, params: ReplyParams) -> None:
        self._model = model
        self._params = params
        self.gives_options = "options" in model.capabilities
        self.continues = "prefix" in model.capabilities

    @property
    def weighs_endings(self) -> bool:
        """True if the end of the turn can be part of an option's probability."""
        return self.gives_options and "end_of_turn" in self._model.capabilities

    @property
    def enforces_schema(self) -> bool:
        """True if the model can be held to a JSON Schema."""
        return "schema" in self._model.capabilities

    async def probabilities(
        self,
        text: str,
        options: tuple[str, ...],
        seed: int,
        *,
        reasoning: bool,
        end_of_turn: bool = False,
        request: str = "",
    ) -> tuple[str, ChatReply]:
        """Let the model reason, then ask for the log-probability of each option.

        Args:
            text: The question, as the user's turn.
            options: Possible answers, as they would follow the answer prefix.
            seed: Of the reasoning.
            reasoning: Whether it reasons at all.
            end_of_turn: As in `ChatRequest`.
            request: What asks for the answer after the reasoning, as the user's next turn, of a
                model that cannot continue its own.

        Returns:
            The reasoning, and the reply to the options; the refusal, if it would not reason.
        """
        reasoned = ""
        if reasoning:
            reply = await self.reply(text, seed, stop=(self._params.answer_prefix,))
            if reply.finish_reason in ("refusal", "content_filter"):
                return "", reply
            reasoned = reply.text
        turns, prefix = [Message("user", text)], ""
        if self.continues:
            prefix = ending_line(reasoned) + self._params.answer_prefix
        elif reasoned.strip():
            turns += [Message("assistant", reasoned.strip()), Message("user", request)]
        elif reasoning:
            turns = [Message("user", f"{text}\n\n{request}")]
        # Nothing is sampled here: without a seed, equal questions have equal addresses.
        question = ChatRequest(
            tuple(turns), prefix=prefix, options=options, end_of_turn=end_of_turn
        )
        return own_words(reasoned.strip()), await self._model.chat(question)

    async def reply(
        self,
        text: str,
        seed: int,
        *,
        stop: tuple[str, ...] = (),
        schema: Mapping[str, Any] | None = None,
    ) -> ChatReply:
        """Reply of the model to a question."""
        request = ChatRequest(
            (Message("user", text),),
            max_tokens=self._params.max_tokens,
            temperature=self._params.temperature,
            seed=seed,
            stop=stop,
            schema=schema,
        )
        return await self._model.chat(request)


def only_model(judge: str, context: Context) -> ChatModel:
    """The one model that a recipe gives to a judge.

    Args:
        judge: The judge's name, for the error.
        context: What it was given at set-up.

    Raises:
        PluginError: If there is not exactly one.
    """
    if len(context.models) != 1:
        raise PluginError(
            f"judge '{judge}' asks one model, and the recipe gives it {len(context.models)}: "
            f"set `model:` beside `use: {judge}`"
        )
    return next(iter(context.models.values()))


def repetition_warning(facts: JudgeFacts, temperature: float) -> str | None:
    """Warning about several votes at a temperature that does not suit them, or None."""
    low, high = VOTING_TEMPERATURES
    if facts.votes == 1 or low <= temperature <= high:
        return None
    effect = "repeat each other" if temperature < low else "differ by chance"
    return (
        f"{facts.votes} votes at temperature {temperature:g} mostly {effect}: set `temperature` "
        f"between {low} and {high}, or `votes: 1`"
    )


def ending_line(text: str) -> str:
    """The text, with a line end after it unless there is white space already."""
    return text if not text or text[-1].isspace() else text + "\n"
