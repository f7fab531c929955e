"""Run the program once for each input, as `python program.py` would, and hand back its output."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from .candidate import how_it_ended
from .confinement import confine

FOLDER = "/tmp"
PROGRAM = f"{FOLDER}/program.py"
LAST_WORDS = 2_000


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
    with open(PROGRAM, "wb") as file:
        file.write(_bytes(program))
    for text in inputs:
        try:
            emit(_run(_bytes(text), limits))
        except OSError as error:  # only the program can have used up what there was
            emit({"output": "", "detail": f"no room for another run: {error.strerror}"})
        _end_everything_else()


def _run(given: bytes, limits: dict[str, Any]) -> dict[str, Any]:
    # Files and no pipes: nobody has to read while the program writes, and what it leaves running
    # can't keep us waiting for an end.
    standard = [os.open(FOLDER, os.O_TMPFILE | os.O_RDWR, 0o600) for _ in range(3)]
    try:
        stdin, stdout, stderr = standard
        os.truncate(stdin, len(given))  # fails where there is no room, before any of it is written
        os.pwrite(stdin, given, 0)
        process = os.fork()
        if process == 0:
            _become_the_program(standard, limits)
        _, status = os.waitpid(process, 0)
        most = limits["output_kb"] << 10
        output = os.pread(stdout, most + 1, 0)
        if len(output) > most:
            detail = f"the program prints more than {limits['output_kb']} kB"
        else:
            detail = _detail(status, os.pread(stderr, LAST_WORDS, _tail(stderr)))
        return {"output": output[:most].decode("utf-8", "replace"), "detail": detail}
    finally:
        for descriptor in standard:
            os.close(descriptor)


def _become_the_program(standard: list[int], limits: dict[str, Any]) -> NoReturn:
    try:
        for number, descriptor in enumerate(standard):
            os.dup2(descriptor, number)
        os.closerange(3, 1 << 16)
        confine(limits)
        os.chdir(FOLDER)
        flags = sys.orig_argv[1:-2]  # all but `-c` and what this process was given to run
        os.execv(sys.executable, [sys.executable, *flags, PROGRAM])
    finally:
        os._exit(127)


def _end_everything_else() -> None:
    """Kill and reap all processes but this one, which is the namespace's first."""
    try:
        os.kill(-1, signal.SIGKILL)
        while True:
            os.waitpid(-1, 0)
    except (ProcessLookupError, ChildProcessError):
        return


def _tail(descriptor: int) -> int:
    return max(0, os.fstat(descriptor).st_size - LAST_WORDS)


def _detail(status: int, errors: bytes) -> str:
    if status == 0:
        return ""
    said = errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return f"{how_it_ended(status)}: {said}" if said else how_it_ended(status)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
