"""Rows to prompts: ids that are given or made from the content, and no id twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rlaif_core.api import DataError, Message, Prompt, Row, digest


@dataclass(frozen=True)
class Columns:
    """Names of the columns of a row.

    Attributes:
        prompt: Text or messages.
        id: Text or a whole number; a row without it gets the content address of its prompt.
        kept: The columns that `Prompt.columns` takes over; None for all others.
    """

    prompt: str = "prompt"
    id: str = "id"
    kept: tuple[str, ...] | None = None


def read_prompts(rows: Iterable[Row], columns: Columns, name: str) -> Iterator[Prompt]:
    """The prompts of a file or data set, in its order.

    Args:
        rows: Its rows.
        columns: What they hold.
        name: What errors call it.

    Raises:
        DataError: Naming the row that is no prompt, or the two rows that share an id; or if there
            are no rows.
    """
    places: dict[str, str] = {}
    for row in rows:
        prompt = _read(row, columns)
        if (before := places.setdefault(prompt.id, row.place)) != row.place:
            raise row.error(_clash(row, columns, prompt.id, before))
        yield prompt
    if not places:
        raise DataError(f"{name}: no prompts in it")


def _read(row: Row, columns: Columns) -> Prompt:
    messages = row.conversation(columns.prompt)
    given = row.values.get(columns.id)
    if isinstance(given, bool) or not isinstance(given, str | int | None):
        raise row.error(f"'{columns.id}' must be text or a whole number, not {given!r}")
    return Prompt(
        _address(messages) if given is None else str(given), messages, _rest(row, columns)
    )


def _address(messages: tuple[Message, ...]) -> str:
    return digest(*(part for turn in messages for part in (turn.role, turn.content)))


def _rest(row: Row, columns: Columns) -> dict[str, Any]:
    if columns.kept is None:
        names = [name for name in row.values if name not in (columns.prompt, columns.id)]
    else:
        names = list(columns.kept)
    rest = {}
    for name in names:
        if name not in row.values:
            raise row.error(f"no column '{name}'; it has {', '.join(row.values)}")
        try:
            json.dumps(row.values[name], allow_nan=False)
        except (TypeError, ValueError):
            kind = type(row.values[name]).__name__
            raise row.error(
                f"column '{name}' holds {kind}, which is not JSON: list the columns to keep "
                "under `columns`"
            ) from None
        rest[name] = row.values[name]
    return rest


def _clash(row: Row, columns: Columns, prompt_id: str, before: str) -> str:
    if row.values.get(columns.id) is None:
        return f"the same prompt as {before}: leave one out, or give both an '{columns.id}'"
    return f"{columns.id} {prompt_id!r} is already that of {before}"
