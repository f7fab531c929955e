"""Rows of a file that a command names: JSONL, parquet, or a folder of either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rlaif_core.api.errors import DataError
from rlaif_core.api.rows import Row, json_rows, parquet_rows

SUFFIXES = (".jsonl", ".parquet")


def rows(path: Path) -> Iterator[Row]:
    """Every row, in the order of the files' names.

    Raises:
        DataError: If there is no such file, or naming the row that cannot be read.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file")
    files = [path]
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.suffix in SUFFIXES)
        if not files:
            raise DataError(f"{path}: no .jsonl and no .parquet file in it")
    for file in files:
        if file.suffix not in (*SUFFIXES, ".json"):
            raise DataError(f"{file}: neither .jsonl nor .parquet")
        read = parquet_rows if file.suffix == ".parquet" else json_rows
        with file.open("rb") as opened:
            yield from read(opened, str(file))
