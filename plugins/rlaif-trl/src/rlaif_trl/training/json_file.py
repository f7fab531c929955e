"""Atomic writing of JSON files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_json(file: Path, value: Any) -> None:
    """Write a value to a temporary file, then rename it.

    Processes that train together may write the same file at once, each under its own name.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    writing = file.with_name(f"{file.name}.{os.getpid()}")
    writing.write_text(json.dumps(value), encoding="utf-8")
    writing.replace(file)
