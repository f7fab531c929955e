"""Rights that a process gives up: its user, being traced, outliving the run, most resources."""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import select
import signal
from typing import Any

PR_SET_DUMPABLE = 4
OPEN_FILES = 64
WAITING_SIGNALS = 64
"""Signals and timers that wait; the kernel's default lets a user fill some hundred megabytes."""


def seal(user: int | None) -> None:
    """Make this process one that the program cannot look into.

    Args:
        user: The user and group to become; None where the namespace has made us nobody already.

    Raises:
        OSError: If the kernel refuses.
    """
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _prctl(PR_SET_DUMPABLE, 1)  # or the next line's file would be root's
    with open("/proc/self/oom_score_adj", "wb") as score:
        score.write(b"1000")
    _prctl(PR_SET_DUMPABLE, 0)


def end_with_the_writer(descriptor: int, seconds: float) -> None:
    """Make this process, and so the sandbox, end when nobody holds a pipe's other end any more.

    That is when the run was killed. bubblewrap's --die-with-parent does not do it for root's runs:
    it has given up the right to signal the user that this process has become.

    Args:
        descriptor: The end that is read.
        seconds: CPU time after which this process ends in any case.
    """

    def look(*_: object) -> None:
        poll = select.poll()
        poll.register(descriptor, 0)
        if poll.poll(0):
            os._exit(1)

    most = int(seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    signal.signal(signal.SIGIO, look)
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC)
    look()


def confine(limits: dict[str, Any]) -> None:
    """Set the resource limits of the program, which its children inherit."""
    megabyte = 1 << 20
    for what, most in (
        (resource.RLIMIT_AS, limits["memory_mb"] * megabyte),
        (resource.RLIMIT_CPU, limits["cpu_seconds"] + 1),
        (resource.RLIMIT_FSIZE, limits["disk_mb"] * megabyte),
        (resource.RLIMIT_NPROC, limits["processes"] + 1),  # the checker is the user's as well
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_SIGPENDING, WAITING_SIGNALS),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    # At the soft limit the signal tells why, at the hard one it cannot be caught.
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (min(limits["cpu_seconds"], hard), hard))


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
