"""Training in a worker thread that can be stopped, of a reward model or of the policy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rlaif_core.api.errors import DataError
from rlaif_core.api.metric import Measurement
from rlaif_core.api.records import Prompt
from rlaif_core.api.training import Metrics, Scorer, TrainingJob
from rlaif_core.engine.rewards.combine import Objectives
from rlaif_core.engine.round import Round
from rlaif_core.metrics.records import BESIDE, recorded
from rlaif_core.metrics.run import JSON


@dataclass(frozen=True)
class Online:
    """Rewards and a monitor, given to an optimizer besides preferences.

    Attributes:
        scorer: The rewards, added up.
        objectives: The rewards behind `scorer`.
        singly: The same rewards one by one.
        monitor: Scores held-out responses during training.
        asked: Place and checkpoint of each component that is asked meanwhile.
    """

    scorer: Scorer | None = None
    objectives: Objectives | None = None
    singly: Mapping[str, Scorer] = field(default_factory=dict)
    monitor: Scorer | None = None
    asked: frozenset[tuple[str, str | None]] = frozenset()

    def figures(self) -> dict[str, float]:
        """Each reward's newest mean and each constraint's multiplier."""
        if self.objectives is None:
            return {}
        figures = {f"reward/{name}": mean for name, mean in self.objectives.means.items()}
        for name, multiplier in self.objectives.multipliers.items():
            figures[f"multiplier/{name}"] = multiplier
        return figures


def require_preferences(round_: Round) -> None:
    """See that there is something to train on.

    Raises:
        DataError: If every candidate was dropped, with the reasons.
    """
    ledger = round_.session.ledger
    if not ledger.kept(round_.number):
        counts = ledger.drops(round_.number)
        listed = ", ".join(f"{reason} ({count})" for reason, count in counts.items())
        raise DataError(
            f"round {round_.number} kept no preference to train on: "
            f"{listed or 'nothing was selected'}; loosen the filters or look at the judge's "
            "answers in the report"
        )


async def train(
    round_: Round,
    stage: str,
    artefact: str,
    work: Callable[[TrainingJob], Metrics | Measurement],
    online: Online | None = None,
) -> JSON:
    """Train in a worker thread; metrics are shown and kept as they come.

    Args:
        round_: The round.
        stage: The stage's name.
        artefact: Name of what is trained, in the round's directory.
        work: Trains; called in the thread.
        online: Rewards and monitor of an optimizer that learns online.

    Returns:
        The trainer's metrics, `records` and `not_measured` if it has any, and `summary`.
    """
    session, ledger, number = round_.session, round_.session.ledger, round_.number
    online = online or Online()
    loop = asyncio.get_running_loop()
    steps = 0

    def report(done: int, total: int, figures: Metrics) -> None:
        newest = {**figures, **online.figures()}

        def show() -> None:
            nonlocal steps
            session.progress.grow(total)
            session.progress.advance(done - steps, **newest)
            steps = done
            if newest:
                ledger.keep_training(number, stage, done, newest)

        loop.call_soon_threadsafe(show)

    start = session.components.weights(round_.checkpoint)
    keep = session.recipe.file.rounds.reference == "keep"
    heldout: list[Prompt] = session.ledger.prompts("heldout")
    reward_folder = session.folder.of_round(number, "reward_model")
    writing: AbstractContextManager[Path] = session.folder.artefact(number, artefact)
    with writing as output:
        job = TrainingJob(
            checkpoint=start,
            reference=session.components.weights() if keep else start,
            preferences=session.folder.of_round(number, "preferences"),
            heldout=round_.heldout,
            prompts=round_.prompts,
            output=output,
            seed=session.recipe.file.seed,
            progress=report,
            cancelled=session.cancelled.is_set,
            scorer=online.scorer,
            objectives=online.singly,
            reward_model=reward_folder if stage == "optimize" and reward_folder.exists() else None,
            heldout_prompts=heldout,
            watch=online.monitor,
            work=session.folder.work(number, artefact),
        )
        measured = await _in_thread(round_, work, job)
    session.folder.done(number, artefact)
    records: JSON = {}
    figures: Mapping[str, Any] = {}
    if isinstance(measured, Measurement):
        figures = measured.figures.get(stage, {})
        drawn = recorded(measured.metrics, {})
        records = {name: drawn[name] for name in BESIDE if drawn.get(name)}
    else:
        figures = measured
    shown = [(name, value) for name, value in figures.items() if isinstance(value, float)]
    summary = ", ".join(f"{name} {value:.3g}" for name, value in shown[:3])
    return {**figures, **records, "summary": summary}


async def _in_thread(
    round_: Round, work: Callable[[TrainingJob], Metrics | Measurement], job: TrainingJob
) -> Metrics | Measurement:
    """Train off the event loop; if the run is stopped, wait until training has noticed."""
    training = asyncio.ensure_future(asyncio.to_thread(work, job))
    try:
        return await asyncio.shield(training)
    except asyncio.CancelledError:
        round_.session.cancelled.set()
        await asyncio.gather(training, return_exceptions=True)
        raise
