"""Asking a model: the request, the reply, and the handle that judges and samplers are given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from rlaif_core.api.records import Message


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to a model. Equal requests to one model are asked once, ever.

    Attributes:
        messages: The conversation.
        max_tokens: At most so many new tokens.
        temperature: 0 is greedy.
        top_p: Nucleus mass in (0, 1].
        stop: Generation ends before any of these strings.
        seed: Makes repeated samples different questions; reproducible where the model can.
        prefix: The beginning of the assistant's turn, which the model continues.
        options: If given, nothing is generated: the reply holds the log-probability of each whole
            string as the continuation of `prefix`.
        end_of_turn: Whether each option's log-probability includes the end of the turn.
        schema: JSON Schema that the answer is to follow, where the model can enforce it.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 512
    temperature: float = 1.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()
    seed: int = 0
    prefix: str = ""
    options: tuple[str, ...] = ()
    end_of_turn: bool = False
    schema: Mapping[str, Any] | None = field(default=None, hash=False)

    def canonical(self) -> str:
        """This question as JSON, the same text for equal questions."""
        record = {name: getattr(self, name) for name in _FIELDS}
        record["messages"] = [(turn.role, turn.content) for turn in self.messages]
        return _JSON.encode(record)

    def key(self, model: str) -> str:
        """Content address of this question to the model with identity `model` (SHA-256 hex)."""
        return address(model, self.canonical())


_FIELDS = tuple(field.name for field in fields(ChatRequest))
_JSON = json.JSONEncoder(sort_keys=True)


def address(model: str, question: str) -> str:
    """Content address of a canonical question to a model (SHA-256 hex)."""
    return hashlib.sha256(f"{model}\n{question}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ChatReply:
    """A model's answer.

    Attributes:
        text: What it generated; empty when options were asked.
        finish_reason: "stop", "length", "refusal", "content_filter" or "options".
        option_logprobs: Natural-log probability of each option, in the request's order.
        usage: Tokens, counted also when the text turns out to be unusable.
    """

    text: str = ""
    finish_reason: str = "stop"
    option_logprobs: tuple[float, ...] | None = None
    usage: Usage = Usage()


class ChatModel(Protocol):
    """A model as judges and samplers get it: behind cache, retries and budget."""

    @property
    def identity(self) -> str:
        """Names the model and its weights; part of every cache key."""

    @property
    def capabilities(self) -> frozenset[str]:
        """Capabilities beyond chat; see `Model.capabilities`."""

    async def chat(self, request: ChatRequest) -> ChatReply:
        """Ask once, ever.

        Raises:
            ModelError: After the last retry. Judges and samplers let it pass: the engine
                records the abstention with its reason.
        """
