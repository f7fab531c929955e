"""The checker: process 1 of the sandbox. Reads the program, starts it, then reads the tests.

Events go to standard output, one JSON object a line: first `{"ready": true}`, last
`{"done": true}`, or `{"failed": …}` if the checker itself could not go on. The program never has
that descriptor.
"""

from __future__ import annotations

import json
import os
import signal
from typing import Any, NoReturn

from .candidate import Candidate
from .cases import run_cases
from .confinement import end_with_the_writer, seal
from .function_tests import run_function_tests
from .wire import read_frame

LONGEST_JOB = 64 << 20


def main() -> NoReturn:
    """Do one job and end, which ends every process of the sandbox."""
    job = read_frame(0, LONGEST_JOB)
    seal(job["user"])
    end_with_the_writer(0, job["limits"]["seconds"])
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which for process 1 means to ignore it
    events = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # what tests print is no event
    os.dup2(nowhere, 2)

    def emit(event: dict[str, Any]) -> None:
        data = json.dumps(event).encode() + b"\n"
        while data:
            data = data[os.write(events, data) :]

    emit({"ready": True})
    try:
        _run(job, emit)
        emit({"done": True})
    except BaseException as error:
        emit({"failed": f"{type(error).__name__}: {error}"})
    os._exit(0)


def _run(job: dict[str, Any], emit: Any) -> None:
    program, limits = job["program"], job["limits"]
    if job["kind"] == "functions":
        run_function_tests(
            lambda: Candidate(program, limits), lambda: read_frame(0, LONGEST_JOB), emit
        )
    else:
        run_cases(program, limits, read_frame(0, LONGEST_JOB)["inputs"], emit)
