"""What the reference says of a data set, asked once before training."""

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
    """The data set with what the reference says of each row.

    TRL's own way shows bars, writes cache files and shares them between processes where they do
    not lie in one place; this one also pads less, like lengths together.

    Args:
        trainer: Whose collator and device it is.
        dataset: Rows that the collator takes.
        batch_size: Rows asked about at once.
        length: Of a row, in tokens.
        ask: Columns of a batch, each of shape [rows].
    """
    rows = dataset.to_list()
    order = sorted(range(len(rows)), key=lambda i: length(rows[i]))
    state = trainer.accelerator.state
    stride = batch_size * state.num_processes
    found: list[tuple[int, dict[str, float]]] = []
    for start in range(batch_size * state.process_index, len(order), stride):
        places = order[start : start + batch_size]
        batch = trainer._prepare_inputs(trainer.data_collator([rows[i] for i in places]))
        said = {name: column.tolist() for name, column in ask(batch).items()}
        found += [
            (place, {name: column[i] for name, column in said.items()})
            for i, place in enumerate(places)
        ]
    for place, values in found if state.num_processes == 1 else gather_object(found):
        rows[place].update(values)
    return Dataset.from_list(rows)
