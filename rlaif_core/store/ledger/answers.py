"""Answered calls, by the content address of the question: a run's own, or those of all runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import TypeAdapter

from rlaif_core.api.chat import ChatReply
from rlaif_core.store.ledger.database import Database

REPLY = TypeAdapter(ChatReply)


@dataclass(frozen=True, slots=True)
class Call:
    """One answered model call, to be kept.

    Attributes:
        key: `ChatRequest.key`.
        model: Identity of the model.
        request: `ChatRequest.canonical`.
        reply: The answer.
        usd: What it cost.
        seconds: Latency; of the whole batch for a local model.
        attempts: How often it was asked until it was answered; 0 if another run asked.
    """

    key: str
    model: str
    request: str
    reply: ChatReply
    usd: float
    seconds: float
    attempts: int


class Answers(Database):
    """A store of answered calls. Several processes may share one (`--cache-dir`)."""

    schema: ClassVar[tuple[str, ...]] = ("calls.sql",)
    option: ClassVar[str] = "--cache-dir"

    def reply(self, key: str) -> ChatReply | None:
        """The answer to a call that was made before."""
        for (text,) in self._read("SELECT reply FROM calls WHERE key=?", key):
            return REPLY.validate_json(text)
        return None

    def call(self, key: str) -> Call | None:
        """A call that was made before, as it costs whoever finds it: nothing."""
        query = "SELECT model, request, reply FROM calls WHERE key=?"
        for model, request, reply in self._read(query, key):
            return Call(key, model, request, REPLY.validate_json(reply), 0.0, 0.0, 0)
        return None

    def keep_calls(self, calls: Sequence[Call]) -> None:
        """Keep answered calls, in one transaction."""
        now = time.time()
        self._write(
            "INSERT OR IGNORE INTO calls VALUES (?,?,?,?,?,?,?,?,?,?)",
            [
                (
                    call.key,
                    call.model,
                    call.request,
                    REPLY.dump_json(call.reply).decode(),
                    call.reply.usage.prompt_tokens,
                    call.reply.usage.completion_tokens,
                    call.usd,
                    call.seconds,
                    call.attempts,
                    now,
                )
                for call in calls
            ],
        )
