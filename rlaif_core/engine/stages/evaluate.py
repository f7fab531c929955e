"""The last stage of a round: held-out responses of base and policy, measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rlaif_core.api.chat import ChatModel, ChatRequest
from rlaif_core.api.component import Context
from rlaif_core.api.errors import ModelError
from rlaif_core.api.evaluator import Evaluation, Evaluator, Gold
from rlaif_core.api.executor import Executor
from rlaif_core.api.pairing import Pair
from rlaif_core.api.records import JudgedPair, Prompt, Response
from rlaif_core.api.reward_model import RewardModel
from rlaif_core.api.source import Source
from rlaif_core.engine.judging.failure_limit import Failures
from rlaif_core.engine.session import Session
from rlaif_core.metrics.run import JSON, merge
from rlaif_judge_metrics import measure_judge, measure_length

if TYPE_CHECKING:
    from rlaif_core.engine.round import Round


async def evaluate(round: Round) -> JSON:
    """Run every evaluator of the recipe; their figures merged by section."""
    session, number = round.session, round.number
    evaluation = await _evaluation(round)
    figures: JSON = {}
    session.progress.grow(len(session.recipe.file.evaluators))
    for index in range(len(session.recipe.file.evaluators)):
        evaluator: Evaluator[Any] = await session.parts.get(f"evaluators.{index}")
        measured = await session.hooks.rlaif_evaluate(evaluation=evaluation, evaluator=evaluator)
        merge(figures, measured)
        session.progress.advance()
    merge(figures, {"judge": _of_the_judge(round, evaluation.gold)})
    win_rate = figures.get("policy", {}).get("win_rate")
    if win_rate:
        session.progress.note(
            f"round {number}: win rate {win_rate['value']:.2f} "
            f"[{win_rate['low']:.2f}, {win_rate['high']:.2f}] against the base"
        )
    return figures


def _of_the_judge(round: Round, gold: Gold | None) -> JSON:
    """What held-out verdicts, and the truth if a source knows it, add to the judge's measures."""
    ledger, number = round.session.ledger, round.number
    found = measure_judge(ledger, number, "evaluation")
    if gold is not None:
        merge(found, measure_length(_with_leads(ledger.judged(number), gold), "gold score"))
    return found


def _with_leads(
    judged: Iterable[JudgedPair], gold: Gold
) -> Iterator[tuple[JudgedPair, float | None]]:
    for pair in judged:
        a, b = gold(pair.prompt, pair.a.text), gold(pair.prompt, pair.b.text)
        yield pair, None if a is None or b is None else a - b


async def _evaluation(round: Round) -> Evaluation:
    session, number = round.session, round.number
    parts, ledger = session.parts, session.ledger
    heldout = ledger.prompts("heldout")
    base = await parts.caller("policy")
    policy, after = base, "before"
    if parts.names("optimizer"):
        after = "after"
        policy = await parts.caller("policy", str(session.folder.of_round(number, "policy")))
    before = await base_responses(session, heldout)
    answered = await _responses(session, number, after, policy, heldout)
    earlier = session.ledger.responses(number - 1, "after") if number else {}
    both = [
        one
        for one in heldout
        if one.id in before and one.id in answered and (not earlier or one.id in earlier)
    ]
    if len(both) < len(heldout):
        session.progress.note(
            f"{len(heldout) - len(both)} of {len(heldout)} held-out prompts got no response"
        )
    judging = await session.judging(
        "evaluation.judge" if parts.names("evaluation.judge") else "judge"
    )

    async def judge(items: Sequence[tuple[Prompt, Pair]]) -> list[JudgedPair]:
        return await judging.judge(number, "evaluation", items)

    unseen = round.heldout()
    return Evaluation(
        prompts=both,
        before=[before[one.id] for one in both],
        after=[answered[one.id] for one in both] if after == "after" else [],
        base=base,
        policy=policy,
        judge=judge,
        judged=lambda: ledger.judged(number),
        heldout=[
            row.preference
            for row in ledger.candidates(number)
            if not row.reason and row.preference.prompt.id in unseen
        ],
        reward=await _reward(round),
        gold=await gold(session, {one.id for one in heldout}),
        previous=[earlier[one.id][0] for one in both] if earlier else [],
    )


async def _responses(
    session: Session, number: int, split: str, model: ChatModel, prompts: Sequence[Prompt]
) -> dict[str, Response]:
    """One response a held-out prompt, drawn as the recipe's `evaluation` section says."""
    kept = session.ledger.responses(number, split)
    if kept or not prompts:
        return {id: many[0] for id, many in kept.items()}
    drawn = await respond(session, model, prompts, number, split)
    session.ledger.keep_responses(number, split, drawn)
    await session.ledger.committed()
    return {one.prompt_id: one for one in drawn}


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
    failures = Failures("evaluation", section.max_failures, "evaluation.max_failures")
    rng = Context(seed=session.recipe.file.seed).rng
    failed: list[str] = []

    async def one_response(prompt: Prompt) -> Response | None:
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

    executor: Executor[Any] = await session.parts.get("executor")
    drawn = await executor.map(one_response, prompts)
    failures.count(len(drawn), len(failed), failed[-1] if failed else "")
    failures.finish()
    return [one for one in drawn if one is not None]


async def base_responses(session: Session, heldout: Sequence[Prompt]) -> dict[str, Response]:
    """The base policy's response to each held-out prompt, by prompt id; drawn once a run."""
    base = await session.parts.caller("policy")
    return await _responses(session, 0, "before", base, heldout)


async def _reward(round: Round) -> Any:
    parts, folder = round.session.parts, round.session.folder
    if not parts.names("reward_model"):
        return None
    model: RewardModel[Any] = await parts.get("reward_model")
    model.load(str(folder.of_round(round.number, "reward_model")))
    return model.score


async def gold(session: Session, heldout: set[str]) -> Gold | None:
    """The truth that the recipe's sources know; None if none does.

    Args:
        session: The open run.
        heldout: Ids of the held-out prompts.
    """
    sources: dict[bool, Source[Any]] = {}
    for place, is_heldout in (("prompts.train", False), ("prompts.heldout", True)):
        if session.parts.names(place):
            source: Source[Any] = await session.parts.get(place)
            if source.knows_truth:
                sources[is_heldout] = source
    if not sources:
        return None

    def truth(prompt: Prompt, response: str) -> float | None:
        source = sources.get(prompt.id in heldout)
        return None if source is None else source.gold(prompt, response)

    return truth
