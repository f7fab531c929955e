"""Judging behind a service: a bare loop over the SDK, rlaif, distilabel and curator.

    python benchmarks/remote_judging.py calm --distilabel PYTHON --curator PYTHON

Modes:
    calm      every reply takes 50 ms
    slow      2 % of the replies take a second
    limited   429 above 32 requests in flight, unknown to clients; percent are of its capacity
    kill      rlaif alone, killed -9 half way and started again: how much is asked twice?
    memory    rlaif alone, at a tenth of the comparisons and at all of them: its peak

The service has a process of its own, and so has everyone who asks it, in the interpreter given.
They take turns. A rate is what the service saw, from the first request to the last reply, so
nobody's start-up counts; "whole" is the command from start to exit, for rlaif with ledger, data
set, figures and report.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from remote.alone import kill, memory
from remote.turns import Turns, other, rlaif, service, take
from remote.workload import write_pairs, write_questions

LATENCY: Final = 0.05
CAPACITY: Final = 32
MODES: Final[dict[str, tuple[str, ...]]] = {
    "calm": (),
    "slow": ("--slow", "0.02"),
    "limited": ("--capacity", str(CAPACITY)),
    "kill": (),
    "memory": (),
}


def main() -> None:
    options = arguments()
    asked = (f"--latency={LATENCY}", *MODES[options.mode])
    with tempfile.TemporaryDirectory() as name, service(*asked) as url:
        folder = Path(name)
        if options.mode == "kill":
            kill(folder, url, options.comparisons, options.in_flight)
        elif options.mode == "memory":
            memory(folder, url, options.comparisons, options.in_flight)
        else:
            compare(options, folder, url)
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"{len(os.sched_getaffinity(0))} cores, load {load}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--comparisons", type=int, default=5000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--distilabel", metavar="PYTHON", help="an interpreter that has it")
    parser.add_argument("--curator", metavar="PYTHON", help="an interpreter that has it")
    return parser.parse_args()


def compare(options: argparse.Namespace, folder: Path, url: str) -> None:
    write_pairs(folder / "pairs.jsonl", options.comparisons // 2)
    write_questions(folder / "questions.jsonl", options.comparisons // 2)
    others = {"SDK, bare": (sys.executable, "with_sdk.py")}
    for peer in ("distilabel", "curator"):
        python = getattr(options, peer)
        if python is None:
            print(f"{peer} is not compared: --{peer} names no interpreter that has it")
        else:
            others[peer] = (python, f"with_{peer}.py")
    turns = {name: Turns() for name in ("rlaif", *others)}
    for number in range(options.turns):
        ours = rlaif(folder, url, options.in_flight, "pairs.jsonl", f"run-{number}")
        take(ours, folder / "log", url, turns["rlaif"])
        for name, (python, script) in others.items():
            command = other(python, script, folder, url, options.in_flight)
            try:
                take(command, folder / "log", url, turns[name])
            except RuntimeError as failed:
                print(f"{name} failed: {str(failed).strip().splitlines()[-1:]}")
    limited = options.mode == "limited"
    best = CAPACITY / LATENCY if limited else turns["SDK, bare"].rate
    for name, turn in turns.items():
        if turn.rates:
            print(turn.line(name, best))


if __name__ == "__main__":
    main()
