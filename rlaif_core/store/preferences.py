"""Preferences as a parquet data set, in the columns that TRL and `datasets` read as they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from rlaif_core.api.records import Message, Preference

ROWS_A_GROUP = 1000


def write_preferences(folder: Path, preferences: Iterable[Preference]) -> int:
    """Write `train.parquet` into `folder`.

    Columns: prompt, chosen and rejected (lists of {role, content}); p_chosen in [0.5, 1]; margin
    = 2·p_chosen - 1; agreement in [0, 1]; votes; confidence in [0, 1]; explanation; prompt_id; id.

    Returns:
        How many rows were written.
    """
    import pyarrow as pa
    import pyarrow.json as pj
    import pyarrow.parquet as pq

    turns = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    schema = pa.schema(
        [
            ("prompt", turns),
            ("chosen", turns),
            ("rejected", turns),
            ("p_chosen", pa.float64()),
            ("margin", pa.float64()),
            ("agreement", pa.float64()),
            ("votes", pa.int64()),
            ("confidence", pa.float64()),
            ("explanation", pa.string()),
            ("prompt_id", pa.string()),
            ("id", pa.string()),
        ]
    )
    written = 0
    with pq.ParquetWriter(folder / "train.parquet", schema) as writer:
        rows = map(_row, preferences)
        while group := list(islice(rows, ROWS_A_GROUP)):
            # By way of JSON: `from_pylist` would import pandas wherever that is installed.
            lines = b"\n".join(map(to_json, group))
            whole = pj.ReadOptions(use_threads=False, block_size=len(lines) + 1)
            table = pj.read_json(BytesIO(lines), whole, pj.ParseOptions(schema))
            writer.write_table(table)
            written += len(group)
    return written


def _row(one: Preference) -> dict[str, Any]:
    return {
        "prompt": list(_turns(one.prompt.messages)),
        "chosen": list(_turns([Message("assistant", one.chosen.text)])),
        "rejected": list(_turns([Message("assistant", one.rejected.text)])),
        "p_chosen": one.p_chosen,
        "margin": one.margin,
        "agreement": one.agreement,
        "votes": one.votes,
        "confidence": one.confidence,
        "explanation": one.explanation,
        "prompt_id": one.prompt.id,
        "id": one.id,
    }


def _turns(messages: Iterable[Message]) -> Iterator[dict[str, str]]:
    for turn in messages:
        yield {"role": turn.role, "content": turn.content}
