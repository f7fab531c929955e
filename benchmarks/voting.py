"""Calls that adaptive voting saves on real judges' votes.

    python benchmarks/voting.py ../shared/data/llmbar/fixture_small.jsonl

LLMBar's file has one verdict of each of two judges, under each of two prompts, on each pair in each
order. It has no repeated votes, so a vote is drawn under three assumptions: the judge repeats its
verdict; it repeats one of its verdicts under either prompt; it repeats a verdict of either judge.
Adaptive voting asks both orders in turn, as the engine does, and has to decide as all the votes
together would.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from rlaif_stats.voting import fewest_votes, settled, votes_needed

Votes = list[str | None]
"""Which response each vote is for; None is an abstention."""

ALIKE: Final[dict[str, tuple[str, ...]]] = {
    "a judge and prompt repeat themselves": ("judge", "strategy"),
    "a judge, under either prompt": ("judge",),
    "either judge, under either prompt": (),
}
"""Which verdicts on a pair are votes of one judge: those that are equal in these columns."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verdicts", type=Path, help="LLMBar's verdicts, JSON lines")
    parser.add_argument("--votes", type=int, default=5, help="in each order")
    parser.add_argument("--keep-at", type=float, default=0.8)
    parser.add_argument("--draws", type=int, default=200, help="of each pair's votes")
    options = parser.parse_args()
    total = 2 * options.votes
    for name, columns in ALIKE.items():
        rng = random.Random(0)
        ballots = read(options.verdicts, columns)
        asked = kept = 0
        for by_order in ballots:
            for _ in range(options.draws):
                votes = [rng.choice(by_order[o]) for _ in range(options.votes) for o in (0, 1)]
                calls = adaptive(votes, options.keep_at)
                keep = keeps(votes, total, options.keep_at)
                assert keeps(votes[:calls], calls, options.keep_at) == keep
                asked, kept = asked + calls, kept + keep
        every = len(ballots) * options.draws
        print(
            f"{name:<37}{asked / every:5.2f} of {total} calls a pair, "
            f"{1 - asked / (every * total):.1%} fewer; {kept / every:.1%} of the pairs are kept"
        )


def read(path: Path, columns: tuple[str, ...]) -> list[dict[int, Votes]]:
    """The verdicts that count as one judge's on one pair, by order."""
    found: defaultdict[tuple[Any, ...], dict[int, Votes]] = defaultdict(lambda: {0: [], 1: []})
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            key = (row["subset"], row["idx"], *(row[name] for name in columns))
            found[key][row["order"]].append(row["winner"])
    return list(found.values())


def adaptive(votes: Votes, keep_at: float) -> int:
    """Number of votes asked before the rest cannot change the pair's label."""
    asked = fewest_votes(len(votes), keep_at)
    while not settled(majority(votes[:asked]), asked, len(votes), keep_at):
        asked += 1
    return asked


def keeps(votes: Votes, asked: int, keep_at: float) -> bool:
    return majority(votes) >= votes_needed(asked, keep_at)


def majority(votes: Votes) -> int:
    return max(votes.count("1"), votes.count("2"))


if __name__ == "__main__":
    main()
