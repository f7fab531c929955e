"""Processes that compare mathematics, each of which can be ended when it takes too long.

math-verify bounds its own time by signals, which only a process's main thread receives, and sympy
can be sent into computations that no signal interrupts. A process of its own has neither problem.
"""

from __future__ import annotations

import json
import queue
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

STARTING: Final = 120.0
"""Seconds that a process may take to import sympy, on a machine under load."""

START: Final = "from rlaif_verifiers.compare import main; main()"


class ComparisonError(Exception):
    """Nothing can be said: it took too long, took too much memory, or cannot be done here."""


class Comparers:
    """A pool of processes. Threads may share it.

    Args:
        workers: How many, at most; each starts when it is first needed.
        seconds: The longest time for one comparison.
        options: Passed to `math_verify.verify`.
    """

    def __init__(self, workers: int, seconds: float, options: Mapping[str, Any]) -> None:
        self._seconds = seconds
        self._options = dict(options)
        self._all = [_Process() for _ in range(workers)]
        self._idle: queue.LifoQueue[_Process] = queue.LifoQueue()
        for process in self._all:
            self._idle.put(process)

    def equal(self, gold: str, answer: str) -> bool | None:
        """True if an answer comes to the gold one; None if the gold one cannot be read.

        Raises:
            ComparisonError: If nothing can be said.
        """
        question = {"gold": gold, "answer": answer, "options": self._options}
        process = self._idle.get()
        try:
            reply = process.ask(question, self._seconds)
        finally:
            self._idle.put(process)
        if "error" in reply:
            raise ComparisonError(reply["error"])
        equal: bool | None = reply["equal"]
        return equal

    def close(self) -> None:
        """End all processes."""
        for process in self._all:
            process.end()


class _Process:
    """One process; it is started when it is asked and ended when it does not answer in time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, question: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        process = self._process or self._start()
        line = json.dumps({**question, "seconds": seconds}).encode() + b"\n"
        try:
            assert process.stdin is not None
            process.stdin.write(line)
            process.stdin.flush()
        except BrokenPipeError:
            self.end()
            raise ComparisonError("the process that compares has ended") from None
        return self._answer(process, seconds)

    def end(self) -> None:
        if self._process is not None:
            with self._process as process:
                process.kill()
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        ready = self._answer(self._process, STARTING)
        if "error" in ready:
            self.end()
            raise ComparisonError(ready["error"])
        return self._process

    def _answer(self, process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any]:
        assert process.stdout is not None
        said, deadline = b"", time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not said.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    self.end()
                    raise ComparisonError(f"comparing took more than {seconds:g} s")
                part = process.stdout.read(1 << 16)
                if not part:
                    self.end()
                    raise ComparisonError("comparing took more memory than it may")
                said += part
        answer: dict[str, Any] = json.loads(said)
        return answer
