"""Reading prompts, once a run: both splits, from their sources into the ledger."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rlaif_core.api.errors import DataError
from rlaif_core.api.records import Prompt
from rlaif_core.api.source import Source
from rlaif_core.engine.round import Round
from rlaif_core.engine.session import Session
from rlaif_core.engine.stages.stage import Stage
from rlaif_core.metrics.run import JSON


async def run(round_: Round) -> JSON:
    """Read the prompts, and keep them.

    Returns:
        Prompts by split; `shared`, how many held-out prompts are training prompts too.

    Raises:
        DataError: If a split is empty, ids are not unique, or there are too few for the rounds.
    """
    session = round_.session
    splits = await _read(session)
    trained = {prompt.text for prompt in splits["train"]}
    shared = sum(prompt.text in trained for prompt in splits.get("heldout", []))
    if shared:
        session.progress.note(
            f"{shared} held-out prompts are also training prompts: what is measured on them "
            "flatters the policy"
        )
    rounds = session.recipe.file.rounds
    if rounds.prompts == "fresh" and len(splits["train"]) < rounds.n:
        raise DataError(
            f"{len(splits['train'])} training prompts cannot be fresh in each of {rounds.n} "
            "rounds: add prompts, play fewer rounds, or set rounds.prompts: repeated"
        )
    for split, prompts in splits.items():
        session.ledger.keep_prompts(split, prompts)
    counts = {split: len(prompts) for split, prompts in splits.items()}
    summary = ", ".join(f"{count} {split}" for split, count in counts.items())
    return {**counts, "shared": shared, "summary": summary}


async def _read(session: Session) -> dict[str, list[Prompt]]:
    splits: dict[str, list[Prompt]] = {}
    for split in ("train", "heldout"):
        if session.components.has(f"prompts.{split}"):
            source: Source[Any] = await session.components.get(f"prompts.{split}")
            splits[split] = list(session.hooks.rlaif_prompts(source=source))
            _require_unique(split, [prompt.id for prompt in splits[split]])
    return splits


def _require_unique(split: str, ids: list[str]) -> None:
    if not ids:
        raise DataError(f"prompts.{split}: the source gave no prompt")
    repeated = [id_ for id_, count in Counter(ids).items() if count > 1]
    if repeated:
        raise DataError(
            f"prompts.{split}: {len(repeated)} ids stand for several prompts, the first "
            f"{repeated[0]!r}: make ids unique, or leave them out"
        )


READ_PROMPTS = Stage(name="prompts", run=run, applies=lambda recipe: True)
