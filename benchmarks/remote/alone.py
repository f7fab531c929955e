"""Guarantees of rlaif alone: few repeated requests after a kill, and constant memory."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from remote.turns import figures, rlaif
from remote.workload import write_pairs


def kill(folder: Path, url: str, comparisons: int, in_flight: int) -> None:
    """Kill a run half way, start it again, and print what the service was asked twice."""
    write_pairs(folder / "pairs.jsonl", comparisons // 2)
    command = rlaif(folder, url, in_flight, "pairs.jsonl", "run")
    answered = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while answered < comparisons // 2:
            time.sleep(0.05)
            answered += figures(url)["calls"]
        process.send_signal(signal.SIGKILL)
    # Those in flight may still arrive; the service forgets contents when it tells its figures.
    time.sleep(0.2)
    answered += figures(url)["calls"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    answered += figures(url)["calls"]
    print(f"killed half way: {answered - comparisons} of {comparisons} requests asked twice")


def memory(folder: Path, url: str, comparisons: int, in_flight: int) -> None:
    """Print the peak memory of a tenth of the comparisons and of all of them."""
    for count in (comparisons // 10, comparisons):
        write_pairs(folder / f"{count}.jsonl", count // 2)
        command = rlaif(folder, url, in_flight, f"{count}.jsonl", f"run-{count}")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        began = time.monotonic()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"judging {count} failed")
        rate = count / (time.monotonic() - began)
        print(f"{count} comparisons: peak {used.ru_maxrss / 1024:.0f} MiB, {rate:.0f}/s whole")
