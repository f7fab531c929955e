"""Programs that mean harm, each harmless. What they were after is what each test looks for."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rlaif_verifiers.sandbox import FunctionTests, Limits, Outcome, ProgramRuns, Report, Sandbox
from rlaif_verifiers.sandbox import sandbox as module

GOOD = FunctionTests("def two():\n    return 2", ["assert two() == 2"])


@pytest.fixture
def hasty(bubblewrap):
    return Sandbox(Limits(seconds=3, processes=8))


@pytest.fixture(params=["own user", "user namespace"])
def ordinary(request, bubblewrap, monkeypatch):
    """As root starts it, and as everybody else does."""
    if request.param == "user namespace":
        monkeypatch.setattr(module, "lone_user", lambda: None)
    elif os.geteuid() != 0:
        pytest.skip("only root gives a program a user of its own")
    return Sandbox(Limits(seconds=60, cpu_seconds=20))


def ask(sandbox, body, test="print"):
    """What the program's function `f` returns, told by a test that cannot pass."""
    test = "told = f()\nraise AssertionError(repr(told))"
    report = sandbox.run(FunctionTests(f"def f():\n{body}", [test]))
    assert report.outcomes, report.stopped
    return report.outcomes[0].detail.partition(" at: ")[0].removeprefix("AssertionError: ")


def fails(sandbox, program, test="assert f() == 1"):
    """Run it, see it fail, and see that the next program is judged as if nothing had been."""
    report = sandbox.run(FunctionTests(program, [test]))
    assert not any(outcome.passed for outcome in report.outcomes), report
    assert sandbox.run(GOOD).outcomes[0].passed
    return report.stopped or report.outcomes[0].detail


def running(mark):
    """Whether any process of this machine has `mark` in its command line."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "cmdline").read_bytes():
                return True
        except OSError:
            continue
    return False


def eventually(holds):
    """Whether it holds before long; a machine under load needs its time."""
    deadline = time.monotonic() + 60
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


def attempts(*statements):
    """The body of a function that returns what each statement raised, or that it did not."""
    lines = ["    told = []"]
    for statement in statements:
        lines += [
            "    try:",
            f"        {statement}",
            "        told.append('done')",
            "    except Exception as error:",
            "        told.append(type(error).__name__)",
        ]
    return "\n".join([*lines, "    return told"])


def test_a_fork_bomb_runs_into_its_limit(hasty):
    step = "        try: os.fork()\n        except OSError: pass"
    why = fails(hasty, f"import os\ndef f():\n    while True:\n{step}")
    assert why in ("the program ran for more than 3 s", "the program ran out of CPU time")


def test_processes_and_threads_are_counted_together(tight):
    program = (
        "import threading, time\n"
        "def f():\n"
        "    for n in range(50):\n"
        "        try: threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
        "        except RuntimeError: return n\n"
    )
    test = "assert 1 <= f() <= 8"
    assert tight.run(FunctionTests(program, [test])).outcomes[0].passed


def test_a_memory_bomb_runs_into_its_limit(tight):
    why = fails(tight, "def f():\n    held = []\n    while True: held.append(bytearray(1 << 24))")
    assert "MemoryError" in why or "MB" in why


def test_a_memory_bomb_of_many_processes_is_stopped(tight):
    program = (
        "import os, time\n"
        "def f():\n"
        "    for _ in range(6):\n"
        "        if os.fork() == 0:\n"
        "            held = bytearray(60 << 20)\n"
        "            time.sleep(30)\n"
        "    time.sleep(30)\n"
    )
    assert fails(tight, program) == "the program used more than 128 MB"


@pytest.mark.parametrize(
    "statement",
    [
        "os.memfd_create('m')",
        "ctypes.CDLL(None, use_errno=True).shmget(0, 4096, 0o1600) >= 0 or 1/0",
    ],
)
def test_memory_that_no_limit_counts_is_refused(sandbox, statement):
    told = ask(sandbox, "    import os, ctypes\n" + attempts(statement))
    assert told in ("['PermissionError']", "['ZeroDivisionError']")


def test_an_endless_loop_runs_out_of_cpu_time(tight):
    why = fails(tight, "def f():\n    while True: pass")
    assert why == "the program ran out of CPU time"


@pytest.mark.parametrize(
    "program", ["import time\ndef f(): time.sleep(600)", "import time\ntime.sleep(600)"]
)
def test_an_endless_sleep_runs_out_of_time(program, hasty):
    report = hasty.run(FunctionTests(program, ["f()"]))
    assert report == Report([], "the program ran for more than 3 s")


def test_endless_output_is_cut_off(tight):
    report = tight.run(ProgramRuns("while True: print('x' * 1000)", [""]))
    assert report.outcomes[0].detail == "the program prints more than 64 kB"
    assert len(report.outcomes[0].output) == 64 << 10


def test_an_endless_answer_is_cut_off(tight):
    assert "more than" in fails(tight, "def f():\n    return 'x' * 10_000_000")


def test_a_huge_traceback_is_cut_off(sandbox):
    why = fails(sandbox, "def f():\n    raise ValueError('x' * 10_000_000)")
    assert len(why) < 1_000
    forged = (
        "import json, os\n"
        "error = {'kinds': ['x' * 100_000], 'message': 'x' * 100_000}\n"
        "said = json.dumps({'error': error}).encode()\n"
        "os.write(31, len(said).to_bytes(4, 'big') + said)"
    )
    assert len(fails(sandbox, forged)) < 1_000
    deep = "def g(n):\n    g(n + 1)\ng(0)"
    report = sandbox.run(ProgramRuns(deep, [""]))
    assert "RecursionError" in report.outcomes[0].detail
    assert len(report.outcomes[0].detail) < 3_000


def test_a_full_disk_is_the_programs_own(tight):
    fill = (
        "def f():\n"
        "    for n in range(100):\n"
        "        with open(f'/tmp/{n}', 'wb') as file: file.write(bytes(1 << 20))\n"
    )
    assert "No space left" in fails(tight, fill)
    big = "def f():\n    with open('/tmp/big', 'wb') as file: file.write(bytes(8 << 20))"
    assert "OSError" in fails(tight, big)


def test_a_file_system_full_of_empty_files_is_stopped(ordinary):
    """Each takes a kilobyte of the kernel's memory, and none of the room it may write to."""
    program = (
        "import itertools\n"
        "def f():\n"
        "    for n in itertools.count(): open(f'/dev/shm/{n}', 'w').close()\n"
    )
    assert fails(ordinary, program) == "the program kept more than 16384 files"


def test_the_kernels_buffers_cannot_be_filled(sandbox):
    """What is sent over a socket and never read is nobody's resident memory."""
    told = ask(
        sandbox,
        "    import ctypes, socket\n"
        "    libc = ctypes.CDLL(None, use_errno=True)\n"
        "    ends, sent, timer = [], 0, ctypes.c_void_p()\n"
        "    try:\n"
        "        while True:\n"
        "            ends += socket.socketpair()\n"
        "            ends[-1].setblocking(False)\n"
        "            try: ends[-1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)\n"
        "            except OSError: pass\n"
        "            try:\n"
        "                while True: sent += ends[-1].send(bytes(1 << 16))\n"
        "            except BlockingIOError: pass\n"
        "    except OSError: pass\n"
        "    timers = 0\n"
        "    while timers < 1000 and libc.timer_create(1, None, ctypes.byref(timer)) == 0:\n"
        "        timers += 1\n"
        "    return sent < 64 << 20, timers < 100",
    )
    assert told == "(True, True)"


def test_an_event_loop_and_processes_of_its_own_work(ordinary):
    """What the filter refuses is nothing that an honest program needs."""
    program = (
        "import asyncio, multiprocessing, subprocess\n"
        "async def two(): return 2\n"
        "def f():\n"
        "    with multiprocessing.Pool(2) as pool: squares = pool.map(abs, [-1, -2])\n"
        "    said = subprocess.run(['/usr/bin/echo', 'x'], capture_output=True, text=True).stdout\n"
        "    return asyncio.run(two()), squares, said\n"
    )
    report = ordinary.run(FunctionTests(program, ["assert f() == (2, [1, 2], 'x\\n')"]))
    assert report.outcomes == [Outcome(passed=True)], report


def test_nothing_outside_can_be_written(ordinary):
    told = ask(
        ordinary,
        "    import os, sys, shutil\n"
        + attempts(
            *(
                f"open({path!r}, 'w')"
                for path in ("/x", "/etc/x", "/usr/x", "/dev/x", "/harness/inside/main.py")
            ),
            "open(os.path.join(sys.base_prefix, 'x'), 'w')",
            "os.remove('/harness/inside/main.py')",
            "os.chmod('/usr/bin', 0o777)",
            "open('/tmp/mine', 'w')",
        ),
    )
    assert told.count("Error") == 8, told
    assert told.count("done") == 1, told


def test_the_kernel_is_not_its_to_set(sandbox):
    """Not even what a namespace has to itself."""
    told = ask(
        sandbox,
        attempts(
            "open('/proc/sys/kernel/hostname', 'w').write('x')",
            "open('/proc/self/oom_score_adj', 'w').write('-1000')",
            "__import__('socket').sethostname('x')",
            "__import__('resource').setrlimit(__import__('resource').RLIMIT_NPROC, (999, 999))",
        ),
    )
    assert "done" not in told


def test_environment_and_home_are_empty(ordinary, monkeypatch, tmp_path):
    monkeypatch.setenv("API_KEY", "do not tell")
    (tmp_path / "secret").write_text("do not tell")
    told = ask(
        ordinary,
        "    import os\n"
        "    home = os.listdir(os.path.expanduser('~'))\n"
        f"    return sorted(os.environ), home, os.path.exists({str(tmp_path)!r}),"
        " os.path.exists('/etc/passwd')",
    )
    assert told == "(['HOME', 'LANG', 'PATH', 'PWD', 'PYTHONHASHSEED'], [], False, False)"


def test_there_is_no_network(ordinary):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        told = ask(
            ordinary,
            "    import socket\n"
            + attempts(
                f"socket.create_connection(('127.0.0.1', {port}), 5)",
                "socket.create_connection(('192.0.2.1', 80), 5)",
                "socket.getaddrinfo('example.org', 80)",
                "socket.socket(40, socket.SOCK_STREAM)",
                "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
            ),
        )
    assert "done" not in told


def test_nobody_outside_can_be_signalled(ordinary):
    """The checker is the program's parent and its user's; it goes on, and judges."""
    program = (
        "import os, signal\n"
        "def f():\n"
        "    for process in (os.getppid(), 1, -1):\n"
        "        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGSTOP, signal.SIGKILL):\n"
        "            try: os.kill(process, number)\n"
        "            except OSError: pass\n"
        "    return sorted(int(name) for name in os.listdir('/proc') if name.isdigit())\n"
    )
    test = "seen = f()\nassert len(seen) == 2 and seen[0] == 1, seen"
    assert ordinary.run(FunctionTests(program, [test])).outcomes[0].passed


def test_the_checker_cannot_be_looked_into(ordinary):
    told = ask(
        ordinary,
        "    import os, ctypes\n"
        "    libc = ctypes.CDLL(None, use_errno=True)\n"
        + attempts(
            "open('/proc/1/mem', 'rb')",
            "open('/proc/1/environ', 'rb').read()",
            "open('/proc/1/maps').read()",
            "os.readlink('/proc/1/fd/0')",
            "os.listdir('/proc/1/root/')",
            "libc.ptrace(16, 1, 0, 0) == 0 or 1/0",
            "os.open('/proc/1/fd/0', os.O_RDONLY)",
        ),
    )
    assert "done" not in told


def test_links_lead_nowhere(ordinary):
    told = ask(
        ordinary,
        "    import os\n"
        "    os.symlink('/etc/shadow', '/tmp/a'); os.symlink('/proc/1/root/root', '/tmp/b')\n"
        + attempts(
            "open('/tmp/a').read()",
            "os.listdir('/tmp/b')",
            "os.link('/harness/inside/main.py', '/tmp/c')",
            "os.chroot('/tmp')",
            "os.mknod('/tmp/d', 0o60660, os.makedev(8, 0))",
        ),
    )
    assert "done" not in told


def test_it_gets_no_namespaces_and_no_rights(ordinary):
    told = ask(
        ordinary,
        "    import os, ctypes\n"
        "    libc = ctypes.CDLL(None, use_errno=True)\n"
        "    told = [line.split()[1] for line in open('/proc/self/status') if 'Cap' in line[:3]]\n"
        "    calls = [libc.unshare(0x10000000), libc.mount(b'none', b'/tmp', b'tmpfs', 0, 0),\n"
        "        libc.syscall(56, 0x10000011, 0, 0, 0, 0)]\n"
        "    return int(told[1], 16), int(told[2], 16), os.getuid() != 0, calls",
    )
    assert told == "(0, 0, True, [-1, -1, -1])"


def test_daemons_end_with_it(ordinary):
    mark = f"9999{os.getpid()}{time.monotonic_ns() % 10**6}"
    program = (
        "import os, subprocess\n"
        "def f():\n"
        f"    subprocess.Popen(['/usr/bin/setsid', '/usr/bin/sleep', '{mark}'])\n"
        "    return 1\n"
    )
    report = ordinary.run(FunctionTests(program, ["assert f() == 1"]))
    assert report.outcomes[0].passed, report
    assert not running(mark)


def test_it_ends_with_the_run_that_started_it(bubblewrap):
    mark = f"9998{os.getpid()}{time.monotonic_ns() % 10**6}"
    run = (
        "from rlaif_verifiers.sandbox import *\n"
        f"program = \"import os; os.execv('/usr/bin/sleep', ['sleep', '{mark}'])\"\n"
        "Sandbox(Limits(seconds=600)).run(ProgramRuns(program, ['']))\n"
    )
    with subprocess.Popen([sys.executable, "-c", run]) as started:
        assert eventually(lambda: running(f"sleep\0{mark}"))
        started.kill()
    assert eventually(lambda: not running(f"sleep\0{mark}"))


def test_what_one_leaves_behind_does_not_keep_a_run_waiting(sandbox):
    program = "import subprocess\nsubprocess.Popen(['/usr/bin/sleep', '600'])\nprint(1)"
    report = sandbox.run(ProgramRuns(program, ["", ""]))
    assert [outcome.output for outcome in report.outcomes] == ["1\n", "1\n"]


def test_nothing_is_left_for_the_next_program(sandbox):
    sandbox.run(FunctionTests("open('/tmp/left', 'w').write('x')\ndef f(): return 1", ["f()"]))
    assert ask(sandbox, "    import os\n    return os.path.exists('/tmp/left')") == "False"
