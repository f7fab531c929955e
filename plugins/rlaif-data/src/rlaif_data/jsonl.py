"""The source `jsonl`: prompts from a JSON Lines file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from pydantic import Field

from rlaif_core.api import DataError, Params, Prompt, ResourcePath, Source, json_rows
from rlaif_data.prompts import Columns, read_prompts


class JsonlParams(Params):
    """Parameters of `jsonl`."""

    file: ResourcePath = Field(description="JSON Lines file, one prompt a line")
    prompt_field: str = Field(default="prompt", description="text, or a list of messages")
    id_field: str = Field(default="id", description="where it is missing, ids come from content")
    limit: int | None = Field(default=None, ge=1, description="only the first prompts")


class Jsonl(Source[JsonlParams]):
    """Reads prompts from a JSON Lines file; other columns stay with the prompt."""

    Params = JsonlParams

    def prompts(self) -> Iterator[Prompt]:
        """The prompts, in the file's order.

        Raises:
            DataError: Naming the file and the line.
        """
        file = self.params.file
        columns = Columns(self.params.prompt_field, self.params.id_field)
        try:
            with Path(file).open("rb") as lines:
                rows = islice(json_rows(lines, file), self.params.limit)
                yield from read_prompts(rows, columns, file)
        except OSError as error:
            raise DataError(f"{file}: {error.strerror}") from error
