"""Parts of a long training whose results are kept over an interruption."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from rlaif_trl.training.json_file import write_json

T = TypeVar("T")


def remembered(file: Path | None, key: str, make: Callable[[], T | None]) -> T | None:
    """The result of `make`, or the one that an earlier call left in `file`.

    Args:
        file: JSON, written once `make` is done; None to keep nothing.
        key: Identifies the inputs; a file with another key is made anew.
        make: Returns a JSON value, with lists rather than tuples; None, if it was stopped, is not
            kept.
    """
    if file is not None and file.is_file():
        kept = json.loads(file.read_text())
        if kept["key"] == key:
            value: T = kept["value"]
            return value
    made = make()
    if file is not None and made is not None:
        write_json(file, {"key": key, "value": made})
    return made
