"""An open run: the recipe, its directory, ledger, components and hooks, closed together."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any

import pluggy

from rlaif_core.api.executor import Executor
from rlaif_core.api.hook import Hook
from rlaif_core.api.judge import Judge, PointwiseJudge
from rlaif_core.engine.components import Components
from rlaif_core.engine.hooks import StageHooks, hook_manager
from rlaif_core.engine.judging.gate import Gate
from rlaif_core.engine.judging.runner import JudgeRunner
from rlaif_core.engine.progress import Progress
from rlaif_core.metrics.run import JSON
from rlaif_core.recipe.recipe import Recipe
from rlaif_core.recipe.sections import JudgeSection
from rlaif_core.store.ledger import Answers, Ledger
from rlaif_core.store.run_dir import RunFolder


@dataclass
class Session:
    """State shared by the stages of a run.

    Attributes:
        cancelled: Set once the user asked to stop; training looks at it between steps.
        metrics: What the run measured, once it is over.
        gates: Whether gates stand; a dry run with made-up answers lets everything pass.
    """

    recipe: Recipe
    folder: RunFolder
    ledger: Ledger
    components: Components
    hooks: pluggy.HookRelay
    progress: Progress
    cancelled: threading.Event = field(default_factory=threading.Event)
    metrics: JSON = field(default_factory=dict)
    gates: bool = True

    async def judging(
        self, place: str = "judge", checkpoint: str | None = None, *, gated: bool = True
    ) -> JudgeRunner:
        """The judge at `place`, asked in the recipe's way.

        Args:
            place: "judge", "evaluation.judge" or "rewards.NAME".
            checkpoint: The weights that judge if the judge asks the policy; the base's if None.
            gated: Whether the section's gate stands before it.
        """
        judge: Judge[Any] = await self.components.get(place, checkpoint=checkpoint)
        file = self.recipe.file
        sections = {"judge": file.judge, "evaluation.judge": file.evaluation.judge}
        section = sections.get(place) or JudgeSection(use=place)
        gate = None
        if section.gate is not None and gated and self.gates:
            verifier: PointwiseJudge[Any] = await self.components.get(f"{place}.gate")
            gate = Gate(verifier, section.gate.passes, await self.components.get("executor"))
        return JudgeRunner(
            judge, section, self.hooks, self.ledger, self.progress, file.seed, gate, place
        )


@asynccontextmanager
async def opened(recipe: Recipe, folder: RunFolder, progress: Progress) -> AsyncIterator[Session]:
    """Open the ledger, build executor and hooks, tell the hooks; close everything at the end."""
    async with AsyncExitStack() as stack:
        stack.callback(progress.close)
        ledger = stack.enter_context(closing(Ledger(folder.ledger)))
        cache = None
        if folder.cache is not None:
            cache = stack.enter_context(closing(Answers(folder.cache)))
        components = Components(recipe, ledger, progress, cache)
        stack.push_async_callback(components.close)
        executor: Executor = await components.get("executor")
        places = [place for place in recipe.components if place.startswith("hooks.")]
        manager = hook_manager([await components.get(place, Hook) for place in places])
        manager.register(StageHooks(executor, progress))
        session = Session(recipe, folder, ledger, components, manager.hook, progress)
        error: BaseException | None = None
        try:
            for warning in recipe.warnings:
                progress.note(f"warning: {warning}")
            session.hooks.rlaif_run_started(name=recipe.file.name, folder=str(folder.path))
            yield session
        except BaseException as raised:
            error = raised
            raise
        finally:
            session.hooks.rlaif_run_finished(metrics=session.metrics, error=error)
