"""Prompts from a file that a command names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rlaif_core.api.errors import DataError
from rlaif_core.api.records import Prompt, digest
from rlaif_core.data.files import rows


def read_prompts(path: Path) -> list[Prompt]:
    """Read prompts from JSONL or parquet, column prompt and optionally id; the rest are columns.

    Raises:
        DataError: Naming the file and row that cannot be used, and why.
    """
    found = {one.id: one for one in _each(path)}
    if not found:
        raise DataError(f"{path}: no prompts in it")
    return list(found.values())


def _each(path: Path) -> Iterator[Prompt]:
    seen: dict[str, str] = {}
    for row in rows(path):
        messages = row.conversation("prompt")
        named = row.values.get("id")
        id = digest(messages) if named is None else str(named)
        if named is not None and id in seen:
            raise row.error(f"id {id!r} already stands at {seen[id]}")
        seen[id] = row.place
        rest = {key: one for key, one in row.values.items() if key not in ("prompt", "id")}
        yield Prompt(id, messages, rest)
