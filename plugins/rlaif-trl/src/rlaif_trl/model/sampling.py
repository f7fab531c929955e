"""Sampling of responses from a policy, in batches of similar length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from rlaif_kit.chat_format import Tokens
from rlaif_trl.model.batching import by_length, padded


@dataclass(frozen=True)
class Draw:
    """Sampling settings.

    Attributes:
        tokens: Most tokens of a response.
        temperature: Above 0.
        top_p: Nucleus mass in (0, 1].
        top_k: Number of likeliest tokens to draw from; 0 for all.
    """

    tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0


def sample(
    model: Any, tokenizer: Any, prompts: Sequence[Tokens], draw: Draw, batch_tokens: int = 16384
) -> list[Tokens]:
    """One response per prompt, in their order, including its end token.

    Args:
        model: A causal language model out of its wrappers; its mode is left as it was.
        tokenizer: Defines the padding and end tokens.
        prompts: Token ids; repeat one to draw several responses to it.
        draw: Sampling settings.
        batch_tokens: Most tokens in one batch, padding and responses included.
    """
    from transformers import GenerationConfig

    ends = end_tokens(model, tokenizer)
    kind: Any = GenerationConfig  # has no types
    config = kind(
        do_sample=True,
        max_new_tokens=draw.tokens,
        temperature=draw.temperature,
        top_p=draw.top_p,
        top_k=draw.top_k,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=ends,
        disable_compile=True,
    )
    responses: list[Tokens] = [[] for _ in prompts]
    with evaluating(model):
        for batch in by_length([len(prompt) + draw.tokens for prompt in prompts], batch_tokens):
            ids, mask = padded(
                [prompts[i] for i in batch], tokenizer.pad_token_id, model.device, left=True
            )
            drawn = model.generate(
                input_ids=ids, attention_mask=mask, generation_config=config, use_cache=True
            )
            for i, response in zip(batch, drawn[:, ids.shape[1] :].tolist(), strict=True):
                responses[i] = until_end(response, ends)
    return responses


def end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """The tokens that end a response: the tokenizer's, and the generation configuration's."""
    named = model.generation_config.eos_token_id
    named = [] if named is None else [named] if isinstance(named, int) else named
    return sorted({tokenizer.eos_token_id, *named} - {None})


def until_end(response: Tokens, ends: Sequence[int]) -> Tokens:
    """A response up to and including its first end token; the rest is padding."""
    place = next((i for i, token in enumerate(response) if token in ends), len(response))
    return response[: place + 1]


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Disable gradients and dropout, then restore the previous mode."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(training)
