"""A process and everything it started, as /proc shows them."""

from __future__ import annotations

import os
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
