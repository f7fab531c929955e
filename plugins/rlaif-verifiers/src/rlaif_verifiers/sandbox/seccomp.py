"""The system calls that a program in the sandbox is refused, as a seccomp filter.

Namespaces and resource limits leave three gaps that matter here: memory that no limit counts
(memfd, System V, a socket's buffers), sockets that no network namespace holds (vsock reaches a
virtual machine's host), and kernel interfaces by which one process looks into another, or from
where kernels have been attacked (user namespaces, io_uring, bpf, keyrings).

The program is classic BPF over `struct seccomp_data`, see seccomp(2).
"""

from __future__ import annotations

import errno
import platform
import struct

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
MACHINES = tuple(AUDIT_ARCH)

# Numbers of x86_64 and aarch64, from asm/unistd_64.h and asm-generic/unistd.h.
REFUSED = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "msgget": (68, 186),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "request_key": (249, 218),
    "semget": (64, 190),
    "setns": (308, 268),
    "setsockopt": (54, 208),
    "shmget": (29, 194),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
CLONE = (56, 220)
CLONE3 = (435, 435)
SOCKET = (41, 198)

NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag that clone knows
AF_UNIX = 1  # between its own processes, as event loops need; there is no network to reach
X32 = 0x40000000  # x86_64's other calling convention, with numbers of its own

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16  # offsets; both machines are little-endian
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def seccomp_filter(machine: str = "") -> bytes:
    """The filter, as `bwrap --seccomp` reads it.

    Args:
        machine: As `platform.machine()` says, which is the default.

    Raises:
        LookupError: If its system calls are not known here.
    """
    machine = machine or platform.machine()
    if machine not in AUDIT_ARCH:
        raise LookupError(f"no system-call numbers for {machine}")
    which = MACHINES.index(machine)
    steps = [
        _step(_LOAD, _ARCH),
        _step(_EQUAL, AUDIT_ARCH[machine], 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
        _step(_AT_LEAST, X32, 0, 1),
        _step(_RETURN, _ERRNO | errno.ENOSYS),
        # glibc takes "not implemented" for a reason to use clone, whose flags can be read here.
        *_refuse(CLONE3[which], errno.ENOSYS),
    ]
    for numbers in REFUSED.values():
        steps += _refuse(numbers[which], errno.EPERM)
    steps += [
        _step(_EQUAL, CLONE[which], 0, 4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_ANY_BIT, NEW_NAMESPACES, 0, 1),
        _step(_RETURN, _ERRNO | errno.EPERM),
        _step(_RETURN, _ALLOW),
        _step(_EQUAL, SOCKET[which], 0, 3),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_EQUAL, AF_UNIX, 1, 0),
        _step(_RETURN, _ERRNO | errno.EAFNOSUPPORT),
        _step(_RETURN, _ALLOW),
    ]
    return b"".join(steps)


def _refuse(number: int, error: int) -> tuple[bytes, bytes]:
    return _step(_EQUAL, number, 0, 1), _step(_RETURN, _ERRNO | error)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One `struct sock_filter`; the jumps count the steps to leave out."""
    return struct.pack("<HBBI", code, if_true, if_false, value)
