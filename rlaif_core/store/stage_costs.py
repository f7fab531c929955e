"""Cost of each stage of a run, from its ledger, to be compared with the plan."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from rlaif_core.api.errors import RunError
from rlaif_core.store.ledger import Ledger, Reader

BEGUN = "begun"
"""Key of a JSON list: round, stage, and how many calls the ledger held when the stage first began.

Stages come one after the other and calls are only ever appended, so that the calls of a stage,
however often it was interrupted, are those up to where the next one began."""


SUMMED = ("calls", "prompt_tokens", "completion_tokens", "usd")


@dataclass(frozen=True)
class Spent:
    """Calls of a stage, over all rounds; answers that were known before cost nothing.

    Attributes:
        stage: Its name.
        calls: Questions.
        prompt_tokens: As the models counted them.
        completion_tokens: As the models counted them.
        usd: At the models' prices.
    """

    stage: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    usd: float


def begin(ledger: Ledger, round_index: int, stage: str) -> None:
    """Keep where a stage begins, unless it began in an earlier try."""
    begun = json.loads(ledger.meta(BEGUN) or "[]")
    if all(known[:2] != [round_index, stage] for known in begun):
        ledger.set_meta(BEGUN, json.dumps([*begun, [round_index, stage, ledger.last_call()]]))


def spent(folder: Path) -> list[Spent]:
    """Spending of a run so far, stage by stage, in the order in which they first began.

    Raises:
        RunError: If there is no run in the folder, or its ledger cannot be read.
    """
    if not (folder / "ledger.sqlite").exists():
        raise RunError(f"{folder} holds no run: there is no ledger.sqlite in it")
    with closing(Reader(folder / "ledger.sqlite", readonly=True)) as ledger:
        return spent_by_stage(ledger)


def spent_by_stage(ledger: Reader) -> list[Spent]:
    """Spending of a run so far, stage by stage, in the order in which they first began."""
    begun = json.loads(ledger.meta(BEGUN) or "[]")
    ends = [start for _, _, start in begun[1:]] + [ledger.last_call()]
    found: dict[str, Spent] = {}
    for (_, stage, start), end in zip(begun, ends, strict=True):
        cost = ledger.cost(start, end)
        known = found.setdefault(stage, Spent(stage, 0, 0, 0, 0.0))
        sums = {name: getattr(known, name) + getattr(cost, name) for name in SUMMED}
        found[stage] = replace(known, **sums)
    return [stage for stage in found.values() if stage.calls]
