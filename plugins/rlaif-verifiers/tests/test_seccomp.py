"""The filter, run step by step as the kernel would, for both machines."""

import errno
import struct

import pytest

from rlaif_verifiers.sandbox.seccomp import (
    AUDIT_ARCH,
    CLONE,
    CLONE3,
    MACHINES,
    REFUSED,
    SOCKET,
    X32,
    seccomp_filter,
)

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def answer(machine, number, first=0, arch=None):
    """What the filter returns for a system call."""
    data = struct.pack("<IIQQ", number, arch or AUDIT_ARCH[machine], 0, first)
    steps = list(struct.iter_unpack("<HBBI", seccomp_filter(machine)))
    value, at = 0, 0
    while True:
        code, if_true, if_false, constant = steps[at]
        at += 1
        if code == 0x06:
            return constant
        if code == 0x20:
            (value,) = struct.unpack_from("<I", data, constant)
            continue
        holds = {0x15: value == constant, 0x35: value >= constant, 0x45: bool(value & constant)}
        at += if_true if holds[code] else if_false


@pytest.fixture(params=MACHINES)
def machine(request):
    return request.param


def number_of(pair, machine):
    return pair[MACHINES.index(machine)]


def test_ordinary_calls_are_allowed(machine):
    refused = {number_of(pair, machine) for pair in (*REFUSED.values(), CLONE3, SOCKET, CLONE)}
    for number in set(range(460)) - refused:
        assert answer(machine, number) == ALLOW


@pytest.mark.parametrize("name", REFUSED)
def test_dangerous_calls_are_refused(name, machine):
    assert answer(machine, number_of(REFUSED[name], machine)) == ERRNO | errno.EPERM


def test_processes_and_threads_may_be_started(machine):
    for flags in (0x11, 0x01200011, 0x003D0F00):  # fork, fork as glibc does it, a thread
        assert answer(machine, number_of(CLONE, machine), flags) == ALLOW


def test_namespaces_may_not_be_made(machine):
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        told = answer(machine, number_of(CLONE, machine), flag | 0x11)
        assert told == ERRNO | errno.EPERM


def test_clone3_is_as_if_it_did_not_exist(machine):
    assert answer(machine, number_of(CLONE3, machine)) == ERRNO | errno.ENOSYS


@pytest.mark.parametrize(
    ("family", "allowed"),
    [(1, True), (2, False), (10, False), (16, False), (17, False), (38, False), (40, False)],
)
def test_sockets_are_those_between_its_own_processes(machine, family, allowed):
    told = answer(machine, number_of(SOCKET, machine), family)
    assert told == (ALLOW if allowed else ERRNO | errno.EAFNOSUPPORT)


def test_other_machines_calls_end_the_process(machine):
    assert answer(machine, 1, arch=0x40000003) == KILL


def test_the_other_calling_convention_is_refused():
    assert answer("x86_64", X32 | 1) == ERRNO | errno.ENOSYS


def test_an_unknown_machine_is_said_so():
    with pytest.raises(LookupError, match="riscv64"):
        seccomp_filter("riscv64")
