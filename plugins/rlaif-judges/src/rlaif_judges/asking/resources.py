"""Files that a recipe may replace: prompt templates and constitutions."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from rlaif_core.api import PluginError


def read_text(path: str, what: str) -> str:
    """The text of a file.

    Args:
        path: A file, or `package:path` inside an installed package.
        what: What errors call it.

    Raises:
        PluginError: If it cannot be read as UTF-8.
    """
    package, colon, inside = path.partition(":")
    try:
        if not colon or Path(path).exists():
            return Path(path).read_text(encoding="utf-8")
        return files(package).joinpath(inside).read_text(encoding="utf-8")
    except (OSError, UnicodeError, ImportError, ValueError) as error:
        raise PluginError(f"cannot read the {what} {path}: {error}") from error
