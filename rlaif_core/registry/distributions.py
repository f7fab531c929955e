"""Installed distributions that offer components: one pass over the metadata folders.

`importlib.metadata.entry_points()` parses every distribution's entry points; this opens the same
files and parses only those that mention an `rlaif.v` group.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Distribution:
    """A distribution that offers components.

    Attributes:
        name: As its metadata spells it.
        version: Its version.
        summary: Its one-line description.
        entry_points: The text of its `entry_points.txt`.
    """

    name: str
    version: str
    summary: str
    entry_points: str


def normalise(name: str) -> str:
    """The one spelling of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distributions(path: Sequence[str]) -> Iterator[Distribution]:
    """Distributions on `path` (as `sys.path`) that offer components; the first of a name wins."""
    seen: set[str] = set()
    for folder in path:
        for metadata in _metadata_folders(folder or "."):
            name, _, version = metadata.removesuffix(".dist-info").partition("-")
            if (key := normalise(name)) in seen:
                continue
            seen.add(key)
            where = os.path.join(folder, metadata)
            raw = _read(os.path.join(where, "entry_points.txt"))
            if b"rlaif.v" in raw:
                text = raw.decode("utf-8", "replace")
                header = _header(os.path.join(where, "METADATA"))
                yield Distribution(
                    header.get("name", name),
                    header.get("version", version),
                    header.get("summary", ""),
                    text,
                )


def _metadata_folders(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as items:
            return sorted(item.name for item in items if item.name.endswith(".dist-info"))
    except OSError:
        return []  # sys.path may name archives and folders that do not exist


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _header(path: str) -> dict[str, str]:
    head = _read(path).decode("utf-8", "replace").partition("\n\n")[0]
    fields = (line.partition(":") for line in head.splitlines() if line[:1].strip())
    return {key.strip().lower(): value.strip() for key, _, value in fields}
