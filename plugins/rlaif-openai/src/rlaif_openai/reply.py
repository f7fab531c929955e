"""A chat completion as a reply."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ValidationError

from rlaif_core.api import ChatReply, ChatRequest, ModelError, Usage
from rlaif_kit.endpoint import Endpoint
from rlaif_openai.options import option_logprobs

FINISH_REASONS: Final = {"length": "length", "content_filter": "content_filter"}
"""Whatever else a server says (stop, eos, tool_calls), the model came to an end by itself."""

BROKEN: Final = frozenset(("abort", "error"))
"""What some servers say of a generation that they did not finish."""


class TopToken(BaseModel):
    """One candidate for a token."""

    token: str
    logprob: float


class Token(BaseModel):
    """One token of the answer."""

    top_logprobs: list[TopToken] = []


class Logprobs(BaseModel):
    """The answer's tokens."""

    content: list[Token] | None = None


class Message(BaseModel):
    """The answer."""

    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    """One of the answers; one is asked for."""

    message: Message
    finish_reason: str | None = None
    logprobs: Logprobs | None = None


class Tokens(BaseModel):
    """Billed tokens."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Completion(BaseModel):
    """Fields read of a chat completion. Gateways may send an error in its place, with status 200.

    Only what is read here is validated, so that a server may leave out or invent the rest.
    """

    choices: list[Choice] = []
    usage: Tokens | None = None
    error: Any = None


def read(content: bytes, request: ChatRequest, where: Endpoint) -> ChatReply:
    """The reply that a service sent.

    Raises:
        ModelError: If it is no chat completion, or one that says that it failed.
    """
    try:
        completion = Completion.model_validate_json(content)
    except ValidationError as error:
        raise where.malformed(error) from None
    if completion.error is not None:
        raise _error(completion.error, where)
    if not completion.choices:
        raise ModelError(f"{where.place} sent no choice", transient=True)
    choice = completion.choices[0]
    if choice.finish_reason in BROKEN:
        raise ModelError(f"{where.place} gave the generation up", transient=True)
    tokens = completion.usage or Tokens()
    usage = Usage(tokens.prompt_tokens or 0, tokens.completion_tokens or 0)
    if request.options:
        return ChatReply("", "options", _options(choice, request.options), usage)
    if choice.message.refusal:
        return ChatReply(choice.message.refusal, "refusal", usage=usage)
    reason = FINISH_REASONS.get(choice.finish_reason or "", "stop")
    text = choice.message.content or ""
    ends = [at for stop in request.stop if (at := text.find(stop)) >= 0]
    if ends:  # the server was not told, or takes fewer stop strings than there are
        text, reason = text[: min(ends)], "stop" if reason == "length" else reason
    return ChatReply(text, reason, usage=usage)


def _options(choice: Choice, options: tuple[str, ...]) -> tuple[float, ...] | None:
    tokens = (choice.logprobs and choice.logprobs.content) or [Token()]
    return option_logprobs(
        [(logprob.token, logprob.logprob) for logprob in tokens[0].top_logprobs], options
    )


def _error(error: Any, where: Endpoint) -> ModelError:
    said, code = error, None
    if isinstance(error, dict):
        said, code = error.get("message", error), error.get("code")
    if isinstance(code, int) and 400 <= code < 600:
        return where.refused(code, {}, said)
    message = f"{where.place} sent an error for an answer: {where.redacted(said)}"
    return ModelError(message, transient=True)
