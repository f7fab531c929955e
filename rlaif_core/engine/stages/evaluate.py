"""The last stage of a round: held-out responses of base and policy, measured."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any

from rlaif_core.api.evaluator import Evaluation, Evaluator, Gold
from rlaif_core.api.metric import Metric
from rlaif_core.api.pairing import Pair
from rlaif_core.api.records import JudgedPair, Prompt
from rlaif_core.api.reward_model import RewardModel
from rlaif_core.engine.heldout import base_responses, gold, responses
from rlaif_core.engine.reliability import measure, measure_against_quality
from rlaif_core.engine.round import Round
from rlaif_core.engine.stages.stage import Forecast, Stage, Whole
from rlaif_core.metrics.records import recorded
from rlaif_core.metrics.run import JSON, merge


async def run(round_: Round) -> JSON:
    """Run every evaluator of the recipe; their figures merged by section."""
    session, number = round_.session, round_.number
    evaluation = await _evaluation(round_)
    figures: JSON = {}
    session.progress.grow(len(session.recipe.file.evaluators))
    for index in range(len(session.recipe.file.evaluators)):
        evaluator: Evaluator[Any] = await session.components.get(f"evaluators.{index}")
        measured = await session.hooks.rlaif_evaluate(evaluation=evaluation, evaluator=evaluator)
        merge(figures, recorded(measured, evaluator.describes))
        session.progress.advance()
    merge(figures, {"judge": await _of_the_judge(round_, evaluation.gold)})
    headline = next(_headlines(figures), None)
    if headline is not None:
        session.progress.note(f"round {number}: {headline}")
    return figures


def _headlines(figures: JSON) -> Iterator[str]:
    """Held-out metrics of the policy that say which direction is good, with their interval."""
    for record in figures.get("records", {}).get("policy", {}).values():
        metric = Metric.of(record)
        if metric.heldout and metric.higher_is_better is not None and metric.low is not None:
            ends = f"[{metric.low:.2f}, {metric.high:.2f}]"
            yield f"{metric.label or metric.name} {metric.value:.2f} {ends}"


async def _of_the_judge(round_: Round, gold: Gold | None) -> JSON:
    """Judge metrics on held-out verdicts, and against gold if a source has it."""
    session, number = round_.session, round_.number
    figures = await measure(session, number, "evaluation")
    if gold is not None:
        scorer = gold
        known = await measure_against_quality(
            session, lambda: _with_leads(session.ledger.judged(number), scorer), "gold score"
        )
        merge(figures, known)
    return figures


def _with_leads(
    judged: Iterable[JudgedPair], gold: Gold
) -> Iterator[tuple[JudgedPair, float | None]]:
    for pair in judged:
        a, b = gold(pair.prompt, pair.a.text), gold(pair.prompt, pair.b.text)
        yield pair, None if a is None or b is None else a - b


async def _evaluation(round_: Round) -> Evaluation:
    session, number = round_.session, round_.number
    components, ledger = session.components, session.ledger
    heldout = ledger.prompts("heldout")
    base = await components.caller("policy")
    policy, after = base, "before"
    if components.has("optimizer"):
        after = "after"
        policy = await components.caller("policy", str(session.folder.of_round(number, "policy")))
    before = await base_responses(session, heldout)
    answered = await responses(session, number, after, policy, heldout)
    earlier = session.ledger.responses(number - 1, "after") if number else {}
    both = [
        prompt
        for prompt in heldout
        if prompt.id in before and prompt.id in answered and (not earlier or prompt.id in earlier)
    ]
    if len(both) < len(heldout):
        session.progress.note(
            f"{len(heldout) - len(both)} of {len(heldout)} held-out prompts got no response"
        )
    judging = await session.judging(
        "evaluation.judge" if components.has("evaluation.judge") else "judge"
    )

    async def judge(items: Sequence[tuple[Prompt, Pair]]) -> list[JudgedPair]:
        return await judging.judge(number, "evaluation", items)

    unseen = round_.heldout
    return Evaluation(
        prompts=both,
        before=[before[prompt.id] for prompt in both],
        after=[answered[prompt.id] for prompt in both] if after == "after" else [],
        base=base,
        policy=policy,
        judge=judge,
        judged=lambda: ledger.judged(number),
        heldout=[
            row.preference
            for row in ledger.rows.preferences(number)
            if not row.reason and row.preference.prompt.id in unseen
        ],
        reward=await _reward(round_),
        gold=await gold(session, {prompt.id for prompt in heldout}),
        previous=[earlier[prompt.id][0] for prompt in both] if earlier else [],
    )


async def _reward(round_: Round) -> Any:
    components, folder = round_.session.components, round_.session.folder
    if not components.has("reward_model"):
        return None
    model: RewardModel[Any] = await components.get("reward_model")
    model.load(str(folder.of_round(round_.number, "reward_model")))
    return model.score


async def forecast(round_: Round, whole: Whole) -> AsyncIterator[Forecast]:
    """Evaluate twice: round 0 draws the base's responses, each later one compares with the last."""
    session = round_.session
    heldout, rounds = session.ledger.prompts("heldout"), session.recipe.file.rounds.n
    played = heldout[:: max(1, len(heldout) // whole.played)][: whole.played]
    session.ledger.keep_prompts("heldout", played)
    times = len(heldout) / max(1, len(played))
    how = f"{rounds} × {len(heldout)} held-out prompts"
    await run(Round(session, 0))
    yield Forecast(times, how, len(played))
    if rounds > 1:
        await run(Round(session, 1))
        yield Forecast(times * (rounds - 1), how, len(played))


EVALUATE = Stage(
    name="evaluate",
    run=run,
    applies=lambda recipe: bool(recipe.file.evaluators),
    forecast=forecast,
)
