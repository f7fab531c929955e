"""Number of CPU threads for a model, set in the thread that computes with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rlaif_kit.threads import threads_for

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def fit_threads(model: PreTrainedModel) -> None:
    """Compute with as many threads as suit the model; `isolated` restores the number."""
    import torch

    threads = None if torch.cuda.is_available() else threads_for(model.num_parameters())
    if threads is not None:
        torch.set_num_threads(threads)


@contextmanager
def computing_for(model: PreTrainedModel) -> Iterator[None]:
    """Compute with as many threads as suit the model, then restore the number."""
    import torch

    before = torch.get_num_threads()
    fit_threads(model)
    try:
        yield
    finally:
        torch.set_num_threads(before)
