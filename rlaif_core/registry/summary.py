"""A component's one line, read from its source as text: nothing is imported to list it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence


def summary(value: str, path: Sequence[str]) -> str:
    """The first line of a class's docstring.

    Args:
        value: "module:Class".
        path: Folders to look for the module in, as `sys.path`.

    Returns:
        The line, or "" if there is no such source file, class or docstring.
    """
    module, _, name = value.partition(":")
    docstring = re.search(
        rf'^class\s+{re.escape(name)}\b[^"\']*?:\s*\n\s+[rR]?("""|\'\'\'|"|\')\s*(.+?)\s*(?:\1|$)',
        _source(module, path),
        re.MULTILINE,
    )
    return docstring.group(2) if docstring else ""


def _source(module: str, path: Sequence[str]) -> str:
    stem = module.replace(".", os.sep)
    for folder in path:
        for tail in (".py", os.sep + "__init__.py"):
            try:
                with open(os.path.join(folder, stem + tail), encoding="utf-8") as file:
                    return file.read()
            except (OSError, UnicodeDecodeError):
                continue
    return ""
