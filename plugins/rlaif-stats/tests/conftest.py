import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SHARED_DATA = Path(__file__).parents[3].parent / "shared" / "data"


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """Finds a file of the real data that lies beside a checkout, or skips the test."""

    def find(name: str) -> Path:
        path = SHARED_DATA / name
        if not path.exists():
            pytest.skip(f"no real data here: ../shared/data/{name} is absent")
        return path

    return find


@pytest.fixture
def bare_turns() -> Callable[[Callable[[], Any]], float]:
    """Processor time of a call, in turns of an empty Python loop timed in the same test."""

    def seconds(work: Callable[[], Any]) -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    def turn() -> None:
        for _ in range(1_000_000):
            pass

    return lambda work: 1e6 * seconds(work) / seconds(turn)
