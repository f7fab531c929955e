"""Loading pairs that exist already: prompts and responses are copied to the ledger."""

from __future__ import annotations

from itertools import islice

from rlaif_core.engine.round import Round
from rlaif_core.engine.stages.stage import Stage
from rlaif_core.metrics.run import JSON

WINDOW = 1024
"""Pairs copied to the ledger at once."""


async def run(round_: Round) -> JSON:
    """Copy prompts and responses of the given pairs to the ledger."""
    assert round_.given is not None
    ledger, pairs, start = round_.session.ledger, iter(round_.given), 0
    while window := list(islice(pairs, WINDOW)):
        ledger.keep_prompts("train", [pair.prompt for pair in window], start)
        ledger.keep_responses(
            0, "train", [response for pair in window for response in (pair.a, pair.b)]
        )
        start += len(window)
    return {"summary": f"{start} pairs"}


LOAD_PAIRS = Stage(name="pairs", run=run, applies=lambda recipe: True)
