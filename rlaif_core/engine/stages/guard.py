"""Guards of a judge that is trained itself, measured before it judges a round.

A sample of the round's responses is judged by the new judge and by the last round's. What trips a
guard ends the run, or freezes the judge at the last good round, with a stated reason.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np

from rlaif_core.api.judge import Judge, PointwiseJudge
from rlaif_core.api.records import JudgedPair, Prompt, Response
from rlaif_core.engine.judging.anchors import judge_anchors, read_anchors
from rlaif_core.engine.judging.failure_limit import abstention_summary
from rlaif_core.engine.judging.pointwise import scores
from rlaif_core.engine.judging.preferences import distinct, rank
from rlaif_core.engine.round import Round
from rlaif_core.engine.stages.stage import Stage
from rlaif_core.metrics.run import JSON
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.recipe.sections import GuardsSection
from rlaif_stats import guards
from rlaif_stats.guards import Guard, at_least, at_most

RESPONSES = 4
"""Of each prompt that is looked at: six pairs."""

TENTH = 0.1
"""Width of the bins in which a pairwise judge's probabilities are counted."""


def guards_of(recipe: Recipe) -> GuardsSection | None:
    """The guards of a recipe: its own, or the defaults where the judge is the policy itself."""
    if recipe.file.guards is not None:
        return recipe.file.guards
    judge = recipe.components["judge"].component
    trains = "optimizer" in recipe.components
    if trains and issubclass(judge, Judge) and judge.judges_itself:
        return GuardsSection()
    return None


async def run(round_: Round) -> JSON:
    """Measure every guard on this round's judge.

    Returns:
        guards: value, limit and tripped by name; stopped and frozen: the reasons, empty if
        nothing tripped; chosen_length: what later rounds are compared with.
    """
    session, number = round_.session, round_.number
    section = guards_of(session.recipe)
    assert section is not None
    judging = await session.judging("judge", round_.checkpoint)
    candidates = _sample(round_, section.prompts)
    items = [(prompt, pair) for prompt, many in candidates for pair in combinations(many, 2)]
    judged = await judging.judge(number, "guards", items)
    ratings = _ratings(candidates, judged)
    chosen = [
        float(len(max(many, key=lambda response: rated.get(response.id, -math.inf)).text))
        for (_, many), rated in zip(candidates, ratings, strict=True)
        if rated
    ]
    found = [
        at_least("score entropy", await _entropy(round_, candidates, judged), section.score_entropy)
    ]
    ab, ba = _orders(judged)
    if ab:
        place = guards.favoured_place(ab, ba)
        found.append(at_most("wins of one place", place, section.position_bias))
    length = float(np.mean(chosen)) if chosen else math.nan
    if number > 0:
        _, first, _ = session.ledger.stage(0, "guards")
        ratio = guards.length_ratio([length], [first.get("chosen_length") or math.nan])
        found.append(at_most("length against round 0", ratio, section.length_ratio))
        before = await session.judging("judge", round_.previous.judge_checkpoint)
        theirs = _ratings(candidates, await before.judge(number, "guards before", items))
        found.append(_agreement(ratings, theirs, section.rank_agreement))
    if section.anchors is not None:
        anchors = read_anchors(session.recipe.resource(section.anchors))
        predicted, labels = await judge_anchors(
            session.ledger, judging, number, anchors, "guards anchors"
        )
        accuracy = guards.anchor_accuracy(predicted, labels)
        found.append(at_least("accuracy on the anchors", accuracy, section.anchor_accuracy))
    missing = abstention_summary(session.ledger, number, "guards")
    return {**_figures(found, section, number, missing), "chosen_length": length}


def _figures(found: list[Guard], section: GuardsSection, number: int, missing: str) -> JSON:
    tripped = [guard.reason for guard in found if guard.tripped]
    # Figures over the few verdicts that are left say less than why the others are missing.
    reasons = "; ".join([missing, *tripped] if missing and tripped else tripped)
    freezes = section.action == "freeze" and number > 0
    return {
        "guards": {
            guard.name: {"value": guard.value, "limit": guard.limit, "tripped": guard.tripped}
            for guard in found
        },
        "stopped": "" if freezes else reasons,
        "frozen": reasons if freezes else "",
        "summary": reasons or f"guards hold: {len(found)}" + (f"; {missing}" if missing else ""),
    }


def _sample(round_: Round, prompts: int) -> list[tuple[Prompt, list[Response]]]:
    drawn = round_.session.ledger.responses(round_.number, "train")
    several = [
        (prompt, many)
        for prompt in round_.prompts or round_.session.ledger.prompts("train")
        if len(many := distinct(drawn.get(prompt.id, []))[:RESPONSES]) > 1
    ]
    return several[:: max(1, len(several) // prompts)][:prompts]


def _ratings(
    candidates: list[tuple[Prompt, list[Response]]], judged: list[JudgedPair]
) -> list[dict[str, float]]:
    by_prompt: dict[str, list[JudgedPair]] = {}
    for pair in judged:
        by_prompt.setdefault(pair.prompt.id, []).append(pair)
    return [
        dict(rank(prompt, many, by_prompt.get(prompt.id, [])).strength)
        for prompt, many in candidates
    ]


def _agreement(mine: list[dict[str, float]], theirs: list[dict[str, float]], limit: float) -> Guard:
    both = [
        [(now[id_], before[id_]) for id_ in sorted(now.keys() & before.keys())]
        for now, before in zip(mine, theirs, strict=True)
    ]
    value = guards.rank_agreement(*([[pair[i] for pair in many] for many in both] for i in (0, 1)))
    return at_least("rank agreement with the last round", value, limit)


async def _entropy(
    round_: Round, candidates: list[tuple[Prompt, list[Response]]], judged: list[JudgedPair]
) -> float:
    judge: Judge[Any] = await round_.session.components.get("judge", checkpoint=round_.checkpoint)
    if not isinstance(judge, PointwiseJudge):
        predicted = [pair.p_a for pair in judged if pair.p_a is not None]
        return guards.score_entropy(predicted, TENTH)
    items = [(prompt, response, 0) for prompt, many in candidates for response in many]
    scored = await scores(judge, items, await round_.session.components.get("executor"))
    values = [score.value for score in scored if score.value is not None]
    return guards.score_entropy(values, judge.scale or 1.0)


def _orders(judged: list[JudgedPair]) -> tuple[list[float], list[float]]:
    """p_a of the first vote in either order, where both were asked; NaN where it abstained."""
    both_orders = []
    for pair in judged:
        by_order = {
            vote.order: math.nan if vote.p_a is None else vote.p_a for vote in reversed(pair.votes)
        }
        if len(by_order) == 2:
            both_orders.append((by_order["ab"], by_order["ba"]))
    return [ab for ab, _ in both_orders], [ba for _, ba in both_orders]


def _warning(figures: JSON) -> str:
    frozen = figures["frozen"]
    return f"{frozen}: the last good round's judge goes on" if frozen else ""


def _due(round_: Round) -> bool:
    """Once a guard has tripped, the frozen judge is no longer trained."""
    if round_.given is not None:  # nothing is trained: only guards that the recipe asks for
        return round_.session.recipe.file.guards is not None
    return round_.labels and not (round_.number and round_.previous.frozen)


GUARD = Stage(
    name="guards",
    run=run,
    applies=lambda recipe: guards_of(recipe) is not None,
    due=_due,
    waits=lambda figures: str(figures["stopped"]),
    warning=_warning,
    unforeseen=lambda recipe: ["its guards"],
)
