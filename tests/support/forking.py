"""The command `rlaif` without its start-up: forked from a process that has imported everything.

A test that kills a run twenty-five times would otherwise spend its minute on imports. It is the
same code from the first argument to the exit status.

    python forking.py MODULE…       imports these; then for each line of arguments (JSON) on its
                                    standard input forks a run and prints its process id
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

MODULES = (
    "rlaif_core.cli.run",
    "rlaif_core.commands.execute",
    "rlaif_report.page",
    "rlaif_openai.client",
    "rlaif_judges.pairwise",
    "pyarrow.parquet",
)


class Forking:
    """Starts runs; see the module."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self.log = log

    def start(self, *arguments: str) -> int:
        """Begin a run; returns its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([str(self.log), *arguments]), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


@contextmanager
def forking(log: Path) -> Iterator[Forking]:
    """Runs that write their standard output and error to `log`."""
    command = [sys.executable, __file__, *MODULES]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield Forking(process, log)
        assert process.stdin is not None
        process.stdin.close()


def alive(process: int) -> bool:
    """Whether a run is still going."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(process: int) -> Literal[0]:
    """Kill -9."""
    os.kill(process, signal.SIGKILL)
    return 0


def main() -> None:
    """Fork a run for each line that comes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for name in sys.argv[1:]:
        importlib.import_module(name)
    for line in sys.stdin:
        log, *arguments = json.loads(line)
        process = os.fork()
        if process:
            print(process, flush=True)
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(said, 1)
        os.dup2(said, 2)
        from rlaif_core.cli import main as rlaif

        os._exit(rlaif(arguments))


if __name__ == "__main__":
    main()
