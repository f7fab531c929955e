"""How long the command line takes to start, beside reading the entry points of what is installed.

    python benchmarks/startup.py --runs 15

Each command is a process of its own. They take turns with an interpreter that only reads the entry
points, so that whatever else this machine does burdens all of them; medians are compared.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from statistics import median

READ_ENTRY_POINTS = "import importlib.metadata as m; m.entry_points()"
COMMANDS = {
    "entry points": ["-c", READ_ENTRY_POINTS],
    **{
        f"rlaif {arguments}": ["-m", "rlaif_core.cli", *arguments.split()]
        for arguments in ("--version", "--help", "plugins list", "plugins list --json")
    },
}


def milliseconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs: int = parser.parse_args().runs
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, command in COMMANDS.items():
            taken[name].append(milliseconds(command))
    bare = median(taken["entry points"])
    for name, many in taken.items():
        print(f"{name:<26} {median(many):6.0f} ms  {median(many) / bare:4.2f} times the bare one")
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
