"""Policies against each other: one response each to the same prompts, judged pair by pair."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from rlaif_core.api.errors import DataError, RunError
from rlaif_core.api.evaluator import Gold
from rlaif_core.api.records import JudgedPair, Prompt, Response, digest
from rlaif_core.engine.heldout import gold, respond
from rlaif_core.engine.progress import Progress
from rlaif_core.engine.reliability import measure, rankings
from rlaif_core.engine.round import Round
from rlaif_core.engine.session import Session, opened
from rlaif_core.engine.stages.prompts import READ_PROMPTS
from rlaif_core.engine.stages.stage import Stage
from rlaif_core.metrics.run import JSON, cost, finite, judge_metrics
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.store.run_dir import RunFolder, round_of
from rlaif_stats.intervals import mean_estimate, win_rate
from rlaif_stats.length_control import length_controlled_win_rate

BASE = "base"
"""Names the recipe's own policy."""


async def compare(
    recipe: Recipe,
    policies: Sequence[str],
    prompts: Sequence[Prompt] | None,
    folder: RunFolder,
    progress: Progress,
) -> JSON:
    """Let policies answer prompts, and the recipe's evaluation judge decide between them.

    Args:
        recipe: Its policy says how a checkpoint is run, `evaluation` how responses are drawn and
            judged. A policy of a run draws the responses that the run's evaluation drew, given
            the run's recipe.
        policies: Checkpoints, or "base"; at least two. The others are reported over the base,
            wherever it stands.
        prompts: The prompts; the recipe's held-out ones if None, whose truth may be known.
        folder: The run directory.
        progress: Told how it goes.

    Returns:
        The content of metrics.json: `contests`, a row for each two policies (win rate of a over b
        in both orders, ties one half, interval clustered by prompt; the same at equal length;
        where the truth is known `gold_win_rate` and `gold_gain`, the mean of a's gold score less
        b's); `policies`, their Bradley-Terry and Elo ratings; `gold_score`, the mean by policy
        with its interval; `judge`, `cost`.

    Raises:
        RlaifError: With the fix; all that was paid for stays in the ledger.
    """
    if len(set(policies)) < max(2, len(policies)):
        raise DataError("name at least two policies, each once")
    policies = sorted(policies, key=lambda name: name == BASE)
    folder.write_manifest(recipe)
    async with opened(recipe, folder, progress) as session:
        try:
            metrics = await _compare(session, policies, prompts)
        finally:
            session.components.keep_counts()
        session.metrics = finite(metrics)
        folder.write_json("metrics.json", session.metrics)
        return session.metrics


async def _compare(
    session: Session, policies: Sequence[str], prompts: Sequence[Prompt] | None
) -> JSON:
    truth: Gold | None = None
    for name in set(policies) - {BASE}:
        session.components.weights(name)  # refuses what is plainly not there
    if prompts is None:
        await READ_PROMPTS.run(Round(session, 0))
        prompts = session.ledger.prompts("heldout")
        truth = await gold(session, {prompt.id for prompt in prompts})
        if not prompts:
            raise DataError("the recipe has no held-out prompts: name some by --prompts FILE")
    _same_contest(session, policies, prompts)
    session.ledger.keep_prompts("train", prompts)
    # The base comes last: a checkpoint that cannot be loaded is reported before the base is asked.
    answers = {
        name: await _answers(session, name, index, prompts) for index, name in enumerate(policies)
    }
    session.ledger.keep_responses(
        0,
        "train",
        [many[prompt.id] for prompt in prompts for many in answers.values() if prompt.id in many],
    )
    scores = {name: _gold_scores(prompts, many, truth) for name, many in answers.items()}
    judged = await _judged(session, answers, prompts)
    return {
        "contests": [_contest(a, b, answers, judged, scores) for a, b in combinations(policies, 2)],
        "policies": await rankings(session, [0], "train"),
        "gold_score": {
            name: mean_estimate(list(known.values()), clusters=list(known)).figure()
            for name, known in scores.items()
            if known
        },
        "judge": judge_metrics(session.ledger, 0),
        "cost": cost(session.ledger),
        "seconds": {name: round(spent, 3) for _, name, spent, *_ in session.ledger.stages()},
    }


def _same_contest(session: Session, policies: Sequence[str], prompts: Sequence[Prompt]) -> None:
    now = digest(*policies, *((prompt.id, prompt.messages) for prompt in prompts))
    if session.ledger.meta("contest") not in (None, now):
        raise RunError(
            f"{session.folder.path} holds a comparison of other policies or prompts: choose "
            "another --run-dir"
        )
    session.ledger.set_meta("contest", now)


async def _answers(
    session: Session, name: str, index: int, prompts: Sequence[Prompt]
) -> dict[str, Response]:
    """One policy's response to each prompt, kept; named as the user named the policy."""
    model = await session.components.caller("policy", None if name == BASE else name)
    named = json.loads(session.ledger.meta("policies") or "{}")
    session.ledger.set_meta("policies", json.dumps({model.identity: name} | named))

    async def work(round_: Round) -> JSON:
        drawn = await respond(session, model, prompts, *_draw(name))
        responses = [_as_contestant(response, name, index) for response in drawn]
        session.ledger.keep_responses(index, "policy", responses)
        return {"summary": f"{len(responses)} responses by {name}"}

    sampling = Stage(
        name="sample", run=work, applies=lambda recipe: True, size=lambda round_: len(prompts)
    )
    await sampling.play(Round(session, index))
    return {id_: many[0] for id_, many in session.ledger.responses(index, "policy").items()}


def _as_contestant(response: Response, name: str, index: int) -> Response:
    """A response under its policy's name; policies that answer alike keep their own."""
    id_ = digest(response.prompt_id, index, response.text)
    return replace(response, id=id_, model=name, index=index)


def _draw(name: str) -> tuple[int, str]:
    """The round and split whose seeds a run's evaluation draws this policy's responses with."""
    return (0, "before") if name == BASE else (round_of(Path(name)) or 0, "after")


async def _judged(
    session: Session, answers: Mapping[str, Mapping[str, Response]], prompts: Sequence[Prompt]
) -> dict[tuple[str, str], JudgedPair]:
    """The judged pairs of each two policies' differing responses, by the responses' ids."""
    judging = await session.judging(
        "evaluation.judge" if session.components.has("evaluation.judge") else "judge"
    )
    met = [
        (prompt, (answers[a][prompt.id], answers[b][prompt.id]))
        for a, b in combinations(answers, 2)
        for prompt in prompts
        if prompt.id in answers[a] and prompt.id in answers[b]
    ]
    differing = [(prompt, pair) for prompt, pair in met if pair[0].text != pair[1].text]

    async def work(round_: Round) -> JSON:
        session.progress.grow(sum(len(judging.expand(*item)) for item in differing))
        await judging.judge(0, "train", differing)
        measured = await measure(session, 0, "train")
        summary = f"{len(differing)} pairs judged, {len(met) - len(differing)} alike"
        return {"summary": summary, "judge": measured}

    await Stage(name="judge", run=work, applies=lambda recipe: True).play(Round(session, 0))
    return {(pair.a.id, pair.b.id): pair for pair in session.ledger.judged(0)}


def _contest(
    a: str,
    b: str,
    answers: Mapping[str, Mapping[str, Response]],
    judged: Mapping[tuple[str, str], JudgedPair],
    gold_scores: Mapping[str, Mapping[str, float]],
) -> JSON:
    """Win rates of A over B, plain and at equal length, and A's gain in gold score."""
    met = {id_: (a_, answers[b][id_]) for id_, a_ in answers[a].items() if id_ in answers[b]}
    pairs = {id_: judged.get((ours.id, theirs.id)) for id_, (ours, theirs) in met.items()}
    won = {id_: 0.5 if pair is None else _side(pair.p_a) for id_, pair in pairs.items()}
    decided = {id_: side for id_, side in won.items() if side is not None}
    figures: JSON = {"a": a, "b": b, "prompts": len(won), "abstentions": len(won) - len(decided)}
    figures["ties"] = sum(side == 0.5 for side in decided.values())
    if decided:
        wins, ids = list(decided.values()), list(decided)
        leads = [len(met[id_][0].text) - len(met[id_][1].text) for id_ in ids]
        parity = length_controlled_win_rate(wins, leads, clusters=ids)
        figures["win_rate"] = win_rate(wins, clusters=ids).figure()
        figures["win_rate_length_controlled"] = parity.win_rate.figure()
    known = [id_ for id_ in won if id_ in gold_scores[a] and id_ in gold_scores[b]]
    if known:
        gains = [gold_scores[a][id_] - gold_scores[b][id_] for id_ in known]
        outcomes = [0.5 if gain == 0 else float(gain > 0) for gain in gains]
        figures["gold_win_rate"] = win_rate(outcomes, clusters=known).figure()
        figures["gold_gain"] = mean_estimate(gains, clusters=known).figure()
    return figures


def _side(p: float | None) -> float | None:
    return None if p is None else 0.5 if p == 0.5 else float(p > 0.5)


def _gold_scores(
    prompts: Sequence[Prompt], answers: Mapping[str, Response], truth: Gold | None
) -> dict[str, float]:
    """By prompt whose truth is known, the gold score of the policy's response."""
    if truth is None:
        return {}
    answered = [prompt for prompt in prompts if prompt.id in answers]
    scores = {prompt.id: truth(prompt, answers[prompt.id].text) for prompt in answered}
    return {id_: score for id_, score in scores.items() if score is not None}
