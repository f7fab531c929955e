"""The source `hf`: prompts from a Hugging Face data set, on the hub or on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from rlaif_core.api import Context, DataError, Params, Prompt, ResourcePath, Row, Source
from rlaif_data.prompts import Columns, read_prompts

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset

READERS: Final = {".parquet": "parquet", ".jsonl": "json", ".json": "json", ".csv": "csv"}
"""File endings that can be named directly, and the builder of `datasets` that reads each."""


class HuggingFaceParams(Params):
    """Parameters of `hf`."""

    path: ResourcePath = Field(
        description="a hub name; or a folder, also by save_to_disk; or a parquet, JSON, CSV file"
    )
    name: str | None = Field(default=None, description="configuration of the data set")
    split: str = "train"
    revision: str | None = Field(default=None, description="branch, tag or commit on the hub")
    prompt_field: str = Field(default="prompt", description="text, or a list of messages")
    id_field: str = Field(default="id", description="where it is missing, ids come from content")
    columns: tuple[str, ...] | None = Field(
        default=None, description="other columns to keep with the prompt; all if not given"
    )
    shuffle_seed: int | None = Field(default=None, description="shuffles before the limit")
    limit: int | None = Field(default=None, ge=1, description="only the first prompts")
    streaming: bool = Field(default=False, description="read as it goes, without a full download")


class HuggingFace(Source[HuggingFaceParams]):
    """Reads prompts from a Hugging Face data set, on the hub or on disk."""

    Params = HuggingFaceParams
    _rows: Dataset | IterableDataset

    async def setup(self, context: Context) -> None:
        """Open the data set, downloading it if need be.

        Raises:
            DataError: If it cannot be found or read.
        """
        await super().setup(context)
        self._rows = await asyncio.to_thread(self._open)

    def prompts(self) -> Iterator[Prompt]:
        """The prompts, in the data set's order or shuffled.

        Raises:
            DataError: Naming the data set and the row, counted from 0.
        """
        place = f"{self.params.path}[{self.params.split}]"
        rows = (
            Row(f"{place} row {number}", row)
            for number, row in enumerate(islice(self._rows, self.params.limit))
        )
        columns = Columns(self.params.prompt_field, self.params.id_field, self.params.columns)
        return read_prompts(rows, columns, place)

    def _open(self) -> Dataset | IterableDataset:
        from datasets.exceptions import DatasetsError

        try:
            rows = self._load()
        except (OSError, ValueError, DatasetsError) as error:
            first_line = str(error).partition("\n")[0]
            raise DataError(f"data set {self.params.path!r}: {first_line}") from error
        seed = self.params.shuffle_seed
        return rows if seed is None else rows.shuffle(seed=seed)

    def _load(self) -> Any:
        from datasets import load_dataset, load_from_disk

        params = self.params
        path = Path(params.path)
        if (path / "dataset_dict.json").exists() or (path / "state.json").exists():
            return self._split(load_from_disk(params.path))
        if path.is_file():
            if path.suffix not in READERS:
                raise ValueError(f"a file must end in one of {', '.join(READERS)}")
            return load_dataset(
                READERS[path.suffix],
                data_files={params.split: params.path},
                split=params.split,
                streaming=params.streaming,
            )
        return load_dataset(
            params.path,
            params.name,
            split=params.split,
            revision=params.revision,
            streaming=params.streaming,
        )

    def _split(self, loaded: Any) -> Any:
        from datasets import DatasetDict

        if not isinstance(loaded, DatasetDict):
            return loaded
        if self.params.split not in loaded:
            raise ValueError(f"no split '{self.params.split}'; it has {', '.join(loaded)}")
        return loaded[self.params.split]
