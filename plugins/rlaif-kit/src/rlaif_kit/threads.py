"""Number of threads that a model computes with on a CPU.

The libraries keep one number for threads that begin later and often another for each that runs
already. So the thread that computes sets it when its work begins, and restores it afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

SMALL: Final = 20_000_000
"""Weights of a model below which a second thread waits more than it works."""

CHOSEN_OUTSIDE: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Environment variables with which a user sets the number; they are respected."""


def threads_for(
    weights: int, wanted: int | None = None, environ: Mapping[str, str] = os.environ
) -> int | None:
    """Threads to compute with; None leaves the library its own choice.

    Args:
        weights: Number of weights of the model.
        wanted: The number in the recipe, which overrides everything else.
        environ: The environment.
    """
    if wanted is not None:
        return wanted
    chosen = any(name in environ for name in CHOSEN_OUTSIDE)
    return 1 if weights < SMALL and not chosen else None
