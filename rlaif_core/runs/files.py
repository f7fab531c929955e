"""The plain files of a run directory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlaif_core.api.errors import RunError


def read_text(path: Path) -> str | None:
    """A file's text; None if it is not there.

    Raises:
        RunError: If it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}: make it readable") from error


def read_json(path: Path) -> Mapping[str, Any] | None:
    """A file's JSON object; None if it is not there.

    Raises:
        RunError: If it cannot be read, or holds something else.
    """
    text = read_text(path)
    if text is None:
        return None
    try:
        data = json.loads(text)
    except ValueError as error:
        raise RunError(f"{path}: no JSON: {error}: restore the file or remove it") from error
    if not isinstance(data, Mapping):
        raise RunError(f"{path}: not a JSON object: restore the file or remove it")
    return data
