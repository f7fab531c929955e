"""A message as a reply."""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from rlaif_anthropic.failures import said
from rlaif_anthropic.request import TOOL, prefill
from rlaif_core.api import ChatReply, ChatRequest, ModelError, Usage
from rlaif_kit.endpoint import Endpoint

STOP_REASONS: Final = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
}
"""Whatever else it says (end_turn, stop_sequence, tool_use), it came to an end by itself."""


class Block(BaseModel):
    """One part of the answer: text, a tool's use, or what it thought."""

    type: str
    text: str = ""
    name: str = ""
    input: Any = None


class Tokens(BaseModel):
    """Billed tokens; the prompt's are in three parts."""

    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens: int | None = None

    def usage(self) -> Usage:
        """The three parts added up."""
        cached = (self.cache_creation_input_tokens or 0) + (self.cache_read_input_tokens or 0)
        return Usage((self.input_tokens or 0) + cached, self.output_tokens or 0)


class Said(BaseModel):
    """Fields that are read of a message; only they are validated.

    Gateways may send an error in its place, with status 200.
    """

    content: list[Block] | None = None
    stop_reason: str | None = None
    usage: Tokens | None = None
    error: Any = None


def read(content: bytes, request: ChatRequest, where: Endpoint) -> ChatReply:
    """The reply that a service sent.

    Raises:
        ModelError: If it is no message, or one that says that it failed.
    """
    try:
        message = Said.model_validate_json(content)
    except ValidationError as error:
        raise where.malformed(error) from None
    if message.content is None:
        what = "no content" if message.error is None else f"an error: {said(message.error)}"
        raise ModelError(f"{where.place} sent {where.redacted(what)}", transient=True)
    reason = STOP_REASONS.get(message.stop_reason or "", "stop")
    text = _text(message.content)
    if request.prefix:
        cut_off = request.prefix[len(prefill(request)) :]
        text = text.removeprefix(cut_off)
    ends = [at for stop in request.stop if (at := text.find(stop)) >= 0]
    if ends:  # one that the service was not told
        text, reason = text[: min(ends)], "stop" if reason == "length" else reason
    return ChatReply(text, reason, usage=(message.usage or Tokens()).usage())


def _text(blocks: list[Block]) -> str:
    for block in blocks:
        if block.type == "tool_use" and block.name == TOOL:
            return json.dumps(block.input, ensure_ascii=False)
    return "".join(block.text for block in blocks if block.type == "text")
