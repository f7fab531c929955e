"""Episodes as tensors: prompts padded on the left, responses on the right, one seam."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from rlaif_kit.chat_format import Tokens


@dataclass(frozen=True, slots=True)
class Episode:
    """A prompt and a sampled response.

    Attributes:
        prompt: Token ids.
        response: Token ids, at least one; the end token included.
        ended: Whether the response ended by itself.
    """

    prompt: Tokens
    response: Tokens
    ended: bool

    @property
    def length(self) -> int:
        """Tokens of both."""
        return len(self.prompt) + len(self.response)


@dataclass(frozen=True)
class Batch:
    """Some episodes, no wider than they need.

    Attributes:
        ids: Token ids, [episodes, prompt + width]; all responses begin in the same column.
        mask: 1 at tokens, 0 at padding; the same shape.
        width: Tokens of the longest response.
    """

    ids: Tensor
    mask: Tensor
    width: int

    @property
    def responses(self) -> Tensor:
        """Token ids, [episodes, width]."""
        return self.ids[:, -self.width :]


class Episodes:
    """Episodes in one tensor, from which batches of any of them are cut.

    Args:
        episodes: At least one.
        pad: Id of the padding token.
        device: Device of the tensors.
    """

    def __init__(self, episodes: Sequence[Episode], pad: int, device: torch.device) -> None:
        self.episodes = episodes
        self._seam = max(len(episode.prompt) for episode in episodes)
        self._width = max(len(episode.response) for episode in episodes)
        size = (len(episodes), self._seam + self._width)
        ids, mask = torch.full(size, pad), torch.zeros(size, dtype=torch.long)
        for row, episode in enumerate(episodes):
            columns = slice(self._seam - len(episode.prompt), self._seam + len(episode.response))
            ids[row, columns] = torch.tensor([*episode.prompt, *episode.response])
            mask[row, columns] = 1
        self._ids, self._mask = ids.to(device), mask.to(device)

    def __len__(self) -> int:
        return len(self.episodes)

    @cached_property
    def response_mask(self) -> Tensor:
        """True at the tokens of responses, [episodes, tokens of the longest]."""
        return self._mask[:, self._seam :].bool()

    def by_length(self, rows: Sequence[int]) -> list[int]:
        """The rows from the longest episode to the shortest, so that neighbours are similar."""
        return sorted(rows, key=lambda row: -self.episodes[row].length)

    def batch(self, rows: Sequence[int]) -> Batch:
        """A batch of rows, without columns that hold only padding."""
        before = max(len(self.episodes[row].prompt) for row in rows)
        width = max(len(self.episodes[row].response) for row in rows)
        columns = slice(self._seam - before, self._seam + width)
        index = torch.tensor(rows, device=self._ids.device)
        return Batch(self._ids[index, columns], self._mask[index, columns], width)
