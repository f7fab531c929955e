"""Pairs proposed, judged, and proposed again until the pairing has seen enough of a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from rlaif_core.api.pairing import Pair, Pairing
from rlaif_core.api.records import JudgedPair, Prompt
from rlaif_core.engine.judging.preferences import distinct, rank
from rlaif_core.engine.judging.runner import Judging
from rlaif_core.engine.judging.windows import overlapped

if TYPE_CHECKING:
    from rlaif_core.engine.session import Session

WINDOW, STREAM_WINDOWS = 512, 3
"""Prompts whose pairs are judged at once, and how many such windows overlap where requests are sent
as they come: a pairing that looks at verdicts before it proposes again would leave a service idle.
"""


async def judge_proposed(
    session: Session,
    round: int,
    prompts: Sequence[Prompt],
    pairing: Pairing[Any],
    judging: Judging,
) -> None:
    """Judge every pair that the pairing proposes; the ledger keeps the verdicts."""
    proposed = seen = 0

    async def one(window: Sequence[Prompt]) -> None:
        nonlocal proposed, seen
        candidates = {
            one.id: distinct(session.ledger.responses_of(one.id, round, "train")) for one in window
        }
        judged: dict[str, list[JudgedPair]] = {one.id: [] for one in window}
        seen += len(window)
        active = window
        while active:
            items: list[tuple[Prompt, Pair]] = []
            for prompt in active:
                ranking = rank(prompt, candidates[prompt.id], judged[prompt.id])
                items += [(prompt, pair) for pair in pairing.propose(ranking)]
            proposed += sum(len(judging.expand(*item)) for item in items)
            session.progress.grow(int(proposed * len(prompts) / seen))
            async for some in judging.stream(round, "train", items):
                for pair in some:
                    judged[pair.prompt.id].append(pair)
            again = {prompt.id for prompt, _ in items}
            active = [prompt for prompt in active if prompt.id in again]

    windows = (prompts[start : start + WINDOW] for start in range(0, len(prompts), WINDOW))
    at_once = STREAM_WINDOWS if judging.streams else 1
    async with aclosing(overlapped(one, windows, at_once)) as done:
        async for _ in done:
            pass
    judging.finish()
