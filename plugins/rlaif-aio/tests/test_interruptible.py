"""A command's process: its memory, and its signals."""

from __future__ import annotations

import asyncio
import platform
import signal
import subprocess
import sys

import pytest

from rlaif_aio import interruptible

ALLOCATES_IN_A_THREAD = """
import asyncio, ctypes
from rlaif_aio import interruptible

async def main():
    await asyncio.to_thread(lambda: [bytes(1000) for _ in range(1000)])
    ctypes.CDLL(None).malloc_stats()

interruptible.run(main)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have one heap")
def test_threads_take_their_memory_from_the_heap_of_all() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", ALLOCATES_IN_A_THREAD], capture_output=True, text=True, check=True
    )
    assert "Arena 0:" in ran.stderr
    assert "Arena 1:" not in ran.stderr


def test_ctrl_c_works_again_when_the_coroutine_has_ended() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interruptible.run(lambda: asyncio.sleep(0))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
