"""Number of PyTorch threads during one piece of work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

_FOUND: Final = torch.get_num_threads()


@contextmanager
def computing_with(threads: int | None) -> Iterator[None]:
    """Compute with this many threads, then restore the number found at import.

    The number at entry is no substitute: a thread that starts while another computes starts with
    that one's number.

    Args:
        threads: Number of threads; None for the number found at import.
    """
    torch.set_num_threads(threads or _FOUND)
    try:
        yield
    finally:
        torch.set_num_threads(_FOUND)
