"""Limits of a program: its share of the machine."""

from __future__ import annotations

from pydantic import Field

from rlaif_core.api import Params


class Limits(Params):
    """Limits on one program with all of its tests. Beyond one of them, it has failed."""

    seconds: float = Field(default=10.0, gt=0, description="wall-clock time, over all tests")
    cpu_seconds: int = Field(default=5, ge=1, description="CPU time of each process")
    memory_mb: int = Field(
        default=512, ge=64, description="address space of a process, resident memory of all"
    )
    processes: int = Field(default=16, ge=1, description="processes and threads at a time")
    disk_mb: int = Field(
        default=16, ge=1, description="what it may write to each of /tmp and /dev/shm, in memory"
    )
    output_kb: int = Field(
        default=256, ge=1, description="what it may print, or return from one call"
    )
