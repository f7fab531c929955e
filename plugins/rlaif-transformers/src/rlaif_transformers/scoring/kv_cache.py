"""Key-value cache of rows that continue others, in memory that later passes reuse."""

# mypy: allow-untyped-calls
# (parts of torch and transformers carry no annotations)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from transformers.cache_utils import DynamicLayer


@dataclass(frozen=True)
class PrefixColumns:
    """Columns of old rows that new rows begin with; all end in the last of `width` columns.

    Attributes:
        rows: Index of the old row, for each new one; repeats are allowed.
        gaps: Number of its last columns to leave out, for each new row.
        width: Columns of the longest.
    """

    rows: Sequence[int]
    gaps: Sequence[int]
    width: int

    def put(self, states: torch.Tensor, into: torch.Tensor) -> None:
        """Copy these columns of `states`.

        Args:
            states: [B, heads, columns, width of a head].
            into: [rows, heads, width or more, width of a head]; the first columns are filled.
        """
        end, width = states.shape[2], self.width
        if states.device.type == "cpu":  # where copying rows one by one is five times as fast
            for new, (row, gap) in enumerate(zip(self.rows, self.gaps, strict=True)):
                there = min(width, end - gap)
                if there < width:  # masked out, but masked or not it has to be finite
                    into[new, :, : width - there] = 0
                into[new, :, width - there : width] = states[row, :, end - gap - there : end - gap]
            return
        last = torch.tensor([[end - gap] for gap in self.gaps], device=states.device)
        columns = (last + torch.arange(-width, 0, device=states.device)).clamp(min=0)
        which = torch.tensor([[row] for row in self.rows], device=states.device)
        into[:, :, :width] = states.transpose(1, 2)[which, columns].transpose(1, 2)


class BufferPool:
    """Buffers that are used again.

    On a CPU, touching memory fresh from the system costs more than filling it. The allocators of
    other devices keep their memory.
    """

    def __init__(self) -> None:
        self._blocks: dict[int, torch.Tensor] = {}

    def take(self, place: int, like: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
        """An uninitialised tensor; the one taken before at this place must no longer be in use.

        Args:
            place: Any number; always with the same type and device.
            like: Has the wanted type and device.
            shape: The wanted shape.
        """
        if like.device.type != "cpu":
            return like.new_empty(shape)
        size = prod(shape)
        block = self._blocks.get(place)
        if block is None or block.numel() < size:
            block = self._blocks[place] = like.new_empty(size)
        return block[:size].view(shape)


class ContinuedLayer(DynamicLayer):
    """A layer's keys and values: those that rows begin with, then those that one pass adds.

    They are copied once, when the pass reaches this layer. The library's own layer copies them
    once to select them and again to extend them.

    Args:
        keys: Keys of the old rows, [B, heads, columns, width of a head].
        values: Likewise.
        prefixes: The columns to begin with.
        buffers: Memory for the result.
        place: Places of keys and values in `buffers`.
    """

    def __init__(
        self,
        keys: torch.Tensor,
        values: torch.Tensor,
        prefixes: PrefixColumns,
        buffers: BufferPool,
        place: tuple[int, int],
    ) -> None:
        super().__init__()
        self.lazy_initialization(keys, values)
        self._above = keys, values
        self._prefixes = prefixes
        self._buffers = buffers
        self._place = place

    def get_seq_length(self) -> int:
        """Columns known before the pass."""
        return self._prefixes.width

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **named: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """All keys and values: the known ones, then those of the pass."""
        known = self._prefixes.width
        states = zip(self._place, self._above, (key_states, value_states), strict=True)
        both = []
        for place, above, fresh in states:
            rows, heads, columns, width = fresh.shape
            whole = self._buffers.take(place, above, (rows, heads, known + columns, width))
            self._prefixes.put(above, whole)
            whole[:, :, known:] = fresh
            both.append(whole)
        self.keys, self.values = both
        return self.keys, self.values
