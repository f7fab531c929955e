"""JSON files that are either as they were or as they are to be, never half of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_json(file: Path, value: Any) -> None:
    """Write a value under another name, then give it its own.

    Processes that train together may write the same file at once, each under a name of its own.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    writing = file.with_name(f"{file.name}.{os.getpid()}")
    writing.write_text(json.dumps(value), encoding="utf-8")
    writing.replace(file)
