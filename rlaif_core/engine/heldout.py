"""Held-out responses of base and policy, and the gold labels of sources that have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rlaif_core.api.chat import ChatModel, ChatRequest
from rlaif_core.api.component import Context
from rlaif_core.api.errors import ModelError
from rlaif_core.api.evaluator import Gold
from rlaif_core.api.executor import Executor
from rlaif_core.api.records import Prompt, Response
from rlaif_core.api.source import Source
from rlaif_core.engine.judging.failure_limit import FailureLimit
from rlaif_core.engine.session import Session


async def base_responses(session: Session, heldout: Sequence[Prompt]) -> dict[str, Response]:
    """The base policy's response to each held-out prompt, by prompt id; drawn once a run."""
    base = await session.components.caller("policy")
    return await responses(session, 0, "before", base, heldout)


async def responses(
    session: Session, round_index: int, split: str, model: ChatModel, prompts: Sequence[Prompt]
) -> dict[str, Response]:
    """One response a prompt, by prompt id; drawn once, and kept under the split's name."""
    kept = session.ledger.responses(round_index, split)
    if kept or not prompts:
        return {id_: many[0] for id_, many in kept.items()}
    drawn = await respond(session, model, prompts, round_index, split)
    session.ledger.keep_responses(round_index, split, drawn)
    await session.ledger.committed()
    return {response.prompt_id: response for response in drawn}


async def respond(
    session: Session, model: ChatModel, prompts: Sequence[Prompt], *draw: object
) -> list[Response]:
    """One response a prompt, drawn as the recipe's `evaluation` section says.

    Args:
        session: The open run.
        model: Who responds.
        prompts: The prompts.
        draw: Names this draw, for its seeds.

    Returns:
        In the order of prompts; one whose call failed is left out and noted.

    Raises:
        RunError: If more calls failed than `evaluation.max_failures` allows.
    """
    section = session.recipe.file.evaluation
    limit = FailureLimit("evaluation", section.max_failures, "evaluation.max_failures")
    rng = Context(seed=session.recipe.file.seed).rng
    failed: list[str] = []

    async def draw_one(prompt: Prompt) -> Response | None:
        request = ChatRequest(
            prompt.messages,
            max_tokens=section.max_tokens,
            temperature=section.temperature,
            top_p=section.top_p,
            seed=rng("evaluation", *draw, prompt.id).getrandbits(31),
        )
        try:
            reply = await model.chat(request)
        except ModelError as error:
            session.progress.note(f"held-out prompt {prompt.id}: {error}")
            failed.append(str(error))
            return None
        return Response.of(
            prompt,
            reply.text,
            model=model.identity,
            temperature=section.temperature,
            top_p=section.top_p,
            finish_reason=reply.finish_reason,
        )

    executor: Executor[Any] = await session.components.get("executor")
    drawn = await executor.map(draw_one, prompts)
    limit.count(len(drawn), len(failed), failed[-1] if failed else "")
    limit.finish()
    return [response for response in drawn if response is not None]


async def gold(session: Session, heldout: set[str]) -> Gold | None:
    """The gold scorer of the recipe's sources; None if none has gold.

    Args:
        session: The open run.
        heldout: Ids of the held-out prompts.
    """
    sources: dict[bool, Source[Any]] = {}
    for place, is_heldout in (("prompts.train", False), ("prompts.heldout", True)):
        if session.components.has(place):
            source: Source[Any] = await session.components.get(place)
            if source.has_gold:
                sources[is_heldout] = source
    if not sources:
        return None

    def score(prompt: Prompt, response: str) -> float | None:
        source = sources.get(prompt.id in heldout)
        return None if source is None else source.gold(prompt, response)

    return score
