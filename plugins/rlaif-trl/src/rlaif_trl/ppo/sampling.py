"""Sampling of responses with a key-value cache; finished rows leave the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from rlaif_kit.chat_format import Tokens
from rlaif_trl.model.batching import padded
from rlaif_trl.ppo.episodes import Episode
from rlaif_trl.ppo.forward import Forward


@dataclass(frozen=True)
class ResponseSampler:
    """Draws responses from softmax(logits / temperature), the whole vocabulary.

    A response depends on its prompt and its seed, not on the batch around it (but for
    rounding): each token is drawn by inverse transform from the episode's own random numbers.

    Attributes:
        model: A causal language model.
        endings: Tokens that end a response and are part of it.
        pad: Id of the padding token.
        temperature: Above 0.
        max_tokens: Most tokens of a response.
        batch_size: Responses sampled at once.
    """

    model: Any
    endings: frozenset[int]
    pad: int
    temperature: float
    max_tokens: int
    batch_size: int

    @torch.no_grad()
    def sample(self, prompts: Sequence[Tokens], seeds: Sequence[int]) -> list[Episode]:
        """One response to each prompt, in batches of similar length."""
        self.model.eval()
        order = sorted(range(len(prompts)), key=lambda i: -len(prompts[i]))
        episodes: dict[int, Episode] = {}
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            drawn = self._batch([prompts[i] for i in rows], [seeds[i] for i in rows])
            episodes.update(zip(rows, drawn, strict=True))
        return [episodes[i] for i in range(len(prompts))]

    def _batch(self, prompts: list[Tokens], seeds: list[int]) -> list[Episode]:
        device = self.model.device
        forward = Forward(self.model)
        tokens, mask = padded(prompts, self.pad, device, left=True)
        uniform = torch.stack([uniform_numbers(seed, self.max_tokens) for seed in seeds]).to(device)
        endings = torch.tensor(sorted(self.endings), device=device)
        written = torch.full((len(prompts), self.max_tokens), self.pad, device=device)
        lengths = torch.full((len(prompts),), self.max_tokens, device=device)
        ended = torch.zeros(len(prompts), dtype=torch.bool, device=device)
        rows = torch.arange(
            len(prompts), device=device
        )  # index of the response in each row of a pass
        cache: Any = None
        for step in range(self.max_tokens):
            output = forward(tokens, mask, keep=1, cache=cache, use_cache=True)
            cache = output.past_key_values
            probabilities = (output.logits[:, -1].float() / self.temperature).softmax(-1)
            drawn = inverse_transform(probabilities, uniform[rows, step])
            written[rows, step] = torch.where(ended[rows], self.pad, drawn)
            over = torch.isin(drawn, endings) & ~ended[rows]
            lengths[rows[over]] = step + 1
            ended[rows[over]] = True
            going = (~ended[rows]).nonzero().squeeze(1)
            if not len(going):
                break
            tokens = drawn.unsqueeze(1)
            mask = torch.cat([mask, torch.ones_like(tokens)], dim=1)
            if 2 * len(going) <= len(rows):  # copying the cache costs more than a few idle rows
                cache.batch_select_indices(going)
                rows, tokens, mask = rows[going], tokens[going], mask[going]
        return [
            Episode(prompt, response[:length], over)
            for prompt, response, length, over in zip(
                prompts, written.tolist(), lengths.tolist(), ended.tolist(), strict=True
            )
        ]


def uniform_numbers(seed: int, count: int) -> Tensor:
    """Numbers in [0, 1) that depend on the seed alone, [count]."""
    return torch.rand(count, generator=torch.Generator().manual_seed(seed))


def inverse_transform(probabilities: Tensor, uniform: Tensor) -> Tensor:
    """The first token at which the cumulative mass exceeds `uniform` of the total, [rows].

    Args:
        probabilities: [rows, vocabulary], not negative.
        uniform: [rows], in [0, 1).
    """
    cumulative = probabilities.cumsum(-1)
    total = cumulative[:, -1:]
    # Rounding must not lift the target to the total, or a token of mass 0 could be drawn.
    target = torch.minimum(
        uniform.unsqueeze(1) * total, torch.nextafter(total, torch.zeros_like(total))
    )
    return torch.searchsorted(cumulative, target, right=True).squeeze(1)


Decode = Callable[[Tokens], str]


def response_text(episode: Episode, endings: frozenset[int], decode: Decode) -> str:
    """Text of a response for the scorer, without its end token."""
    tokens = episode.response
    return decode(tokens[:-1] if tokens[-1] in endings else tokens)
