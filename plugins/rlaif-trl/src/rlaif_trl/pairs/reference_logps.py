"""The reference's log-probabilities of a data set, computed once before training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from accelerate.utils import gather_object
from datasets import Dataset
from torch import Tensor

Row = dict[str, Any]


def with_reference(
    trainer: Any,
    dataset: Dataset,
    batch_size: int,
    length: Callable[[Row], int],
    ask: Callable[[Any], Mapping[str, Tensor]],
) -> Dataset:
    """The data set with columns computed by the reference.

    TRL's own way shows bars and writes cache files, which processes on several machines cannot
    share; this one also pads less, since it batches similar lengths.

    Args:
        trainer: Has the collator and the device.
        dataset: Rows for the collator.
        batch_size: Rows in one batch.
        length: Length of a row, in tokens.
        ask: Computes columns of a batch, each of shape [rows].
    """
    rows = dataset.to_list()
    order = sorted(range(len(rows)), key=lambda i: length(rows[i]))
    state = trainer.accelerator.state
    stride = batch_size * state.num_processes
    computed: list[tuple[int, dict[str, float]]] = []
    for start in range(batch_size * state.process_index, len(order), stride):
        places = order[start : start + batch_size]
        batch = trainer._prepare_inputs(trainer.data_collator([rows[i] for i in places]))
        columns = {name: column.tolist() for name, column in ask(batch).items()}
        computed += [
            (place, {name: column[i] for name, column in columns.items()})
            for i, place in enumerate(places)
        ]
    for place, values in computed if state.num_processes == 1 else gather_object(computed):
        rows[place].update(values)
    return Dataset.from_list(rows)
