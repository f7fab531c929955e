"""Seconds that the statistics take at a million verdicts, and all of a judge's figures at fewer.

    python benchmarks/stats.py

Made data with a known truth: 100 players with ratings from N(0, 1), and two judges who agree with
the truth at given rates. The ledger holds the verdicts of a judge that knows nothing, on all pairs
of four responses in both orders.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import TypeVar

import numpy as np

from rlaif_core.api import JudgedPair, Message, Order, Prompt, Response, Verdict, Vote
from rlaif_core.store.ledger import Ledger
from rlaif_judge_metrics import measure_judge
from rlaif_stats.agreement import cohen_kappa, confusion_matrix
from rlaif_stats.bradley_terry import fit_bradley_terry
from rlaif_stats.position import position_consistency

T = TypeVar("T")
PLAYERS = 100
"""As the target has it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verdicts", type=int, default=1_000_000)
    parser.add_argument("--in-ledger", type=int, default=100_000)
    options = parser.parse_args()
    count = options.verdicts
    rng = np.random.default_rng(0)

    ratings = rng.normal(size=PLAYERS)
    first = rng.integers(PLAYERS, size=count)
    second = (first + rng.integers(1, PLAYERS, size=count)) % PLAYERS
    chance = 1.0 / (1.0 + np.exp(ratings[second] - ratings[first]))
    outcome = (rng.random(count) < chance).astype(float)
    fit = timed(
        f"Bradley-Terry with intervals, {PLAYERS} players",
        lambda: fit_bradley_terry(first, second, outcome, players=PLAYERS),
    )
    low, high = fit.intervals().T
    inside = np.mean((low <= ratings - ratings.mean()) & (ratings - ratings.mean() <= high))
    print(f"  the truth is inside {inside:.0%} of the 95 % intervals")

    truth = rng.integers(3, size=count)
    one, other = (
        np.where(rng.random(count) < 0.8, truth, rng.integers(3, size=count)) for _ in "12"
    )
    kappa = timed("Cohen's kappa", lambda: cohen_kappa(confusion_matrix(one, other)))
    named = np.array(["a", "b", "tie"])
    timed(
        "the same of labels that are text",
        lambda: cohen_kappa(confusion_matrix(named[one], named[other])),
    )
    ab, ba = rng.random(count), rng.random(count)
    ab[::50] = np.nan
    both = timed("position consistency", lambda: position_consistency(ab, ba))
    print(f"  kappa {kappa:.3f}, consistency {both.value:.3f}")
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.sqlite")
        write(ledger, options.in_ledger)
        timed(
            f"a judge's figures from a ledger of {options.in_ledger}",
            lambda: measure_judge(ledger, 0),
        )
    print(f"{count} verdicts, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")


def write(ledger: Ledger, verdicts: int) -> None:
    """Keep so many verdicts, drawn at random."""
    draw = random.Random(0)
    prompts = [Prompt(str(number), (Message("user", "?"),)) for number in range(verdicts // 12)]
    ledger.keep_prompts("train", prompts)
    for prompt in prompts:
        drawn = [Response.of(prompt, text, index) for index, text in enumerate("abcd")]
        ledger.keep_responses(0, "train", drawn)
        ledger.keep_judged(0, "train", list(pairs(prompt, drawn, draw)))


def pairs(prompt: Prompt, drawn: list[Response], draw: random.Random) -> Iterator[JudgedPair]:
    """All pairs of a prompt's responses, judged in both orders."""
    orders: tuple[Order, ...] = ("ab", "ba")
    for a, b in combinations(drawn, 2):
        votes = tuple(Vote(order, 0, Verdict(draw.random())) for order in orders)
        yield JudgedPair(prompt, a, b, votes, draw.random(), 1.0)


def timed(name: str, work: Callable[[], T]) -> T:
    began = time.perf_counter()
    found = work()
    print(f"{name}: {time.perf_counter() - began:.2f} s")
    return found


if __name__ == "__main__":
    main()
