"""Rows of a file that a user names, JSONL, parquet or a folder of either, or rows in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rlaif_core.api.errors import DataError
from rlaif_core.api.rows import Row, json_rows, parquet_rows

Rows = str | Path | Sequence[Mapping[str, Any]]
"""A file, a folder, or the rows themselves."""

SUFFIXES = (".jsonl", ".parquet")


def rows(source: Rows) -> Iterator[Row]:
    """Every row, in the order of the files' names.

    Raises:
        DataError: If there is no such file or no row, or naming the row that cannot be read.
    """
    row = None
    if isinstance(source, (str, Path)):
        for row in _in_files(Path(source)):
            yield row
    else:
        for number, values in enumerate(source, start=1):
            row = Row(f"rows:{number}", values)
            yield row
    if row is None:
        raise DataError(f"{source if isinstance(source, (str, Path)) else 'rows'}: no rows in it")


def _in_files(path: Path) -> Iterator[Row]:
    if not path.exists():
        raise DataError(f"{path}: no such file")
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES)
        if not files:
            raise DataError(f"{path}: no .jsonl and no .parquet file in it")
    for file in files:
        if file.suffix not in (*SUFFIXES, ".json"):
            raise DataError(f"{file}: neither .jsonl nor .parquet")
        read = parquet_rows if file.suffix == ".parquet" else json_rows
        with file.open("rb") as opened:
            yield from read(opened, str(file))
