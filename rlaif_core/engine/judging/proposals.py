"""Pairs proposed, judged, and proposed again until the pairing has seen enough of a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from rlaif_aio.windows import map_windows
from rlaif_core.api.pairing import Pair, Pairing
from rlaif_core.api.records import JudgedPair, Prompt
from rlaif_core.engine.judging.preferences import distinct, rank
from rlaif_core.engine.judging.runner import JudgeRunner
from rlaif_core.engine.progress import Progress
from rlaif_core.store.ledger import Reader

WINDOW, STREAM_WINDOWS = 512, 3
"""Prompts whose pairs are judged at once, and how many such windows overlap where requests are sent
as they come: a pairing that looks at verdicts before it proposes again would leave a service idle.
"""


async def judge_proposals(
    ledger: Reader,
    progress: Progress,
    round_index: int,
    prompts: Sequence[Prompt],
    pairing: Pairing[Any],
    judging: JudgeRunner,
) -> None:
    """Judge every pair that the pairing proposes; the ledger keeps the verdicts."""
    proposed = seen = 0

    async def judge(window: Sequence[Prompt]) -> None:
        nonlocal proposed, seen
        candidates = {
            prompt.id: distinct(ledger.rows.responses_to(prompt.id, round_index))
            for prompt in window
        }
        judged: dict[str, list[JudgedPair]] = {prompt.id: [] for prompt in window}
        seen += len(window)
        active = window
        while active:
            items: list[tuple[Prompt, Pair]] = []
            for prompt in active:
                ranking = rank(prompt, candidates[prompt.id], judged[prompt.id])
                items += [(prompt, pair) for pair in pairing.propose(ranking)]
            proposed += sum(len(judging.expand(*item)) for item in items)
            progress.grow(int(proposed * len(prompts) / seen))
            async for some in judging.stream(round_index, "train", items):
                for pair in some:
                    judged[pair.prompt.id].append(pair)
            again = {prompt.id for prompt, _ in items}
            active = [prompt for prompt in active if prompt.id in again]

    windows = (prompts[start : start + WINDOW] for start in range(0, len(prompts), WINDOW))
    at_once = STREAM_WINDOWS if judging.streams else 1
    async with aclosing(map_windows(judge, windows, at_once)) as done:
        async for _ in done:
            pass
    judging.finish()
