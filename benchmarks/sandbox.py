"""Programs a second in the sandbox of rlaif-verifiers, against running them with no protection.

    python benchmarks/sandbox.py [--human-eval HumanEval.jsonl.gz] [--workers 4] [--repeats 3]

Both sides run the same programs and tests in this one process, by turns. One side gives each
program a sandbox of its own, the other a bare `python -c`, in as many threads. Without
--human-eval it takes small programs of its own.
"""

import argparse
import gzip
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from rlaif_verifiers.sandbox import FunctionTests, Limits, Sandbox

SMALL = '''from typing import List


def pairs(numbers: List[int], total: int) -> List[tuple]:
    """All pairs that add up to `total`."""
    return [(a, b) for n, a in enumerate(numbers) for b in numbers[n:] if a + b == total]
'''


def main() -> None:
    options = arguments()
    jobs = human_eval(options.human_eval) if options.human_eval else small(options.programs)
    sandbox = Sandbox(Limits(seconds=120, cpu_seconds=60))
    rates, cpu = {"sandbox": [], "no protection": []}, {"sandbox": [], "no protection": []}
    for _ in range(options.repeats):
        for name, run in (("sandbox", lambda job: passes(sandbox, job)), ("no protection", bare)):
            began, used = time.perf_counter(), cpu_seconds()
            with ThreadPoolExecutor(options.workers) as threads:
                passed = sum(threads.map(run, jobs))
            assert passed == len(jobs), f"{name}: only {passed} of {len(jobs)} pass"
            rates[name].append(len(jobs) / (time.perf_counter() - began))
            cpu[name].append((cpu_seconds() - used) / len(jobs))
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    print(f"{len(jobs)} programs, {options.workers} at a time, {cores} cores, load {load:.1f}")
    for name, figures in rates.items():
        spread = f"{min(figures):.1f} to {max(figures):.1f}"
        each = f"{statistics.median(cpu[name]) * 1_000:.0f} ms of CPU time each"
        print(f"{name:14} {statistics.median(figures):6.1f} programs a second ({spread}), {each}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--human-eval", help="the data set, to run its canonical solutions")
    parser.add_argument("--programs", type=int, default=100, help="where there is no data set")
    parser.add_argument("--workers", type=int, default=2 * len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


def human_eval(path: str) -> list[FunctionTests]:
    with gzip.open(path, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        FunctionTests(
            row["prompt"] + row["canonical_solution"],
            [row["test"]],
            row["prompt"],
            row["entry_point"],
        )
        for row in rows
    ]


def small(count: int) -> list[FunctionTests]:
    return [
        FunctionTests(SMALL, [f"assert pairs([1, 2, {n}], {n + 1}) == [(1, {n})]"])
        for n in range(4, count + 4)
    ]


def passes(sandbox: Sandbox, job: FunctionTests) -> bool:
    return all(outcome.passed for outcome in sandbox.run(job).outcomes)


def bare(job: FunctionTests) -> bool:
    """The plain script."""
    lines = [job.program, *job.tests]
    if job.entry_point:
        lines.append(f"check({job.entry_point})")
    command = [sys.executable, "-I", "-S", "-c", "\n".join(lines)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    main()
