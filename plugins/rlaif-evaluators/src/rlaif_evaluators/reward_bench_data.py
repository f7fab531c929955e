"""Examples of a reward-model benchmark: a prompt, right responses and wrong ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlaif_core.api import DataError, PluginError, Prompt, Row, digest, json_rows, parquet_rows
from rlaif_evaluators.reward_bench_params import RewardBenchParams

SUFFIXES = (".json", ".jsonl", ".parquet")


@dataclass(frozen=True, slots=True)
class Example:
    """One row.

    Attributes:
        prompt: The prompt.
        category: What it belongs to; empty if the data has no such column.
        chosen: The right response; in RM-Bench in several styles, the plainest first.
        rejected: The wrong response; as many styles, in the same order.
    """

    prompt: Prompt
    category: str
    chosen: tuple[str, ...]
    rejected: tuple[str, ...]


def examples(params: RewardBenchParams) -> list[Example]:
    """All examples of a benchmark.

    Raises:
        DataError: Naming the row that cannot be used, and why.
        PluginError: If a hub's data set is named, and the library `datasets` is not installed.
    """
    path = Path(params.data)
    rows = _local(path) if path.exists() else _hub(params)
    found = [_example(row, params) for row in rows]
    if not found:
        raise DataError(f"{params.data}: no examples in it")
    if len({len(item.chosen) for item in found}) > 1:
        raise DataError(f"{params.data}: every example must have the same number of styles")
    return found


def _example(row: Row, params: RewardBenchParams) -> Example:
    columns = params.columns
    messages = row.conversation(columns.prompt)
    if params.layout == "rm-bench":
        chosen, rejected = _styles(row, columns.chosen), _styles(row, columns.rejected)
        if len(chosen) != len(rejected):
            raise row.error(f"{len(chosen)} styles of '{columns.chosen}', {len(rejected)} of the"
                            f" other: give as many")  # fmt: skip
    else:
        chosen, rejected = (_response(row, columns.chosen),), (_response(row, columns.rejected),)
    category = row.values.get(params.category_column)
    prompt = Prompt(digest(messages), messages)
    return Example(prompt, "" if category is None else str(category), chosen, rejected)


def _response(row: Row, column: str) -> str:
    """A response as text, or the last turn of a list of messages."""
    value = row.values.get(column)
    if isinstance(value, list) and value and isinstance(value[-1], dict):
        return Row(row.place, value[-1]).text("content")
    return row.text(column)


def _styles(row: Row, column: str) -> tuple[str, ...]:
    value = row.values.get(column)
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise row.error(f"'{column}' must be a list of texts, one a style")
    return tuple(value)


def _local(path: Path) -> Iterator[Row]:
    files = [path]
    if path.is_dir():
        files = sorted(item for item in path.rglob("*") if item.suffix in SUFFIXES)
    if not files or files[0].suffix not in SUFFIXES:
        raise DataError(f"{path}: neither a {', '.join(SUFFIXES)} file nor a folder of them")
    for file in files:
        if file.suffix == ".json":
            yield from _array(file)
            continue
        read = parquet_rows if file.suffix == ".parquet" else json_rows
        with file.open("rb") as opened:
            yield from read(opened, str(file))


def _array(file: Path) -> Iterator[Row]:
    """The objects of a JSON array."""
    try:
        values = json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file}: not JSON: {error}; JSON Lines must end in .jsonl") from None
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise DataError(f"{file}: must be an array of objects")
    for number, example in enumerate(values, start=1):
        yield Row(f"{file}:{number}", example)


def _hub(params: RewardBenchParams) -> Iterator[Row]:
    try:
        from datasets import load_dataset
        from datasets.exceptions import DatasetsError
    except ImportError:
        raise PluginError(
            f"reward-bench: {params.data!r} is no file here, and a hub's data sets need the "
            "library `datasets`: pip install datasets"
        ) from None
    try:
        rows: Any = load_dataset(params.data, split=params.split)
    except (OSError, ValueError, DatasetsError) as error:
        first_line = str(error).partition("\n")[0]
        raise DataError(f"data set {params.data!r}: {first_line}") from error
    for number, row in enumerate(rows):
        yield Row(f"{params.data}[{params.split}] row {number}", row)
