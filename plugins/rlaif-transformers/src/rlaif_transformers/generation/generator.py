"""Sampled replies to a batch of prompts, by transformers' own `generate`."""

# mypy: allow-untyped-calls
# (parts of torch and transformers carry no annotations)

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

from rlaif_core.api import ChatReply, ChatRequest, ModelError, Usage
from rlaif_kit.chat_format import Tokens
from rlaif_transformers.generation.sampling import SeededSampling
from rlaif_transformers.generation.stopping import Row, RowsDone, first_stop
from rlaif_transformers.loading import Loaded
from rlaif_transformers.padding import left_padded

if TYPE_CHECKING:
    import torch

# Tokens before the new ones that show a decoder whether a word goes on.
_CONTEXT = 8


@dataclass(frozen=True)
class Generation:
    """One reply to write.

    Attributes:
        request: The request.
        prompt: Its tokens.
        limit: Most new tokens; the context may leave fewer than were requested.
    """

    request: ChatRequest
    prompt: Tokens
    limit: int

    @property
    def width(self) -> int:
        """Tokens at its longest."""
        return len(self.prompt) + self.limit


class Generator:
    """Writes replies.

    Args:
        loaded: The checkpoint.
        endings: Tokens that end a reply.
    """

    def __init__(self, loaded: Loaded, endings: frozenset[int]) -> None:
        self._device = loaded.model.device
        self._generate = cast("Callable[..., torch.Tensor]", loaded.model.generate)
        self._tokenizer = loaded.tokenizer
        self._endings = endings

    def generate(
        self, jobs: Sequence[Generation], halt: threading.Event
    ) -> list[ChatReply | ModelError]:
        """Replies in the order of `jobs`, each as if it were alone in the batch."""
        pad = self._tokenizer.pad_token_id
        input_ids, mask = left_padded([job.prompt for job in jobs], pad, self._device)
        start = input_ids.shape[1]
        rows = [Row(job.limit, job.request.stop) for job in jobs]
        steps = max(row.limit for row in rows)
        sampling = SeededSampling(
            [job.request.seed for job in jobs],
            [job.request.temperature for job in jobs],
            [job.request.top_p for job in jobs],
            steps,
            start,
            self._device,
        )
        done = RowsDone(rows, self._endings, start, self._decode, halt)
        output = self._generate(
            input_ids=input_ids,
            attention_mask=mask,
            generation_config=GenerationConfig(
                do_sample=False,
                max_new_tokens=steps,
                eos_token_id=sorted(self._endings),
                pad_token_id=pad,
            ),
            logits_processor=LogitsProcessorList([sampling]),
            stopping_criteria=StoppingCriteriaList([done]),
        )
        new = output[:, start:].tolist()
        finite = sampling.finite.tolist()
        return [
            self._reply(job, row, tokens[: row.length])
            if sound
            else ModelError("the model's logits are not finite: its weights are damaged")
            for job, row, tokens, sound in zip(jobs, rows, new, finite, strict=True)
        ]

    def _reply(self, job: Generation, row: Row, tokens: Tokens) -> ChatReply:
        ended = bool(tokens) and tokens[-1] in self._endings
        text = self._continuation(job, tokens[:-1] if ended else tokens)
        usage = Usage(len(job.prompt), len(tokens))
        return ChatReply(text[: first_stop(text, row.stop)], row.reason, usage=usage)

    def _continuation(self, job: Generation, tokens: Tokens) -> str:
        if not job.request.prefix:
            return self._decode(tokens)
        # Some decoders drop the space that a text begins with; after a prefix it belongs there.
        before = job.prompt[-_CONTEXT:]
        return self._decode(before + tokens)[len(self._decode(before)) :]

    def _decode(self, tokens: Tokens) -> str:
        text = self._tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return str(text)
