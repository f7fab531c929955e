"""Contestants that ask the service, each in its own process, and the results of their turns."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from remote.workload import RECIPE

HERE: Final = Path(__file__).parent
TIMEOUT: Final = 900.0
"""Seconds after which a contestant is given up."""


@dataclass
class Turns:
    """Results of one contestant's turns.

    Attributes:
        rates: Replies a second, as the service saw it.
        whole: Seconds from the command's start to its exit.
        cpu: CPU seconds a call, start-up included.
        answered: Answers that it had at the end, over all turns.
        calls: Requests that the service answered.
        refused: Requests that the service refused.
    """

    rates: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    answered: int = 0
    calls: int = 0
    refused: int = 0

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    def line(self, name: str, best: float) -> str:
        return (
            f"{name:<12}{self.rate:7.0f}/s ({min(self.rates):.0f} to {max(self.rates):.0f}), "
            f"{self.rate / best:4.0%}; whole {statistics.median(self.whole):.1f} s; "
            f"CPU {statistics.median(self.cpu) * 1000:.2f} ms a call; "
            f"{self.answered} answers, {self.calls} calls, {self.refused} refused"
        )


@contextmanager
def service(*options: str) -> Iterator[str]:
    """The service, in a process of its own; gives its address."""
    command = [sys.executable, str(HERE / "service.py"), *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def figures(url: str) -> dict[str, Any]:
    """Requests seen by the service since the last report."""
    with urllib.request.urlopen(f"{url}/figures") as response:
        return dict(json.load(response))


def other(python: str, script: str, folder: Path, url: str, in_flight: int) -> list[str]:
    """The command of somebody who asks the questions as they stand in a file."""
    questions = str(folder / "questions.jsonl")
    return [python, str(HERE / script), url, questions, str(in_flight)]


def rlaif(folder: Path, url: str, in_flight: int, pairs: str, run: str) -> list[str]:
    """The command of rlaif, which is given the pairs and writes the questions itself."""
    recipe = folder / "judge.yaml"
    recipe.write_text(RECIPE.format(url=url, in_flight=in_flight))
    given = ["--pairs", str(folder / pairs), "--run-dir", str(folder / run), "--json"]
    return [sys.executable, "-m", "rlaif_core.cli", "judge", str(recipe), *given]


def take(command: Sequence[str], log: Path, url: str, turns: Turns) -> None:
    """Run one turn and add it up.

    Raises:
        RuntimeError: If the command failed, with the end of its output.
    """
    figures(url)
    before, began = os.times(), time.monotonic()
    with log.open("wb") as errors:
        pipe = subprocess.PIPE
        done = subprocess.run(command, stdout=pipe, stderr=errors, timeout=TIMEOUT, check=False)
    seconds, after = time.monotonic() - began, os.times()
    if done.returncode:
        raise RuntimeError(log.read_text(errors="replace")[-3000:])
    seen = figures(url)
    turns.answered += _answered(done.stdout.decode())
    turns.calls += seen["calls"]
    turns.refused += seen["refused"]
    turns.rates.append(seen["distinct"] / seen["seconds"])
    turns.whole.append(seconds)
    used = after.children_user + after.children_system
    turns.cpu.append((used - before.children_user - before.children_system) / seen["calls"])


def _answered(printed: str) -> int:
    if printed.startswith("{"):
        return int(json.loads(printed)["verdicts"])
    return int(printed.split()[-1])
