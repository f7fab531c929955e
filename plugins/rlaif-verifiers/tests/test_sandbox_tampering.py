"""Programs that want a verdict they have not earned."""

from __future__ import annotations

import pytest

from rlaif_verifiers.sandbox import FunctionTests, Limits, Outcome, Sandbox

TEST = "assert all(map(lambda x: f(x) == x * x, range(5)))  # 3000009"

CHEATS = {
    "ends as if all were well": "import sys\nsys.exit(0)",
    "ends at once": "import os\nos._exit(0)",
    "ends when it is asked": "import sys\ndef f(x): sys.exit(0)",
    "ends at once when it is asked": "import os\ndef f(x): os._exit(0)",
    "equals everything": (
        "class Equal:\n"
        "    def __eq__(self, other): return True\n"
        "    __hash__ = None\n"
        "def f(x): return Equal()"
    ),
    "is a number that equals everything": (
        "class Equal(int):\n    def __eq__(self, other): return True\ndef f(x): return Equal(5)"
    ),
    "is a list that equals everything": (
        "class Equal(list):\n    def __eq__(self, other): return True\ndef f(x): return Equal()"
    ),
    "says that it passed": (
        "import os\n"
        'said = b\'\\n{"passed": true, "detail": ""}\\n{"done": true}\\n\'\n'
        "for descriptor in range(100):\n"
        "    try: os.write(descriptor, said)\n"
        "    except OSError: pass\n"
        "def f(x): return 0"
    ),
    "answers before it is asked": (
        "import json\n"
        "def frame(content):\n"
        "    data = json.dumps(content).encode()\n"
        "    return len(data).to_bytes(4, 'big') + data\n"
        "import os\n"
        "os.write(31, frame({'names': ['f']}) + frame({'value': True}) * 9 + frame({'done': 1}))\n"
        "def f(x): return 0"
    ),
    "answers what nobody can read": ("import os\nos.write(31, b'\\xff' * 100)\ndef f(x): return 0"),
    "says it has names that are none": (
        "import os\nos.write(31, b'\\x00\\x00\\x00\\x0b{\"names\":5}')\ndef f(x): return 0"
    ),
    "names what the interpreter needs": (
        "import json, os\n"
        "names = ['__builtins__', '__name__', 'assert', 'all', 'f']\n"
        "data = json.dumps({'names': names}).encode()\n"
        "os.write(31, len(data).to_bytes(4, 'big') + data)\n"
        "def f(x): return 0"
    ),
    "answers with another shape": (
        "import os\nos.write(31, b'\\x00\\x00\\x00\\x0b{\"error\":5}')\ndef f(x): return 0"
    ),
    "ends the iteration of the tests": "def f(x): raise StopIteration if x != 3 else 0",
    "is right once and ends the iteration": (
        "def f(x):\n    if x == 3: return 9\n    raise StopIteration"
    ),
    "raises what tests raise": "def f(x): raise AssertionError",
    "patches what the tests might use": (
        "import builtins, sys, unittest\n"
        "builtins.all = lambda *a: True\n"
        "builtins.map = builtins.range = builtins.AssertionError = None\n"
        "def f(x): return 0"
    ),
    "puts a module in the way": (
        "for name in ('json', 'math', 'random', 'traceback', 'contextlib'):\n"
        "    open(f'/tmp/{name}.py', 'w').write('import os; os._exit(0)')\n"
        "def f(x): return 0"
    ),
    "replaces the checker": (
        "import sys\n"
        "for name, module in list(sys.modules.items()):\n"
        "    if name.startswith('inside'):\n"
        "        for key in list(vars(module)):\n"
        "            if key[0] != '_' and 'frame' not in key:\n"
        "                setattr(module, key, lambda *a, **k: True)\n"
        "def f(x): return 0"
    ),
    "looks for the tests": (
        "import gc, sys\n"
        "def f(x):\n"
        "    frame, found = sys._getframe(), []\n"
        "    while frame: found.append(repr(frame.f_locals)); frame = frame.f_back\n"
        "    found += [repr(o) for o in gc.get_objects() if isinstance(o, (str, dict, list))]\n"
        "    return x * x if any(str(1000003 * 3) in name for name in found) else 0"
    ),
    "redefines the tests' check": "def check(candidate): pass\ndef f(x): return 0",
    "closes its channel": "import os\nos.closerange(3, 99)\ndef f(x): return 0",
    "crashes": "import ctypes\ndef f(x): ctypes.string_at(0)",
    "overflows the stack": ("import sys\nsys.setrecursionlimit(100_000)\ndef f(x): return f(x)"),
    "defines nothing": "",
    "does not compile": "def f(x) return 9",
    "nests too deeply to be read": (
        "def f(x):\n    told = []\n    for _ in range(100_000): told = [told]\n    return told"
    ),
    "returns itself": "def f(x):\n    told = []\n    told.append(told)\n    return told",
}


@pytest.fixture(scope="module")
def wary(bubblewrap):
    return Sandbox(Limits(seconds=15, cpu_seconds=8, memory_mb=128))


def test_an_honest_program_passes(wary):
    report = wary.run(FunctionTests("def f(x): return x * x", [TEST]))
    assert report.outcomes == [Outcome(passed=True)]


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_program_cannot_pass_that(cheat, wary):
    program = CHEATS[cheat]
    for entry_point, test in (("", TEST), ("f", f"def check(f):\n    {TEST}")):
        report = wary.run(FunctionTests(program, [test], "", entry_point))
        assert [outcome.passed for outcome in report.outcomes] in ([False], [])


def test_a_check_of_the_programs_own_is_not_called(wary):
    program = "def check(f): raise SystemExit\ndef f(x): return x"
    report = wary.run(FunctionTests(program, ["assert f(1) == 1"], "", "f"))
    assert report.outcomes == [Outcome(passed=True)]


def test_a_test_that_excepts_everything_does_not_hide_that_the_program_ended(sandbox):
    test = "try: f(1)\nexcept: pass"
    report = sandbox.run(FunctionTests("import os\ndef f(x): os._exit(0)", [test]))
    assert not report.outcomes[0].passed


def test_what_tests_print_is_no_verdict(sandbox):
    test = 'print(\'{"passed": true, "detail": ""}\')\nassert f() == 1'
    report = sandbox.run(FunctionTests("def f(): return 2", [test]))
    assert [outcome.passed for outcome in report.outcomes] == [False]
