"""Answers to chat requests, with every sequence of a batch in the engine at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from rlaif_core.api import ChatReply, ChatRequest, ModelError
from rlaif_kit.chat_format import ChatFormat, Encoded, Tokens
from rlaif_vllm.engine import Engine, Job, Outcome
from rlaif_vllm.generation import Generation
from rlaif_vllm.options import Scoring

if TYPE_CHECKING:
    from vllm import LLMEngine

Reply = ChatReply | ModelError


class Work(Protocol):
    """The sequences of one request, and the reply made of their outcomes."""

    @property
    def jobs(self) -> Sequence[Job]:
        """Sequences to run."""

    def reply(self, outcomes: Sequence[Outcome]) -> Reply:
        """The reply, from the outcomes of its jobs in their order."""


class Answering:
    """A model in vLLM's engine that answers requests. Blocking, and for one thread at a time.

    Args:
        engine: vLLM's engine with the checkpoint.
        chat_format: Writes conversations as the checkpoint wants them.
    """

    def __init__(self, engine: LLMEngine, chat_format: ChatFormat) -> None:
        self._engine = Engine(engine)
        self._format = chat_format

    def answer(self, requests: Sequence[ChatRequest], halt: threading.Event) -> list[Reply]:
        """One reply or error per request, in their order.

        Args:
            requests: Any mixture of questions and options.
            halt: Once set, unfinished requests stay unanswered.
        """
        works = [
            encoded if isinstance(encoded, ModelError) else self._work(request, encoded)
            for request, encoded in zip(requests, self._format.encode(requests), strict=True)
        ]
        jobs = [job for work in works if not isinstance(work, ModelError) for job in work.jobs]
        outcomes: Iterator[Outcome] = iter(self._engine.run(jobs, halt))
        return [
            work
            if isinstance(work, ModelError)
            else work.reply(list(islice(outcomes, len(work.jobs))))
            for work in works
        ]

    def close(self) -> None:
        """Stop the engine."""
        self._engine.close()

    def _work(self, request: ChatRequest, encoded: Encoded) -> Work | ModelError:
        ending = self._format.end_of_turn
        if request.options:
            scoring = Scoring.of(encoded, ending if request.end_of_turn else None)
            return self._unfit(scoring.head, scoring.width) or scoring
        if request.max_tokens < 1:
            return ModelError(f"max_tokens is {request.max_tokens}: ask for at least one token")
        room = min(request.max_tokens, self._engine.context - len(encoded.prompt))
        unfit = self._unfit(encoded.prompt, len(encoded.prompt) + 1)
        return unfit or Generation(request, encoded.prompt, room, ending)

    def _unfit(self, start: Tokens, tokens: int) -> ModelError | None:
        if not start:
            return ModelError("the chat template writes nothing for the model to continue")
        if tokens <= self._engine.context:
            return None
        return ModelError(
            f"{tokens} tokens do not fit into the context of {self._engine.context}: shorten the "
            "prompt, or raise the model's max_model_len"
        )
