"""Answers to chat requests: sorted into batches, generated or scored, put back into order."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import torch

from rlaif_core.api import ChatReply, ChatRequest, ModelError, Usage
from rlaif_kit.chat_format import ChatFormat, Encoded, Tokens
from rlaif_kit.threads import threads_for
from rlaif_transformers.batching import batches
from rlaif_transformers.generation.generator import Generation, Generator
from rlaif_transformers.loading import Loaded
from rlaif_transformers.scoring.scorer import OptionScorer, Scoring
from rlaif_transformers.threads import computing_with

_TOKENS_CPU: Final = 8_192  # more rows than fit its caches make a CPU slower, not faster
_TOKENS_ELSEWHERE: Final = 32_768

Reply = ChatReply | ModelError
_OUT_OF_MEMORY: Final = "out of memory: lower the model's max_batch_tokens"


class LocalModel:
    """A loaded checkpoint that answers requests. Blocking, and for one thread at a time.

    Args:
        loaded: The checkpoint.
        max_batch_tokens: Tokens in one forward batch, padding included; None chooses by the device.
        threads: CPU threads; None chooses by the size of the model.
    """

    def __init__(
        self, loaded: Loaded, max_batch_tokens: int | None = None, threads: int | None = None
    ) -> None:
        self._format = ChatFormat(loaded.tokenizer)
        self._generator = Generator(loaded, loaded.endings | {self._format.end_of_turn})
        config = loaded.model.config.get_text_config()
        self._context: int | None = getattr(config, "max_position_embeddings", None)
        on_cpu = loaded.model.device.type == "cpu"
        self._max_batch_tokens = max_batch_tokens or (_TOKENS_CPU if on_cpu else _TOKENS_ELSEWHERE)
        self._scorer = OptionScorer(loaded, self._max_batch_tokens)
        self._threads = threads_for(loaded.model.num_parameters(), threads) if on_cpu else None

    @torch.inference_mode()
    def answer(self, requests: Sequence[ChatRequest], halt: threading.Event) -> list[Reply]:
        """One reply or error per request, in their order.

        Args:
            requests: Any mixture of questions and options.
            halt: Once set, requests that have not been started stay unanswered.
        """
        with computing_with(self._threads):
            return self._answer(requests, halt)

    def _answer(self, requests: Sequence[ChatRequest], halt: threading.Event) -> list[Reply]:
        replies: dict[int, Reply] = {}
        generations: dict[int, Generation] = {}
        scorings: dict[int, Scoring] = {}
        encoded = self._format.encode(requests)
        for place, (request, tokens) in enumerate(zip(requests, encoded, strict=True)):
            job = tokens if isinstance(tokens, ModelError) else self._job(request, tokens)
            if isinstance(job, Generation):
                generations[place] = job
            elif isinstance(job, Scoring):
                scorings[place] = job
            else:
                replies[place] = job
        replies.update(self._generated(generations, halt))
        replies.update(self._scored(scorings, halt))
        return [replies.get(place, ModelError("cancelled")) for place in range(len(requests))]

    def _job(self, request: ChatRequest, encoded: Encoded) -> Generation | Scoring | ModelError:
        if request.options:
            ending = self._format.end_of_turn if request.end_of_turn else None
            scoring = Scoring.of(encoded, ending)
            return self._unfit(scoring.head, scoring.width) or scoring
        if request.max_tokens < 1:
            return ModelError(f"max_tokens is {request.max_tokens}: ask for at least one token")
        room = request.max_tokens
        if self._context is not None:
            room = min(room, self._context - len(encoded.prompt))
        unfit = self._unfit(encoded.prompt, len(encoded.prompt) + 1)
        return unfit or Generation(request, encoded.prompt, room)

    def _unfit(self, start: Tokens, tokens: int) -> ModelError | None:
        if not start:
            return ModelError("the chat template writes nothing for the model to continue")
        if self._context is None or tokens <= self._context:
            return None
        return ModelError(
            f"{tokens} tokens do not fit into the context of {self._context}: shorten the prompt, "
            "or use a model with a longer context"
        )

    def _generated(
        self, jobs: Mapping[int, Generation], halt: threading.Event
    ) -> Iterator[tuple[int, Reply]]:
        def width(place: int) -> int:
            return jobs[place].width

        for places in batches(jobs, width, lambda place: width(place) / self._max_batch_tokens):
            if halt.is_set():
                return
            try:
                replies = self._generator.generate([jobs[place] for place in places], halt)
                yield from zip(places, replies, strict=True)
            except torch.OutOfMemoryError:
                yield from ((place, ModelError(_OUT_OF_MEMORY)) for place in places)

    def _scored(
        self, jobs: Mapping[int, Scoring], halt: threading.Event
    ) -> Iterator[tuple[int, Reply]]:
        scored = self._scorer.score(list(jobs.values()), halt)
        for (place, job), values in zip(jobs.items(), scored, strict=True):
            if values is not None:
                usage = Usage(prompt_tokens=len(job.head) + sum(map(len, job.tails)))
                yield place, ChatReply("", "options", values, usage)
            elif not halt.is_set():
                yield place, ModelError(_OUT_OF_MEMORY)
