"""Every hook of a round, on one page.

A *stage* hook is answered once: by the first plugin that returns something, and by the component
that the recipe names if none does. So a plugin answers it to replace the stage (replay, cache),
or wraps it (`@hookimpl(wrapper=True)`) to see or change what goes in and comes out. Asynchronous
stages answer with an awaitable. A plugin may name only the arguments it needs.

A *life-cycle* hook is called on every plugin, and its answer is ignored.

Hook plugins are components of the kind `hooks` (`rlaif_core.api.Hook`) and run only when the
recipe lists them under `hooks:`. An example stands in that module.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from rlaif_core.api.component import Component
    from rlaif_core.api.evaluator import Evaluation, Evaluator
    from rlaif_core.api.filter import Filter
    from rlaif_core.api.metric import Measured, Measurement
    from rlaif_core.api.optimizer import Optimizer
    from rlaif_core.api.pairing import Pair, Pairing, Ranking
    from rlaif_core.api.records import (
        Comparison,
        Drop,
        JudgedPair,
        Preference,
        Prompt,
        Response,
        Verdict,
    )
    from rlaif_core.api.reward_model import RewardModel
    from rlaif_core.api.sampler import Sampler
    from rlaif_core.api.source import Source
    from rlaif_core.api.training import Metrics, TrainingJob

hookspec = pluggy.HookspecMarker("rlaif")


class Stages:
    """The round's stages, in their order."""

    @hookspec(firstresult=True)
    def rlaif_prompts(self, source: Source) -> Sequence[Prompt] | None:
        """Read all prompts of a source. Called once for training and once for held-out prompts.

        .. versionadded:: 0.1
        """

    @hookspec(firstresult=True)
    def rlaif_sample(
        self, prompts: Sequence[Prompt], sampler: Sampler, round_index: int
    ) -> Awaitable[Sequence[Sequence[Response]]] | None:
        """Responses to a window of prompts, one sequence a prompt.

        The engine keeps them in the ledger; a window is asked once.

        .. versionadded:: 0.1
        """

    @hookspec(firstresult=True)
    def rlaif_judge(
        self, comparisons: Sequence[Comparison], judge: Component[Any], round_index: int
    ) -> Awaitable[Sequence[Verdict]] | None:
        """Verdicts on a window of comparisons, in their order; orders and votes are expanded.

        .. versionadded:: 0.1
        """

    @hookspec(firstresult=True)
    def rlaif_combine(
        self,
        prompt: Prompt,
        pair: Pair,
        verdicts: Sequence[tuple[Comparison, Verdict]],
        pooling: str,
    ) -> JudgedPair | None:
        """Add a pair's verdicts up to one probability and an agreement.

        `pooling` is the judge section's `combine`: "logit" or "probability".

        .. versionadded:: 0.1
        """

    @hookspec(firstresult=True)
    def rlaif_pair(self, ranking: Ranking, pairing: Pairing) -> Sequence[Pair] | None:
        """Select one prompt's training pairs, better response first.

        .. versionadded:: 0.1
        """

    @hookspec(firstresult=True)
    def rlaif_filter(
        self, preferences: Sequence[Preference], preference_filter: Filter
    ) -> tuple[list[Preference], list[Drop]] | None:
        """Preferences that one filter keeps, and those it drops, with a reason each.

        Called for a window of candidates at a time, unless a filter of the recipe overrides
        `apply`: then for all of a round.

        .. versionadded:: 0.1
        """

    @hookspec(firstresult=True)
    def rlaif_reward_model(self, job: TrainingJob, reward_model: RewardModel) -> Metrics | None:
        """Fit the reward model; write it to `job.output`. Runs in a worker thread.

        .. versionadded:: 0.1
        """

    @hookspec(firstresult=True)
    def rlaif_optimize(
        self, job: TrainingJob, optimizer: Optimizer
    ) -> Metrics | Measurement | None:
        """Train the policy; write it to `job.output`. Runs in a worker thread.

        .. versionadded:: 0.1
        """

    @hookspec(firstresult=True)
    def rlaif_evaluate(
        self, evaluation: Evaluation, evaluator: Evaluator
    ) -> Awaitable[Measured] | None:
        """One evaluator's metrics, or its figures by section of metrics.json.

        .. versionadded:: 0.1
        """


class LifeCycle:
    """Life-cycle hooks of a run."""

    @hookspec
    def rlaif_run_started(self, name: str, folder: str) -> None:
        """The recipe is valid, the ledger open, nothing asked yet. Also called on a resume.

        .. versionadded:: 0.1
        """

    @hookspec
    def rlaif_stage_started(self, round_index: int, stage: str) -> None:
        """A stage begins, or goes on after an interruption.

        .. versionadded:: 0.1
        """

    @hookspec
    def rlaif_stage_finished(self, round_index: int, stage: str, seconds: float) -> None:
        """A stage is done and in the ledger.

        .. versionadded:: 0.1
        """

    @hookspec
    def rlaif_run_finished(self, metrics: Mapping[str, Any], error: BaseException | None) -> None:
        """The run is over: complete, stopped by the user, or failed with `error`.

        .. versionadded:: 0.1
        """
