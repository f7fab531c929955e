"""Which tests are slow: `python tests/support/slow_tests.py REPORT.xml` writes the list anew.

REPORT.xml is what `pytest --junitxml=REPORT.xml -o junit_family=xunit1` writes, on a quiet machine.
A test is slow if it takes more than `SLOW` seconds with its set-up; a file all of whose tests are
slow is listed as a whole, and then `make test-fast` does not even import it.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

SLOW = 0.05

LIST = Path(__file__).with_suffix(".txt")


def read() -> frozenset[str]:
    """Slow tests: folders, files, or functions of a file."""
    return frozenset(LIST.read_text("utf-8").split())


def slow_tests(report: Path) -> list[str]:
    """The slow tests of a report, by their longest run over all parameters."""
    seconds: dict[str, dict[str, float]] = defaultdict(dict)
    for case in ElementTree.parse(report).iter("testcase"):
        file, name = case.get("file", ""), case.get("name", "").partition("[")[0]
        inner = case.get("classname", "").rpartition(".")[2]
        name = f"{inner}::{name}" if inner[:1].isupper() else name
        known = seconds[file].get(name, 0.0)
        seconds[file][name] = max(known, float(case.get("time", 0.0)))
    found = []
    for file, tests in sorted(seconds.items()):
        slow = sorted(name for name, taken in tests.items() if taken > SLOW)
        found += [file] if len(slow) == len(tests) else [f"{file}::{name}" for name in slow]
    return found


if __name__ == "__main__":
    LIST.write_text("\n".join(slow_tests(Path(sys.argv[1]))) + "\n", "utf-8")
