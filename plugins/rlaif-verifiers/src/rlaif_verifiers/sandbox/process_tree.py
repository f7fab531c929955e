"""A process and everything it started, and what they hold, as /proc shows it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def children(process: int) -> list[int]:
    """The processes that any of its threads started and that live; none if it has ended."""
    found: list[int] = []
    threads = Path("/proc", str(process), "task")
    try:
        for thread in os.listdir(threads):
            found += map(int, (threads / thread / "children").read_text("ascii").split())
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def resident_bytes(process: int) -> int:
    """Resident memory of a process and its descendants, a shared page counted in each of them."""
    total, waiting = 0, [process]
    while waiting:
        one = waiting.pop()
        waiting += children(one)
        try:
            total += int(Path("/proc", str(one), "statm").read_text("ascii").split()[1]) * PAGE
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def files_held(process: int, folders: Iterable[str]) -> int:
    """Files in the file systems at some folders, as a process sees them; 0 if it has ended."""
    held = 0
    with suppress(OSError):  # a process that is ending cannot be looked into
        for folder in folders:
            room = os.statvfs(f"/proc/{process}/root{folder}")
            held += room.f_files - room.f_ffree
    return held
