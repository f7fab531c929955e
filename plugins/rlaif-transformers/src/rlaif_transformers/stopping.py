"""When each row of a batch is done: the end of its turn, its own stop strings, its own limit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

import torch
from transformers import StoppingCriteria

# Decoders drop a leading space and cannot show half a character: look at a few tokens more.
_MARGIN: Final = 8


@dataclass
class Row:
    """How far one row may go, and how it ended.

    Attributes:
        limit: At most so many new tokens.
        stop: Text that ends it.
        length: New tokens that belong to it, once it is done; an ending token included.
        reason: "stop" or "length", once it is done.
    """

    limit: int
    stop: tuple[str, ...] = ()
    length: int | None = None
    reason: str = ""

    @property
    def window(self) -> int:
        """How many last tokens can hold a stop string that the newest one completes."""
        return max(len(one.encode()) for one in self.stop) + _MARGIN


class RowsDone(StoppingCriteria):
    """Ends each row on its own terms.

    Args:
        rows: One a row of the batch; filled in as they end.
        endings: Tokens after which a reply is over.
        start: Columns of the prompt.
        decode: Tokens to text.
        halt: Once set, every row is done.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        endings: frozenset[int],
        start: int,
        decode: Callable[[list[int]], str],
        halt: threading.Event,
    ) -> None:
        self._rows = rows
        self._endings = endings
        self._start = start
        self._decode = decode
        self._halt = halt

    def __call__(
        self, input_ids: torch.LongTensor, scores: torch.FloatTensor, **kwargs: object
    ) -> torch.BoolTensor:
        """Which rows are done, [B]."""
        new = input_ids[:, self._start :]
        length = new.shape[1]
        newest = new[:, -1].tolist()
        for index, row in enumerate(self._rows):
            if row.length is not None:
                continue
            if newest[index] in self._endings or self._stopped(row, new[index]):
                row.length, row.reason = length, "stop"
            elif length >= row.limit or self._halt.is_set():
                row.length, row.reason = length, "length"
        done = [row.length is not None for row in self._rows]
        return cast(torch.BoolTensor, torch.tensor(done, device=input_ids.device))

    def _stopped(self, row: Row, new: torch.Tensor) -> bool:
        # The window is a quick look; only the whole text decides, as it does for the cut.
        return bool(row.stop) and all(
            first_stop(self._decode(tokens.tolist()), row.stop) is not None
            for tokens in (new[-row.window :], new)
        )


def first_stop(text: str, stop: Sequence[str]) -> int | None:
    """Where the earliest of the stop strings begins; None if there is none."""
    found = [at for one in stop if one and (at := text.find(one)) >= 0]
    return min(found, default=None)
