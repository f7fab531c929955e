"""Rows that a model has read, kept so that longer ones can go on from them."""

# mypy: allow-untyped-calls
# (parts of torch and transformers carry no annotations)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from rlaif_transformers.scoring.forward import ForwardPass
from rlaif_transformers.scoring.kv_cache import Beginnings, Continued, Room

if TYPE_CHECKING:
    from rlaif_core.kit.chat_format import Tokens

_PLAIN = (DynamicLayer, DynamicSlidingWindowLayer)
"""Layers whose whole state is the keys and values of the tokens."""


@dataclass(frozen=True)
class ReadRows:
    """Rows, and the keys and values that go with them; all end in the last column.

    Attributes:
        lengths: Tokens of each.
        cache: Keys and values of every layer, [B, heads, longest, width of a head].
        _room: Memory for those rows that go on from here and that none go on from.
    """

    lengths: Sequence[int]
    cache: DynamicCache
    _room: Room = field(default_factory=Room)

    def beginnings(
        self, rows: Sequence[int], lengths: Sequence[int], *, keep: bool
    ) -> DynamicCache:
        """Keys and values of some rows' first tokens, which again all end in one column.

        Args:
            rows: Which row, for each new one; any of them several times.
            lengths: How many of its tokens; at least one of them more than 0.
            keep: Whether they are still wanted when this is called again.
        """
        gaps = [self.lengths[row] - length for row, length in zip(rows, lengths, strict=True)]
        chosen = Beginnings(rows, gaps, max(lengths))
        room = Room() if keep else self._room
        cache = DynamicCache()
        for index, layer in enumerate(self.cache.layers):
            # A layer that uses another one's keys and values has none.
            if isinstance(layer, DynamicLayer) and layer.is_initialized:
                keys, values = cast(torch.Tensor, layer.keys), cast(torch.Tensor, layer.values)
                place = 2 * index, 2 * index + 1
                cache.layers.append(Continued(keys, values, chosen, room, place))
            else:
                cache.layers.append(DynamicLayer())
        return cache


class RowReader:
    """Reads rows, each as a continuation of one that was read before.

    What rows of unequal length lack is not filled up behind what they continue: the shorter ones
    read some of that once more. So no padding ever stands between two tokens of a row, and
    whatever a model makes of distances is right.

    Args:
        forward: The model.
        device: Where it is.
        pad: Any token.
    """

    def __init__(self, forward: ForwardPass, device: torch.device, pad: int) -> None:
        self._forward = forward
        self._device = device
        self._pad = pad
        self._continues: bool | None = None

    @property
    def continues(self) -> bool:
        """Whether rows can be continued: not if the model keeps a running state."""
        if self._continues is None:
            one = torch.ones((1, 1), dtype=torch.long, device=self._device)
            _, cache = self._forward(one, one, 1, keep_cache=True)
            self._continues = isinstance(cache, DynamicCache) and all(
                type(layer) in _PLAIN for layer in cache.layers
            )
        return self._continues

    def read(
        self,
        rows: Sequence[Tokens],
        known: Sequence[int],
        above: ReadRows | None,
        which: Sequence[int],
        *,
        keep: int,
        go_on: bool,
    ) -> tuple[torch.Tensor, ReadRows | None]:
        """Logits of the last columns, and the rows as read.

        Args:
            rows: From their very beginning.
            known: How many tokens of each were read before.
            above: The rows that were read before, if any.
            which: Which of those each row continues.
            keep: How many last columns to give logits for.
            go_on: Whether the rows are to be continued.

        Returns:
            Logits [B, keep, V], and the rows if they are to be continued.
        """
        fresh = max(len(row) - read for row, read in zip(rows, known, strict=True))
        lengths = [max(0, len(row) - fresh) for row in rows]
        cached = max(lengths)
        cache = DynamicCache() if go_on else None
        if above is not None and cached:
            cache = above.beginnings(which, lengths, keep=go_on)
        ids = [[self._pad] * (fresh - len(row)) + row[-fresh:] for row in rows]
        total = torch.tensor([[len(row)] for row in rows], device=self._device)
        columns = torch.arange(cached + fresh, 0, -1, device=self._device)
        logits, after = self._forward(
            torch.tensor(ids, device=self._device),
            (columns <= total).long(),
            keep,
            cache,
            keep_cache=cache is not None,
        )
        return logits, ReadRows([len(row) for row in rows], after) if go_on else None
