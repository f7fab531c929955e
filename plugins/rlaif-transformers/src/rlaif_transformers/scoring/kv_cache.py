"""Keys and values that one pass adds to, in memory that the next pass may use again."""

# mypy: allow-untyped-calls
# (parts of torch and transformers carry no annotations)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch
from transformers.cache_utils import DynamicLayer


@dataclass(frozen=True)
class Beginnings:
    """Which columns of which rows new rows begin with; they all end in the last of `width`.

    Attributes:
        rows: Which row, for each new one; any of them several times.
        gaps: How many of its last columns are left out.
        width: Columns of the longest.
    """

    rows: Sequence[int]
    gaps: Sequence[int]
    width: int

    def put(self, states: torch.Tensor, into: torch.Tensor) -> None:
        """Copy what is wanted of `states`.

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


class Room:
    """Memory that is used again and again.

    On a CPU memory just got from the system costs more to touch than it takes to fill it. The
    allocators of other devices keep what they have got.
    """

    def __init__(self) -> None:
        self._blocks: dict[int, torch.Tensor] = {}

    def take(self, place: int, like: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
        """An uninitialised tensor, which ends the use of the one taken before at this place.

        Args:
            place: Any number; always with the same type and device.
            like: Has the type and device wanted.
            shape: The shape wanted.
        """
        if like.device.type != "cpu":
            return like.new_empty(shape)
        wanted = prod(shape)
        block = self._blocks.get(place)
        if block is None or block.numel() < wanted:
            block = self._blocks[place] = like.new_empty(wanted)
        return block[:wanted].view(shape)


class Continued(DynamicLayer):
    """A layer's keys and values of what rows begin with, and then of what one pass adds.

    They are copied once, when the pass gets to this layer and is about to use them. The library's
    own layer copies them once to choose them and again to add to them.

    Args:
        keys: Of the rows to choose from, [B, heads, columns, width of a head].
        values: Likewise.
        beginnings: Which of their columns.
        room: Where to put them.
        place: Two numbers for keys and values there.
    """

    def __init__(
        self,
        keys: torch.Tensor,
        values: torch.Tensor,
        beginnings: Beginnings,
        room: Room,
        place: tuple[int, int],
    ) -> None:
        super().__init__()
        self.lazy_initialization(keys, values)
        self._above = keys, values
        self._beginnings = beginnings
        self._room = room
        self._place = place

    def get_seq_length(self) -> int:
        """Columns known before the pass."""
        return self._beginnings.width

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **named: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """All keys and values: those known, and behind them those of the pass."""
        known = self._beginnings.width
        states = zip(self._place, self._above, (key_states, value_states), strict=True)
        both = []
        for place, above, fresh in states:
            rows, heads, columns, width = fresh.shape
            whole = self._room.take(place, above, (rows, heads, known + columns, width))
            self._beginnings.put(above, whole)
            whole[:, :, known:] = fresh
            both.append(whole)
        self.keys, self.values = both
        return self.keys, self.values
