"""Filters over candidate preferences; what is kept becomes the round's data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rlaif_core.api.filter import Filter
from rlaif_core.api.records import Preference
from rlaif_core.engine.session import Session
from rlaif_core.metrics.run import JSON
from rlaif_core.store.ledger import Kept
from rlaif_core.store.preferences import write_preferences

WINDOW = 1024
"""Candidates in memory at once, unless a filter wants to see them all together."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What never became a candidate."""

    prompt_id: str
    reason: str
    count: int


async def keep(
    session: Session,
    round: int,
    candidates: Iterable[Preference | Loss],
    mixed: Callable[[AbstractSet[str]], Sequence[Preference]] = lambda own: (),
) -> JSON:
    """Apply the recipe's filters, keep every candidate with its fate, write the data set.

    Args:
        session: The open run.
        round: From 0.
        candidates: The candidates, and what became none.
        mixed: Preferences of earlier rounds to train on beside the new ones, which it is told by
            their ids.
    """
    filters: list[tuple[str, Filter[Any]]] = [
        (use.use, await session.parts.get(f"filters.{index}"))
        for index, use in enumerate(session.recipe.file.filters)
    ]
    one_by_one = all(type(filter).apply is Filter.apply for _, filter in filters)
    ids: set[str] = set()
    asked = earlier = 0

    def rows() -> Iterator[Preference]:
        nonlocal asked, earlier
        left = iter(candidates)
        while window := list(islice(left, WINDOW if one_by_one else None)):
            preferences = [one for one in window if isinstance(one, Preference)]
            asked += len(preferences)
            losses = [one for one in window if isinstance(one, Loss)]
            session.ledger.keep_losses(
                round, [(one.prompt_id, "pair", one.reason, one.count) for one in losses]
            )
            kept = _filtered(session, round, preferences, filters)
            ids.update(one.id for one in kept)
            yield from kept
        others = mixed(ids)
        earlier = len(others)
        yield from others

    session.ledger.drop_preferences(round)
    with session.folder.artefact(round, "preferences") as folder:
        write_preferences(folder, rows())
    summary = f"{len(ids)} preferences kept of {asked} candidates"
    if earlier:
        summary += f", {earlier} of earlier rounds mixed in"
    return {"summary": summary, "mixed": earlier}


def _filtered(
    session: Session,
    round: int,
    preferences: Sequence[Preference],
    filters: Sequence[tuple[str, Filter[Any]]],
) -> Sequence[Preference]:
    """What all filters keep; the ledger keeps the fate of each."""
    rows: list[Kept] = []
    left = preferences
    for name, filter in filters:
        left, dropped = session.hooks.rlaif_filter(preferences=left, filter=filter)
        rows += [Kept(one.preference, name, one.reason) for one in dropped]
    session.ledger.keep_preferences(round, [*rows, *(Kept(one, "kept", "") for one in left)])
    return left
