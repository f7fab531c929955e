"""Training in a round: a reward model, then a policy, in a worker thread that can be stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlaif_core.api.errors import DataError
from rlaif_core.api.optimizer import Optimizer
from rlaif_core.api.records import Prompt
from rlaif_core.api.reward_model import RewardModel
from rlaif_core.api.training import Metrics, Scorer, TrainingJob
from rlaif_core.engine.rewards import scorer as rewards
from rlaif_core.engine.rewards.combine import Objectives
from rlaif_core.engine.stages.evaluate import base_responses, gold
from rlaif_core.metrics.run import JSON

if TYPE_CHECKING:
    from rlaif_core.engine.round import Round


async def reward_model(round: Round) -> JSON:
    """Fit the reward model on the round's preferences."""
    await round.session.parts.release()
    model: RewardModel[Any] = await round.session.parts.get("reward_model")
    fit = round.session.hooks.rlaif_reward_model
    _need_preferences(round)
    return await _train(
        round, "reward_model", "reward_model", lambda job: fit(job=job, reward_model=model)
    )


async def optimize(round: Round) -> JSON:
    """Train the policy on the round's preferences, or on rewards asked for as it learns."""
    optimizer: Optimizer[Any] = await round.session.parts.get("optimizer")
    train = round.session.hooks.rlaif_optimize
    if optimizer.needs_preferences:
        _need_preferences(round)
    online = await _online(round, optimizer.needs_scorer)
    await round.session.parts.release(online.asked)
    return await _train(
        round, "optimize", "policy", lambda job: train(job=job, optimizer=optimizer), online
    )


@dataclass(frozen=True)
class Online:
    """What an optimizer is given besides preferences: rewards, and what it is watched by.

    Attributes:
        scorer: The rewards, added up.
        objectives: What is behind `scorer`.
        singly: The same rewards one by one.
        watch: What training is watched by.
        asked: Place and checkpoint of each component that is asked meanwhile.
    """

    scorer: Scorer | None = None
    objectives: Objectives | None = None
    singly: Mapping[str, Scorer] = field(default_factory=dict)
    watch: Scorer | None = None
    asked: frozenset[tuple[str, str | None]] = frozenset()

    def figures(self) -> dict[str, float]:
        """Each reward's newest mean and each constraint's multiplier."""
        if self.objectives is None:
            return {}
        found = {f"reward/{name}": mean for name, mean in self.objectives.means.items()}
        for name, multiplier in self.objectives.multipliers.items():
            found[f"multiplier/{name}"] = multiplier
        return found


async def _online(round: Round, rewarded: bool) -> Online:
    session, loop = round.session, asyncio.get_running_loop()
    file = session.recipe.file
    watch = await _watch(round)
    watched = {(rewards.watching(file), None)} if file.evaluation.watch == "judge" else set()
    if not rewarded:
        return Online(watch=watch, asked=frozenset(watched))
    checkpoint = round.judge_checkpoint
    memory = session.folder.work(round.number, "policy") / "multipliers.jsonl"
    asked = await rewards.objectives(session, round.number, checkpoint, memory)
    return Online(
        scorer=rewards.blocking(asked, loop),
        objectives=asked,
        singly={name: rewards.blocking(ask, loop) for name, ask in asked.singly().items()},
        watch=watch,
        asked=frozenset(watched | {(one, checkpoint) for one in rewards.rewarding(file).values()}),
    )


async def _watch(round: Round) -> Scorer | None:
    session = round.session
    if session.recipe.file.evaluation.watch is None:
        return None
    held = session.ledger.prompts("heldout")
    truth = await gold(session, {one.id for one in held})
    watched = await rewards.watch(session, await base_responses(session, held), truth)
    return None if watched is None else rewards.blocking(watched, asyncio.get_running_loop())


def _need_preferences(round: Round) -> None:
    ledger = round.session.ledger
    if not ledger.kept(round.number):
        counts = ledger.drops(round.number)
        listed = ", ".join(f"{reason} ({count})" for reason, count in counts.items())
        raise DataError(
            f"round {round.number} kept no preference to train on: "
            f"{listed or 'nothing was selected'}; loosen the filters or look at the judge's "
            "answers in the report"
        )


async def _train(
    round: Round,
    stage: str,
    artefact: str,
    work: Callable[[TrainingJob], Metrics],
    online: Online | None = None,
) -> JSON:
    session, ledger, number = round.session, round.session.ledger, round.number
    online = online or Online()
    loop = asyncio.get_running_loop()
    steps = 0

    def report(done: int, total: int, figures: Metrics) -> None:
        told = {**figures, **online.figures()}

        def show() -> None:
            nonlocal steps
            session.progress.grow(total)
            session.progress.advance(done - steps, **told)
            steps = done
            if told:
                ledger.keep_training(number, stage, done, told)

        loop.call_soon_threadsafe(show)

    start = session.parts.weights(round.checkpoint)
    keep = session.recipe.file.rounds.reference == "keep"
    held: list[Prompt] = session.ledger.prompts("heldout")
    reward_folder = session.folder.of_round(number, "reward_model")
    writing: AbstractContextManager[Path] = session.folder.artefact(number, artefact)
    with writing as output:
        job = TrainingJob(
            checkpoint=start,
            reference=session.parts.weights() if keep else start,
            preferences=session.folder.of_round(number, "preferences"),
            heldout=round.heldout(),
            prompts=round.prompts,
            output=output,
            seed=session.recipe.file.seed,
            progress=report,
            cancelled=session.cancelled.is_set,
            scorer=online.scorer,
            objectives=online.singly,
            reward_model=reward_folder if stage == "optimize" and reward_folder.exists() else None,
            heldout_prompts=held,
            watch=online.watch,
            work=session.folder.work(number, artefact),
        )
        measured = await _in_thread(round, work, job)
    session.folder.done(number, artefact)
    told = [(name, one) for name, one in measured.items() if isinstance(one, float)]  # no counts
    shown = ", ".join(f"{name} {one:.3g}" for name, one in told[:3])
    return {**measured, "summary": shown}


async def _in_thread(
    round: Round, work: Callable[[TrainingJob], Metrics], job: TrainingJob
) -> Metrics:
    """Train off the event loop; if the run is stopped, wait until training has noticed."""
    training = asyncio.ensure_future(asyncio.to_thread(work, job))
    try:
        return await asyncio.shield(training)
    except asyncio.CancelledError:
        round.session.cancelled.set()
        await asyncio.gather(training, return_exceptions=True)
        raise
