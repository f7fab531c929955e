"""The sample of comparisons that the page shows, every outcome among them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from rlaif_core.runs import PairOutline
from rlaif_report.outlines import Fates, abstentions, inconsistent

LIMIT = 300
"""Comparisons on one page."""

KEPT = "Kept"
DROPPED = "Dropped"
UNCHOSEN = "Not chosen for training"
TIE = "Tie, no preference"
EQUAL = "Tie, half a win for each"
UNDECIDED = "Undecided: every vote abstained"
WAITING = "Judged, not selected yet"
ABSTAINED = "A vote abstained"
INCONSISTENT = "Orders disagree"
HELDOUT = "Held-out"
SHOWN_TOO = "Shown to the evaluation judge too"
ORDER = (
    KEPT,
    DROPPED,
    UNCHOSEN,
    TIE,
    EQUAL,
    UNDECIDED,
    WAITING,
    INCONSISTENT,
    ABSTAINED,
    HELDOUT,
    SHOWN_TOO,
)

NEW, LAST, BASE = "new policy", "last round's policy", "base policy"


@dataclass(frozen=True, slots=True)
class SeenPair:
    """One pair of the run and its outcomes.

    Attributes:
        round: The round it was judged in.
        split: "train" or "evaluation".
        outline: The pair.
        outcomes: What came of it, the main thing first.
    """

    round: int
    split: str
    outline: PairOutline
    outcomes: tuple[str, ...]


def training_outcomes(outline: PairOutline, fates: Fates) -> tuple[str, ...]:
    """The outcomes of a pair that was judged for training.

    Args:
        outline: The pair.
        fates: The round's candidates; empty if none were selected yet.
    """
    fate = fates.get((outline.prompt_id, frozenset((outline.a, outline.b))))
    if fate is not None:
        stage, reason = fate
        main = (DROPPED, f"{DROPPED} by {stage}: {reason}") if reason else (KEPT,)
    elif outline.p_a is None:
        main = (UNDECIDED if outline.agreement is not None else WAITING,)
    elif outline.p_a == 0.5:
        main = (TIE,)
    else:
        main = (UNCHOSEN if fates else WAITING,)
    return main + _flags(outline)


def contest_outcomes(outline: PairOutline, authors: Mapping[str, str]) -> tuple[str, ...]:
    """The outcomes of a pair of two policies that were compared.

    Args:
        outline: The pair.
        authors: The policies' names, by response.
    """
    a, b = authors.get(outline.a, "A"), authors.get(outline.b, "B")
    if outline.p_a is None:
        main = UNDECIDED
    elif outline.p_a == 0.5:
        main = EQUAL
    else:
        main = f"{a} better than {b}" if outline.p_a > 0.5 else f"{b} better than {a}"
    return (main, *_flags(outline))


def policies(round_index: int) -> list[tuple[str, int, str]]:
    """(author, round, split) of the held-out responses that a round compares, the base first."""
    last = [(LAST, round_index - 1, "after")] if round_index else []
    return [(BASE, 0, "before"), *last, (NEW, round_index, "after")]


def heldout_outcomes(outline: PairOutline, authors: Mapping[str, str]) -> tuple[str, ...]:
    """The outcomes of a pair that was shown to the evaluation judge.

    Args:
        outline: The pair.
        authors: Who wrote the held-out responses, by id: see `NEW`, `LAST` and `BASE`.
    """
    a, b = authors.get(outline.a), authors.get(outline.b)
    if a is None or b is None:
        return (SHOWN_TOO, *_flags(outline))
    if outline.p_a is None:
        outcome = "undecided"
    elif outline.p_a == 0.5:
        outcome = "tie"
    else:
        outcome = f"{a if outline.p_a > 0.5 else b} better"
        if LAST in (a, b):
            outcome = f"{outcome} than {b if outline.p_a > 0.5 else a}"
    return (f"{HELDOUT}: {outcome}", *_flags(outline))


def _flags(outline: PairOutline) -> tuple[str, ...]:
    flags = ((ABSTAINED, abstentions(outline) > 0), (INCONSISTENT, inconsistent(outline)))
    return tuple(name for name, holds in flags if holds)


def reading_order(outcome: str) -> tuple[int, str]:
    """Sorts outcomes as a reader meets them: the general before its particulars."""
    found = [place for place, name in enumerate(ORDER) if outcome.startswith(name)]
    return (found[0] if found else len(ORDER)), outcome


class Sample:
    """A reservoir for each combination of outcomes (Vitter's algorithm R, seeded).

    Args:
        limit: How many pairs to show at most.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._kept: dict[tuple[str, ...], list[SeenPair]] = {}
        self._seen: Counter[tuple[str, ...]] = Counter()
        self._rng = random.Random(0)

    def add(self, seen: SeenPair) -> None:
        """See one pair of the run."""
        kind = seen.outcomes
        self._seen[kind] += 1
        kept = self._kept.setdefault(kind, [])
        if len(kept) < self.limit:
            kept.append(seen)
            return
        place = self._rng.randrange(self._seen[kind])
        if place < self.limit:
            kept[place] = seen

    @property
    def total(self) -> int:
        """Number of pairs seen."""
        return self._seen.total()

    @property
    def totals(self) -> Counter[str]:
        """Number of pairs seen with each outcome; a pair can have several."""
        totals: Counter[str] = Counter()
        for kind, count in self._seen.items():
            for outcome in dict.fromkeys(kind):
                totals[outcome] += count
        return totals

    def in_turn(self) -> Iterator[SeenPair]:
        """One of each kind, then a second of each, and so on, up to the limit."""
        turns = zip_longest(*self._kept.values())
        everything = (seen for turn in turns for seen in turn if seen is not None)
        yield from (seen for seen, _ in zip(everything, range(self.limit), strict=False))
