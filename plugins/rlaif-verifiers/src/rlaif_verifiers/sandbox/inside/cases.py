"""Run the program once for each input, as `python program.py` would, and hand back its output."""

from __future__ import annotations

import os
import selectors
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

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
    for text in inputs:
        Path(PROGRAM).write_text(program, encoding="utf-8", errors="surrogatepass")
        emit(_run(text.encode("utf-8", "surrogatepass"), limits))
        _clear()


def _run(given: bytes, limits: dict[str, Any]) -> dict[str, Any]:
    stdin, stdout, stderr = os.pipe(), os.pipe(), os.pipe()
    process = os.fork()
    if process == 0:
        _become_the_program((stdin[0], stdout[1], stderr[1]), limits)
    for end in (stdin[0], stdout[1], stderr[1]):
        os.close(end)
    most = limits["output_kb"] << 10
    pidfd = os.pidfd_open(process)
    output, errors = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        os.set_blocking(stdin[1], False)
        selector.register(stdin[1], selectors.EVENT_WRITE)
        selector.register(stdout[0], selectors.EVENT_READ)
        selector.register(stderr[0], selectors.EVENT_READ)
        selector.register(pidfd, selectors.EVENT_READ)
        ended = False
        while not ended and len(output) <= most:
            for key, _ in selector.select():
                if key.fd == pidfd:
                    ended = True
                elif key.fd == stdin[1]:
                    given = _feed(key.fd, given)
                    if not given:
                        selector.unregister(key.fd)
                        os.close(key.fd)
                elif not _take(key.fd, output if key.fd == stdout[0] else errors):
                    selector.unregister(key.fd)
            del errors[MOST_ERROR_OUTPUT:]
    if ended:
        # A process that it left behind may hold the pipe open: take what is there, no more.
        os.set_blocking(stdout[0], False)
        while len(output) <= most and _take(stdout[0], output):
            pass
        os.set_blocking(stderr[0], False)
        _take(stderr[0], errors)
    else:
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    for end in (stdout[0], stderr[0], pidfd, *([stdin[1]] if given else [])):
        os.close(end)
    return {
        "output": output[:most].decode("utf-8", "replace"),
        "detail": _detail(status, len(output) > most, bytes(errors), limits),
    }


def _become_the_program(standard: tuple[int, int, int], limits: dict[str, Any]) -> None:
    try:
        for number, end in enumerate(standard):
            os.dup2(end, number)
        os.closerange(3, 1 << 16)
        confine(limits)
        os.chdir("/tmp")
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:-2], PROGRAM])
    finally:
        os._exit(127)


def _feed(descriptor: int, given: bytes) -> bytes:
    try:
        return given[os.write(descriptor, given[:PART]) :]
    except BlockingIOError:
        return given
    except BrokenPipeError:
        return b""


def _take(descriptor: int, into: bytearray) -> bool:
    """Read what is there; False at the end."""
    try:
        part = os.read(descriptor, PART)
    except BlockingIOError:
        return False
    into += part
    return bool(part)


def _clear() -> None:
    """End everything but this process, which is the namespace's first."""
    try:
        os.kill(-1, signal.SIGKILL)
        while True:
            os.waitpid(-1, 0)
    except (ProcessLookupError, ChildProcessError):
        return


def _detail(status: int, too_much: bool, errors: bytes, limits: dict[str, Any]) -> str:
    if too_much:
        return f"the program prints more than {limits['output_kb']} kB"
    if status == 0:
        return ""
    said = errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return f"{how_it_ended(status)}: {said}" if said else how_it_ended(status)
