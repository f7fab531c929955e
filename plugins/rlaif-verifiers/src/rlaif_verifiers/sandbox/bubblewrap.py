"""The command line that builds the sandbox: bubblewrap, and the room it makes.

An unprivileged caller gets a user namespace of its own, in which it is nobody. For root that would
not do: whoever is user 0 outside is exempt from the limit on processes. So for root bubblewrap
makes the room, and the first process in it becomes a user that nothing else runs as.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from rlaif_core.api import PluginError
from rlaif_verifiers.sandbox.limits import Limits

INSIDE = Path(__file__).with_name("inside")
HARNESS = "/harness"
START = (
    f"import sys; sys.path[0] = '{HARNESS}'; from inside.main import main; del sys.path[0]; main()"
)
SYSTEM = ("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin")
ROOMS = ("/dev/shm", "/tmp")
SETTINGS = ("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives")
NOBODY = 65534
LONE_USERS = range(61184, 65520)  # systemd's for services that bring their own: no real account
INSTALL = "install bubblewrap 0.8 or later (apt install bubblewrap, dnf install bubblewrap)"


@dataclass(frozen=True)
class Interpreter:
    """The Python that runs the programs.

    Attributes:
        path: The executable.
        folders: What it needs beside the system's own folders.
        flags: How it is started.
    """

    path: str
    folders: tuple[str, ...]
    flags: tuple[str, ...]

    @classmethod
    def own(cls) -> Interpreter:
        """The Python that runs this, with its standard library alone."""
        return cls(os.path.realpath(sys.executable), (sys.base_prefix,), ("-s", "-S", "-B"))

    @classmethod
    def at(cls, path: str) -> Interpreter:
        """Another one, a virtual environment's perhaps, with the packages it has.

        Raises:
            PluginError: If it does not run.
        """
        ask = "import sys; print(sys.prefix, sys.base_prefix, sep='\\n')"
        try:
            told = subprocess.run(
                [path, "-I", "-c", ask], capture_output=True, text=True, check=True, timeout=60
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise PluginError(f"{path} is no Python that runs here: {error}") from error
        folders = tuple(dict.fromkeys(told.stdout.splitlines()))
        return cls(os.path.abspath(path), folders, ("-s", "-B"))


def find_bubblewrap() -> str:
    """Path of `bwrap`.

    Raises:
        PluginError: If there is none.
    """
    found = shutil.which("bwrap")
    if found is None:
        raise PluginError(f"programs run under bubblewrap, and there is no bwrap here: {INSTALL}")
    return found


def lone_user() -> int | None:
    """The user to become inside: one of its own for root, None for anybody else."""
    # Only to the machine's root do the kernel's own files show that they are root's.
    is_root = os.geteuid() == 0 == os.stat("/proc/sys/kernel").st_uid
    return secrets.choice(LONE_USERS) if is_root else None


def command(
    bwrap: str, interpreter: Interpreter, limits: Limits, seccomp: int, user: int | None
) -> list[str]:
    """The whole command, from `bwrap` to the checker.

    Args:
        bwrap: The executable.
        interpreter: What runs the checker and the program.
        limits: For the room to write.
        seccomp: Descriptor of the filter.
        user: See `lone_user`.
    """
    return [
        bwrap,
        *("--unshare-pid", "--unshare-ipc", "--unshare-net", "--unshare-uts"),
        *("--unshare-cgroup-try", "--hostname", "sandbox"),
        *_identity(user),
        *("--as-pid-1", "--die-with-parent", "--new-session", "--seccomp", str(seccomp)),
        *_view(interpreter, limits.disk_mb << 20),
        *("--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp"),
        *("--setenv", "LANG", "C.UTF-8", "--setenv", "PYTHONHASHSEED", "0"),
        *("--chdir", "/", "--", interpreter.path, *interpreter.flags, "-c", START),
    ]


def _identity(user: int | None) -> list[str]:
    if user is None:
        return ["--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY)]
    return ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]


def _view(interpreter: Interpreter, room: int) -> list[str]:
    """Visible files: the system, read-only, and the folders to write; `/tmp` is home."""
    arguments = ["--ro-bind", "/usr", "/usr"]
    for path in SYSTEM:
        if os.path.islink(path):
            arguments += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            arguments += ["--ro-bind", path, path]
    for path in SETTINGS:
        arguments += ["--ro-bind-try", path, path]
    arguments += ["--proc", "/proc", "--dev", "/dev"]
    for path in ROOMS:
        arguments += ["--perms", "1777", "--size", str(room), "--tmpfs", path]
    for path in interpreter.folders:
        arguments += _bound(path, path)
    arguments += _bound(str(INSIDE), f"{HARNESS}/inside")
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/"]


def _bound(path: str, place: str) -> list[str]:
    # Left to itself, bubblewrap closes to others what lies in a home that is closed to them.
    parents = reversed(Path(place).parents[:-1])
    opened = [word for parent in parents for word in ("--perms", "0755", "--dir", str(parent))]
    return [*opened, "--ro-bind", path, place]
