"""A question to a model: its content address, its size, and its place among others."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from rlaif_core.api.chat import ChatReply, ChatRequest, Usage

CHARACTERS_A_TOKEN = 4
"""A rough figure for English, on the safe side for the short prompts of a judge."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its canonical text and its content address."""

    key: str
    text: str
    request: ChatRequest

    @property
    def tokens(self) -> float:
        """Tokens that it may take: its estimated prompt and all of `max_tokens`."""
        return _shown(self.request) + (0 if self.request.options else self.request.max_tokens)

    def order(self) -> tuple[bool, int, str, str]:
        """Sort key that puts questions of one kind and similar length together.

        Those that only weigh options stand beside those with the same prefix instead: a model can
        read that once.
        """
        texts = [*(turn.content for turn in self.request.messages), self.request.prefix]
        if self.request.options:
            return True, 0, "\n".join(texts), self.key
        return False, sum(map(len, texts)), "", self.key


def counted(request: ChatRequest, reply: ChatReply) -> ChatReply:
    """Return the reply with its usage, estimated if the model reports none.

    Else a budget in tokens or dollars would never be reached.
    """
    if reply.usage != Usage():
        return reply
    written = len(reply.text) / CHARACTERS_A_TOKEN
    return replace(reply, usage=Usage(math.ceil(_shown(request)), math.ceil(written)))


def _shown(request: ChatRequest) -> float:
    characters = sum(len(turn.content) for turn in request.messages) + len(request.prefix)
    return characters / CHARACTERS_A_TOKEN
