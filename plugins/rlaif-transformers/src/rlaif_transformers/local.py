"""Requests to replies: sorted into batches, generated or scored, put back into their order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

import torch

from rlaif_core.api import ChatReply, ChatRequest, ModelError, Usage
from rlaif_transformers.batching import batches
from rlaif_transformers.chat_format import ChatFormat, Encoded, Tokens
from rlaif_transformers.generation import Generation, Generator
from rlaif_transformers.loading import Loaded
from rlaif_transformers.options import OptionScorer, Scoring

_TOKENS_CPU: Final = 8_192  # more rows than fit its caches make a CPU slower, not faster
_TOKENS_ELSEWHERE: Final = 32_768
_LOGITS_KEPT: Final = 1 << 27
"""Logits that one pass may return: half a gigabyte in float32."""

Reply = ChatReply | ModelError
Job = TypeVar("Job", Generation, Scoring)


class LocalModel:
    """A loaded checkpoint that answers requests. Blocking, and for one thread at a time.

    Args:
        loaded: The checkpoint.
        max_batch_tokens: Tokens in one forward batch, padding included; None fits the device.
    """

    def __init__(self, loaded: Loaded, max_batch_tokens: int | None = None) -> None:
        self._format = ChatFormat(loaded.tokenizer)
        self._generator = Generator(loaded, loaded.endings | {self._format.end_of_turn})
        self._scorer = OptionScorer(loaded)
        config = loaded.model.config.get_text_config()
        self._context: int | None = getattr(config, "max_position_embeddings", None)
        self._vocabulary: int = config.vocab_size
        on_cpu = loaded.model.device.type == "cpu"
        self._max_batch_tokens = max_batch_tokens or (_TOKENS_CPU if on_cpu else _TOKENS_ELSEWHERE)

    @torch.inference_mode()
    def answer(self, requests: Sequence[ChatRequest], halt: threading.Event) -> list[Reply]:
        """One reply or error a request, in their order.

        Args:
            requests: Any mixture of questions and options.
            halt: Once set, what has not been begun is left unanswered.
        """
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
        generate = partial(self._generator.generate, halt=halt)
        replies.update(_in_batches(generations, self._generation_load, generate, halt))
        replies.update(_in_batches(scorings, self._scoring_load, self._score, halt))
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
            return ModelError("the chat template writes nothing for the model to go on from")
        if self._context is None or tokens <= self._context:
            return None
        return ModelError(
            f"{tokens} tokens do not fit into the context of {self._context}: shorten the prompt, "
            "or take a model with a longer context"
        )

    def _score(self, jobs: Sequence[Scoring]) -> list[ChatReply]:
        return [
            ChatReply(
                finish_reason="options",
                option_logprobs=values,
                usage=Usage(prompt_tokens=len(job.head) + sum(map(len, job.tails))),
            )
            for job, values in zip(jobs, self._scorer.score(jobs), strict=True)
        ]

    def _generation_load(self, jobs: Sequence[Generation]) -> float:
        return len(jobs) * max(job.width for job in jobs) / self._max_batch_tokens

    def _scoring_load(self, jobs: Sequence[Scoring]) -> float:
        rows = sum(job.rows for job in jobs)
        tokens = rows * max(job.width for job in jobs)
        logits = rows * max(job.kept for job in jobs) * self._vocabulary
        return max(tokens / self._max_batch_tokens, logits / _LOGITS_KEPT)


def _in_batches(
    jobs: Mapping[int, Job],
    load: Callable[[Sequence[Job]], float],
    work: Callable[[Sequence[Job]], Sequence[Reply]],
    halt: threading.Event,
) -> Iterator[tuple[int, Reply]]:
    def chosen(places: Sequence[int]) -> list[Job]:
        return [jobs[place] for place in places]

    for places in batches(
        jobs, lambda place: jobs[place].width, lambda places: load(chosen(places))
    ):
        if halt.is_set():
            return
        try:
            yield from zip(places, work(chosen(places)), strict=True)
        except torch.OutOfMemoryError:
            error = ModelError("out of memory: lower the model's max_batch_tokens")
            yield from ((place, error) for place in places)
