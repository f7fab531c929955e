"""Threads of PyTorch for as long as one piece of work takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

_FOUND: Final = torch.get_num_threads()


@contextmanager
def computing_with(threads: int | None) -> Iterator[None]:
    """Compute with so many threads in this one, and with as many as were found in the end.

    What was found when the first model was loaded, that is: a thread that begins while another
    works begins with that one's number.

    Args:
        threads: How many; None for as many as were found.
    """
    torch.set_num_threads(threads or _FOUND)
    try:
        yield
    finally:
        torch.set_num_threads(_FOUND)
