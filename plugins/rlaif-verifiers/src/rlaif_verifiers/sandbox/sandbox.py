"""One job in one sandbox: start it, hand it the job, watch it, end it as a whole."""

from __future__ import annotations

import compileall
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rlaif_core.api import PluginError, RlaifError
from rlaif_verifiers.sandbox.bubblewrap import (
    INSIDE,
    INSTALL,
    ROOMS,
    Interpreter,
    command,
    find_bubblewrap,
    lone_user,
)
from rlaif_verifiers.sandbox.jobs import FunctionTests, Job, Outcome
from rlaif_verifiers.sandbox.limits import Limits
from rlaif_verifiers.sandbox.process_tree import children, files_held, resident_bytes
from rlaif_verifiers.sandbox.seccomp import seccomp_filter

STARTING = 60.0
"""Seconds that a sandbox may take to start; a machine under load needs some."""

EVERY = 0.03
"""Seconds between two looks at the memory: what a process can fill meanwhile must be bearable."""

OVERHEAD_MB = 48
"""Resident memory of bubblewrap, the checker, and what the program shares with it at first."""

FILES_A_MB = 1024
"""Files in memory take about 1 kB each, even empty ones, which no file system's size counts."""

PROBE = FunctionTests("def two():\n    return 2", ["assert two() == 2", "assert two() == 3"])


class SandboxError(RlaifError):
    """The sandbox, or the tests, could not do their work, whatever the program is."""


@dataclass(frozen=True)
class Report:
    """Outcome of a job.

    Attributes:
        outcomes: One a test or run, in order; fewer than there were if the program was stopped.
        stopped: Why the program was stopped, if it was.
    """

    outcomes: Sequence[Outcome]
    stopped: str = ""


class Sandbox:
    """Runs programs that nobody trusts, each in a sandbox of its own. Threads may share it.

    Args:
        limits: For each program.
        python: The interpreter; by default the one that runs this, without installed packages.

    Raises:
        PluginError: If there is no bubblewrap here, or it cannot make a sandbox.
    """

    def __init__(self, limits: Limits | None = None, python: str | None = None) -> None:
        self._limits = limits or Limits()
        self._bwrap = find_bubblewrap()
        self._interpreter = Interpreter.at(python) if python else Interpreter.own()
        compileall.compile_dir(INSIDE, quiet=2)  # or every program pays for it
        try:
            self._filter = seccomp_filter()
            passed = [outcome.passed for outcome in self.run(PROBE).outcomes]
        except (LookupError, SandboxError) as error:
            raise PluginError(f"no sandbox can be made here: {error}; {INSTALL}") from error
        if passed != [True, False]:
            raise PluginError(f"the sandbox does not judge as it should here: {passed}")

    def run(self, job: Job) -> Report:
        """Do a job. Returns once every process of the sandbox is gone.

        Raises:
            SandboxError: If that says nothing about the program.
        """
        user = lone_user()
        head = {
            "kind": job.kind,
            "program": job.program,
            "limits": self._limits.model_dump(),
            "user": user,
        }
        with self._start(user) as bwrap:
            watch = _Watch(bwrap, self._limits, _frame(head) + _frame(job.secret))
            try:
                watch.until_it_ends()
            finally:
                _end(bwrap)
        return _report(watch)

    def _start(self, user: int | None) -> subprocess.Popen[bytes]:
        reading, writing = os.pipe()
        try:
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(self._filter)
            return subprocess.Popen(
                command(self._bwrap, self._interpreter, self._limits, reading, user),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(reading,),
                start_new_session=True,  # the terminal's Ctrl-C is the run's to handle
            )
        except OSError as error:
            raise SandboxError(f"bubblewrap does not start: {error}") from error
        finally:
            os.close(reading)


class _Watch:
    """Feeds a running sandbox and listens to it, until it ends or goes beyond a limit."""

    def __init__(self, bwrap: subprocess.Popen[bytes], limits: Limits, given: bytes) -> None:
        self._bwrap = bwrap
        self._limits = limits
        self._given = given
        self._deadline = time.monotonic() + STARTING
        self.said = bytearray()
        self.complaint = bytearray()
        self.stopped = ""

    def until_it_ends(self) -> None:
        """Returns when all of it is said, or `stopped` says what else."""
        stdin, stdout, stderr = self._bwrap.stdin, self._bwrap.stdout, self._bwrap.stderr
        assert stdin is not None
        assert stdout is not None
        assert stderr is not None
        os.set_blocking(stdin.fileno(), False)
        with selectors.DefaultSelector() as selector:
            selector.register(stdin, selectors.EVENT_WRITE, self._feed)
            selector.register(stdout, selectors.EVENT_READ, self._listen)
            selector.register(stderr, selectors.EVENT_READ, self._note)
            while selector.get_map() and not self.stopped:
                for key, _ in selector.select(EVERY):
                    if not key.data(key.fd):
                        selector.unregister(key.fileobj)
                self.stopped = self._excess()

    def _feed(self, descriptor: int) -> bool:
        try:
            self._given = self._given[os.write(descriptor, self._given) :]
        except BrokenPipeError:
            return False
        return bool(self._given)

    def _listen(self, descriptor: int) -> bool:
        part = os.read(descriptor, 1 << 16)
        if part and not self.said:
            self._deadline = time.monotonic() + self._limits.seconds
        self.said += part
        return bool(part)

    def _note(self, descriptor: int) -> bool:
        part = os.read(descriptor, 1 << 16)
        self.complaint += part
        return bool(part)

    def _excess(self) -> str:
        if time.monotonic() > self._deadline:
            return f"the program ran for more than {self._limits.seconds:g} s"
        most = self._limits.memory_mb + OVERHEAD_MB
        if self.said and resident_bytes(self._bwrap.pid) > most << 20:
            return f"the program used more than {self._limits.memory_mb} MB"
        files = self._limits.disk_mb * FILES_A_MB
        if (
            self.said
            and sum(files_held(child, ROOMS) for child in children(self._bwrap.pid)) > files
        ):
            return f"the program kept more than {files} files"
        return ""


def _end(bwrap: subprocess.Popen[bytes]) -> None:
    """Kill the namespace's first process, and all others with it.

    bubblewrap waits for that one, and the kernel lets it go when the others are gone. Were
    bubblewrap killed itself, nobody would know when they are.
    """
    for first in children(bwrap.pid):
        with suppress(ProcessLookupError):
            os.kill(first, signal.SIGKILL)
    try:
        bwrap.wait(STARTING)
    except subprocess.TimeoutExpired:
        bwrap.kill()


def _report(watch: _Watch) -> Report:
    lines = bytes(watch.said).rpartition(b"\n")[0].splitlines()
    ready, *events = [json.loads(line) for line in lines] or [None]
    complaint = watch.complaint.decode("utf-8", "replace").strip().rpartition("\n")[2]
    if ready is None:
        raise SandboxError(f"the sandbox does not start: {complaint or 'it says nothing'}")
    for event in events:
        if "broken" in event or "failed" in event:
            raise SandboxError(event.get("broken") or f"the checker failed: {event['failed']}")
    done = {"done": True} in events
    if not done and not watch.stopped:
        raise SandboxError(f"the sandbox ended without a verdict: {complaint}")
    outcomes = [Outcome(**event) for event in events if "done" not in event]
    return Report(outcomes, "" if done else watch.stopped)


def _frame(content: Mapping[str, Any]) -> bytes:
    data = json.dumps(content).encode()
    return len(data).to_bytes(4, "big") + data
