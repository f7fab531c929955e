"""Policies against each other: one response each to the same prompts, judged pair by pair."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from rlaif_core.api.errors import DataError, RunError
from rlaif_core.api.evaluator import Gold
from rlaif_core.api.pairing import Pair
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
from rlaif_stats.intervals import Estimate, mean_estimate, win_rate
from rlaif_stats.length_control import length_controlled_win_rate

BASE = "base"
"""Names the recipe's own policy."""


@dataclass(frozen=True)
class Contest:
    """Two policies and who won.

    Attributes:
        a: The name of one.
        b: The name of the other.
        won: By prompt, 1 if A won, 0 if B did, one half for a tie; None where the judge abstained.
        lead: By prompt, how many characters A's response is longer.
        gold: By prompt whose truth is known, the gold scores of A's and B's responses.
    """

    a: str
    b: str
    won: Mapping[str, float | None]
    lead: Mapping[str, int]
    gold: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def figures(self) -> JSON:
        """Win rates of A over B, plain and at equal length, and what A gains in gold score."""
        decided = {id: one for id, one in self.won.items() if one is not None}
        told: JSON = {"a": self.a, "b": self.b, "prompts": len(self.won)}
        told["abstentions"] = len(self.won) - len(decided)
        told["ties"] = sum(one == 0.5 for one in decided.values())
        if decided:
            wins, ids = list(decided.values()), list(decided)
            parity = length_controlled_win_rate(wins, [self.lead[id] for id in ids], clusters=ids)
            told["win_rate"] = _interval(win_rate(wins, clusters=ids))
            told["win_rate_length_controlled"] = _interval(parity.win_rate)
        if self.gold:
            ids, scores = list(self.gold), list(self.gold.values())
            outcomes = [0.5 if a == b else float(a > b) for a, b in scores]
            told["gold_win_rate"] = _interval(win_rate(outcomes, clusters=ids))
            gain = mean_estimate([a - b for a, b in scores], clusters=ids)
            told["gold_gain"] = _interval(gain)
        return told


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
        What metrics.json holds: `contests`, a row for each two policies (win rate of a over b in
        both orders, ties one half, interval clustered by prompt; the same at equal length;
        where the truth is known `gold_win_rate` and `gold_gain`, the mean of a's gold score less
        b's); `policies`, their Bradley-Terry and Elo ratings; `gold_score`, the mean by policy
        with its interval; `judge`, `cost`.

    Raises:
        RlaifError: With what to mend; all that was paid for stays in the ledger.
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
        truth = await gold(session, {one.id for one in prompts})
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
        [many[one.id] for one in prompts for many in answers.values() if one.id in many],
    )
    scores = {name: _gold_scores(prompts, many, truth) for name, many in answers.items()}
    contests = await _contests(session, answers, prompts, scores)
    return {
        "contests": [one.figures() for one in contests],
        "policies": await rankings(session, [0], "train"),
        "gold_score": {
            name: _interval(mean_estimate(list(known.values()), clusters=list(known)))
            for name, known in scores.items()
            if known
        },
        "judge": judge_metrics(session.ledger, 0),
        "cost": cost(session.ledger),
        "seconds": {name: round(spent, 3) for _, name, spent, *_ in session.ledger.stages()},
    }


def _same_contest(session: Session, policies: Sequence[str], prompts: Sequence[Prompt]) -> None:
    now = digest(*policies, *((one.id, one.messages) for one in prompts))
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
        responses = [
            Response.of(
                prompts_by_id[one.prompt_id],
                one.text,
                index,
                model=name,
                temperature=one.temperature,
                top_p=one.top_p,
                finish_reason=one.finish_reason,
            )
            for one in drawn
        ]
        session.ledger.keep_responses(index, "policy", responses)
        return {"summary": f"{len(responses)} responses by {name}"}

    prompts_by_id = {one.id: one for one in prompts}
    sampling = Stage(
        name="sample", run=work, applies=lambda recipe: True, size=lambda round_: len(prompts)
    )
    await sampling.play(Round(session, index))
    return {id: many[0] for id, many in session.ledger.responses(index, "policy").items()}


def _draw(name: str) -> tuple[int, str]:
    """The round and split whose seeds a run's evaluation draws this policy's responses with."""
    return (0, "before") if name == BASE else (round_of(Path(name)) or 0, "after")


async def _contests(
    session: Session,
    answers: Mapping[str, Mapping[str, Response]],
    prompts: Sequence[Prompt],
    gold_scores: Mapping[str, Mapping[str, float]],
) -> list[Contest]:
    names = list(answers)
    judging = await session.judging(
        "evaluation.judge" if session.components.has("evaluation.judge") else "judge"
    )
    met = [
        (prompt, (answers[a][prompt.id], answers[b][prompt.id]))
        for a, b in combinations(names, 2)
        for prompt in prompts
        if prompt.id in answers[a] and prompt.id in answers[b]
    ]
    differing = [(prompt, pair) for prompt, pair in met if pair[0].text != pair[1].text]
    judged: dict[tuple[str, str], JudgedPair] = {}

    async def work(round_: Round) -> JSON:
        session.progress.grow(sum(len(judging.expand(*one)) for one in differing))
        for pair in await judging.judge(0, "train", differing):
            judged[pair.a.id, pair.b.id] = pair
        measured = await measure(session, 0, "train")
        summary = f"{len(differing)} pairs judged, {len(met) - len(differing)} alike"
        return {"summary": summary, "judge": measured}

    await Stage(name="judge", run=work, applies=lambda recipe: True).play(Round(session, 0))
    judged = judged or {(one.a.id, one.b.id): one for one in session.ledger.judged(0)}
    return [_contest(a, b, met, judged, gold_scores) for a, b in combinations(names, 2)]


def _contest(
    a: str,
    b: str,
    met: Sequence[tuple[Prompt, Pair]],
    judged: Mapping[tuple[str, str], JudgedPair],
    gold_scores: Mapping[str, Mapping[str, float]],
) -> Contest:
    won: dict[str, float | None] = {}
    lead: dict[str, int] = {}
    for prompt, (ours, theirs) in met:
        if (ours.model, theirs.model) == (a, b):
            pair = judged.get((ours.id, theirs.id))
            won[prompt.id] = 0.5 if pair is None else _side(pair.p_a)
            lead[prompt.id] = len(ours.text) - len(theirs.text)
    scores = {
        id: (gold_scores[a][id], gold_scores[b][id])
        for id in won
        if id in gold_scores[a] and id in gold_scores[b]
    }
    return Contest(a, b, won, lead, scores)


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
    return {id: score for id, score in scores.items() if score is not None}


def _interval(estimate: Estimate) -> dict[str, Any]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}
