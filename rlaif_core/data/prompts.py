"""Prompts from a file that a user names, or from rows in memory."""

from __future__ import annotations

from rlaif_core.api.records import Prompt, digest
from rlaif_core.data.files import Rows, rows


def read_prompts(source: Rows) -> list[Prompt]:
    """Read prompts with a column prompt and optionally id; the rest go with the prompt.

    Raises:
        DataError: Naming the file and row that cannot be used, and why.
    """
    prompts: dict[str, Prompt] = {}
    places: dict[str, str] = {}
    for row in rows(source):
        messages = row.conversation("prompt")
        given = row.values.get("id")
        id_ = digest(messages) if given is None else str(given)
        if given is not None and id_ in places:
            raise row.error(f"id {id_!r} already stands at {places[id_]}")
        places[id_] = row.place
        columns = {key: value for key, value in row.values.items() if key not in ("prompt", "id")}
        prompts[id_] = Prompt(id_, messages, columns)
    return list(prompts.values())
