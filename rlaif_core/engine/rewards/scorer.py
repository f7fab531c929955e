"""Rewards for an online optimizer: judges, verifiers or a reward model behind one function.

The optimizer runs in a worker thread and calls a blocking function; the judging itself happens on
the event loop, behind the same cache, limits and budget as everything else. A reward that is
missing stays missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rlaif_core.api.errors import DataError, RunError
from rlaif_core.api.evaluator import Gold
from rlaif_core.api.executor import Executor
from rlaif_core.api.judge import Judge, PairwiseJudge, PointwiseJudge
from rlaif_core.api.pairing import Pair
from rlaif_core.api.records import Prompt, Response
from rlaif_core.api.reward_model import RewardModel
from rlaif_core.api.training import Scorer
from rlaif_core.engine.judging.failure_limit import FEWEST_FOR_ALARM
from rlaif_core.engine.judging.pointwise import scores
from rlaif_core.engine.judging.runner import JudgeRunner
from rlaif_core.engine.progress import without_progress
from rlaif_core.engine.rewards.combine import Answers, Objectives, Reward
from rlaif_core.recipe.sections import REWARD_MODEL, RecipeFile, RewardSection

if TYPE_CHECKING:
    from rlaif_core.engine.session import Session


def reward_components(recipe: RecipeFile) -> dict[str, str]:
    """The place of each reward's component, by the reward's name.

    What `rewards:` say; without them the round's reward model, else the judge.
    """
    if recipe.rewards:
        return {
            name: REWARD_MODEL if section.learned else f"rewards.{name}"
            for name, section in recipe.rewards.items()
        }
    return {"reward": "judge" if recipe.reward_model is None else REWARD_MODEL}


async def objectives(
    session: Session, round_index: int, checkpoint: str | None, memory: Path | None = None
) -> Objectives:
    """The rewards of an online optimizer.

    Args:
        session: The open run.
        round_index: From 0.
        checkpoint: The weights of a judge that asks the policy.
        memory: See `Objectives`.
    """
    file = session.recipe.file
    found: dict[str, tuple[RewardSection, Reward]] = {}
    for name, place in reward_components(file).items():
        if place == REWARD_MODEL:
            ask = await _learned(session, round_index)
        else:
            votes = file.judge.votes if place == "judge" else 1
            ask = await _judged(session, place, votes, checkpoint)
        found[name] = (file.rewards.get(name, RewardSection(use=place)), ask)
    return Objectives(found, memory)


def sync_scorer(
    ask: Callable[[Sequence[Prompt], Answers], Awaitable[list[float]]],
    loop: asyncio.AbstractEventLoop,
) -> Scorer:
    """The same rewards for a worker thread: None where there is none.

    The function raises RunError once more than half of the rewards are missing, from the fiftieth
    on: a service that is down must not go on training. The share is fixed: a reward is missing
    where a call failed, but also where a judge abstains or a verifier knows no answer.
    """
    asked = missing = 0

    async def work(prompts: Sequence[Prompt], answers: Answers) -> list[float]:
        with without_progress():
            return await ask(prompts, answers)

    def scorer(prompts: Sequence[Prompt], texts: Sequence[str]) -> list[float | None]:
        nonlocal asked, missing
        answers = to_responses(prompts, texts)
        rewards = asyncio.run_coroutine_threadsafe(work(prompts, answers), loop).result()
        asked += len(rewards)
        missing += sum(map(np.isnan, rewards))
        if asked >= FEWEST_FOR_ALARM and missing > asked / 2:
            raise RunError(
                f"{missing} of {asked} rewards are missing: look at the failures in the report, "
                "fix them and run the same command again"
            )
        return [None if np.isnan(reward) else reward for reward in rewards]

    return scorer


def to_responses(prompts: Sequence[Prompt], texts: Sequence[str]) -> list[Response]:
    """Responses with ids; the index counts within a prompt's group."""
    seen: dict[str, int] = {}
    responses = []
    for prompt, text in zip(prompts, texts, strict=True):
        index = seen[prompt.id] = seen.get(prompt.id, -1) + 1
        responses.append(Response.of(prompt, text, index))
    return responses


def monitor_component(recipe: RecipeFile) -> str:
    """The place of the judge that training is watched by, where a judge it is."""
    return "evaluation.judge" if recipe.evaluation.judge is not None else "judge"


async def watch(session: Session, base: Mapping[str, Response], gold: Gold | None) -> Reward | None:
    """The monitor of training on held-out prompts: `evaluation.watch`.

    Args:
        session: The open run.
        base: The base policy's response to each held-out prompt, by prompt id; a pairwise judge
            compares with it.
        gold: The source's truth, if it knows one.

    Raises:
        DataError: If the recipe asks for a truth that no source knows.
    """
    section = session.recipe.file.evaluation
    if section.watch == "gold":
        if gold is None:
            raise DataError(
                "evaluation.watch is gold, and the held-out source has no gold labels: use judge"
            )

        async def truth(prompts: Sequence[Prompt], answers: Answers) -> list[float]:
            return _numbers(
                gold(prompt, answer.text) for prompt, answer in zip(prompts, answers, strict=True)
            )

        return truth
    if section.watch is None:
        return None
    place = monitor_component(session.recipe.file)
    judge: Judge[Any] = await session.components.get(place)
    if isinstance(judge, PointwiseJudge):
        return await _judged(session, place, (section.judge or session.recipe.file.judge).votes)
    judging = await session.judging(place)

    async def against_base(prompts: Sequence[Prompt], answers: Answers) -> list[float]:
        items = [
            (prompt, (answer, base[prompt.id]))
            for prompt, answer in zip(prompts, answers, strict=True)
            if prompt.id in base
        ]
        judged = iter(await judging.ask(0, items))
        return _numbers(next(judged).p_a if prompt.id in base else None for prompt in prompts)

    return against_base


async def _learned(session: Session, round_index: int) -> Reward:
    model: RewardModel[Any] = await session.components.get("reward_model")
    model.load(str(session.folder.of_round(round_index, "reward_model")))

    async def score(prompts: Sequence[Prompt], answers: Answers) -> list[float]:
        texts = [answer.text for answer in answers]
        return await asyncio.to_thread(model.score, prompts, texts)

    return score


async def _judged(
    session: Session, place: str, votes: int, checkpoint: str | None = None
) -> Reward:
    judge: Any = await session.components.get(place, checkpoint=checkpoint)
    executor: Executor[Any] = await session.components.get("executor")
    if isinstance(judge, PointwiseJudge):

        async def score(prompts: Sequence[Prompt], answers: Answers) -> list[float]:
            items = [
                (prompt, answer, vote)
                for prompt, answer in zip(prompts, answers, strict=True)
                for vote in range(votes)
            ]
            numbers = _numbers(got.value for got in await scores(judge, items, executor))
            return _means(np.reshape(numbers, (len(answers), votes)))

        return score
    assert isinstance(judge, PairwiseJudge)
    judging = await session.judging(place, checkpoint)
    return lambda prompts, answers: within_groups(judging, prompts, answers)


async def within_groups(
    judging: JudgeRunner, prompts: Sequence[Prompt], answers: Answers
) -> list[float]:
    """Each response's mean probability of beating the others of its group, in [0, 1].

    Equal texts are judged once and share what they get; a group of one text is a tie with itself.

    Raises:
        DataError: If a prompt has a single response, so that there is nothing to compare.
    """
    groups: dict[str, list[int]] = {}
    for index, prompt in enumerate(prompts):
        groups.setdefault(prompt.id, []).append(index)
    if any(len(members) < 2 for members in groups.values()):
        raise DataError(
            "a pairwise judge rewards responses by comparing them, and a prompt has only one: "
            "draw several for each prompt (num_generations), or name a pointwise judge in rewards:"
        )
    items: list[tuple[Prompt, Pair]] = []
    for members in groups.values():
        texts: dict[str, Response] = {}
        for index in members:
            texts.setdefault(answers[index].text, answers[index])
        items += [(prompts[members[0]], pair) for pair in combinations(texts.values(), 2)]
    beaten: dict[tuple[str, str], list[float]] = {}
    for pair in await judging.ask(0, items):
        if pair.p_a is not None:
            beaten.setdefault((pair.prompt.id, pair.a.text), []).append(pair.p_a)
            beaten.setdefault((pair.prompt.id, pair.b.text), []).append(1.0 - pair.p_a)
    alone = {
        prompt_id
        for prompt_id, members in groups.items()
        if len({answers[index].text for index in members}) == 1
    }

    def reward(prompt: Prompt, answer: Response) -> float:
        if prompt.id in alone:
            return 0.5
        return float(np.mean(beaten.get((prompt.id, answer.text), [np.nan])))

    return list(map(reward, prompts, answers))


def _numbers(values: Any) -> list[float]:
    return [np.nan if value is None else float(value) for value in values]


def _means(scores: np.ndarray[Any, Any]) -> list[float]:
    known = (row[~np.isnan(row)] for row in scores)
    return [float(row.mean()) if row.size else np.nan for row in known]
