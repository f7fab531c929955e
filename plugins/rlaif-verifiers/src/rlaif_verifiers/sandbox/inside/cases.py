"""Run the program once for each input, as `python program.py` would, and hand back its output."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from .candidate import how_it_ended
from .confinement import confine

PROGRAM = "/tmp/program.py"
PART = 1 << 16
MOST_ERROR_OUTPUT = 2_000


def run_cases(
    program: str,
    limits: dict[str, Any],
    inputs: Iterable[str],
    emit: Callable[[dict[str, Any]], None],
) -> None:
    """Run all inputs in turn, and emit what each one gave.

    Args:
        program: Python source.
        limits: See `confine`; `output_kb` limits what it may print.
        inputs: Texts for its standard input.
        emit: Takes `{"output": …, "detail": …}`; `detail` is empty if the program ended well.
    """
    with open(PROGRAM, "w", encoding="utf-8", errors="surrogatepass") as file:
        file.write(program)
    for text in inputs:
        case = Case(text.encode("utf-8", "surrogatepass"), limits)
        emit(case.result())
        end_everything_else()


class Case:
    """One run of the program on one input.

    Args:
        given: What it reads from its standard input.
        limits: See `confine`.
    """

    def __init__(self, given: bytes, limits: dict[str, Any]) -> None:
        self._given = given
        self._most = limits["output_kb"] << 10
        self._output, self._errors = bytearray(), bytearray()
        stdin, self._stdin = os.pipe()
        self._stdout, stdout = os.pipe()
        self._stderr, stderr = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            _become_the_program((stdin, stdout, stderr), limits)
        for theirs in (stdin, stdout, stderr):
            os.close(theirs)
        for ours in (self._stdin, self._stdout, self._stderr):
            os.set_blocking(ours, False)

    def result(self) -> dict[str, Any]:
        """Let it run until it ends or prints too much."""
        pidfd = os.pidfd_open(self._process)
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        poll.register(self._stdin, select.POLLOUT)
        poll.register(self._stdout, select.POLLIN)
        poll.register(self._stderr, select.POLLIN)
        ready: set[int] = set()
        # What it leaves behind may hold the pipes open: its own end counts, not theirs.
        while pidfd not in ready and len(self._output) <= self._most:
            ready = {descriptor for descriptor, _ in poll.poll()}
            for descriptor in ready - {pidfd}:
                if not self._move(descriptor):
                    poll.unregister(descriptor)
                    os.close(descriptor)
                    self._forget(descriptor)
        while self._stdout >= 0 and len(self._output) <= self._most and self._move(self._stdout):
            pass
        os.kill(self._process, signal.SIGKILL)
        _, status = os.waitpid(self._process, 0)
        for descriptor in (pidfd, self._stdin, self._stdout, self._stderr):
            if descriptor >= 0:
                os.close(descriptor)
        output = self._output[: self._most].decode("utf-8", "replace")
        return {"output": output, "detail": self._detail(status)}
