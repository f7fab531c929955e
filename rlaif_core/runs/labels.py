"""The labels that two judges, or two runs, gave to the same pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rlaif_core.store.ledger.records import PairLabel


def in_common(
    ours: Iterable[PairLabel], theirs: Iterable[PairLabel]
) -> Iterator[tuple[PairLabel, PairLabel]]:
    """The labels on pairs that both streams have, each sorted as `Run.labels` yields them.

    A pair that `ours` has twice is yielded twice.
    """
    others = iter(theirs)
    other = next(others, None)
    for label in ours:
        while other is not None and other[:3] < label[:3]:
            other = next(others, None)
        if other is not None and other[:3] == label[:3]:
            yield label, other
